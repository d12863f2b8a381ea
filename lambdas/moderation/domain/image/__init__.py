"""From uploaded bytes to the views that the vision model sees. Pure, on Pillow.

`prepare` goes through the modules in this order: `file` (open), `appearance` (colour space, orientation), `frames`
(choose and decode), `renderings` (the pixels that a viewer shows), `cuts` (trim, tiles).
"""

from moderation.domain.image.cuts import Box, closer_looks, content_box, tile_boxes
from moderation.domain.image.prepare import MAX_VIEWS, PREPROCESSING_VERSION, PreparedImage, View, prepare

__all__ = [
    "MAX_VIEWS",
    "PREPROCESSING_VERSION",
    "Box",
    "PreparedImage",
    "View",
    "closer_looks",
    "content_box",
    "prepare",
    "tile_boxes",
]
