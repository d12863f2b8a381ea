"""From uploaded bytes to the views that the vision model sees. Pure, on Pillow.

`prepare` goes through the modules in this order: `file` (open), `appearance` (colour space, orientation), `frames`
(decode), `renderings` (the pixels that a viewer shows), `choice` (of frames, by `likeness`), `cuts` (tiles, and the
picture without its borders, by `trim`). `readable` chooses what is read, by `strokes`, and `pages` makes it; `redraw`
takes the first four of them to show people the whole picture.
"""

from moderation.domain.image.cuts import closer_looks, tile_boxes
from moderation.domain.image.pages import page_pictures
from moderation.domain.image.prepare import MAX_VIEWS, PREPROCESSING_VERSION, PreparedImage, View, prepare
from moderation.domain.image.preview import preview
from moderation.domain.image.redraw import redraw
from moderation.domain.image.trim import Box

__all__ = [
    "MAX_VIEWS",
    "PREPROCESSING_VERSION",
    "Box",
    "PreparedImage",
    "View",
    "closer_looks",
    "page_pictures",
    "prepare",
    "preview",
    "redraw",
    "tile_boxes",
]
