"""The ordinary uploads by kind, as `docs/quality.md` counts them."""

from scripts.evaluation.ordinary.animations import animation
from scripts.evaluation.ordinary.headers import upload_with_default_header
from scripts.evaluation.ordinary.photos import (
    panorama,
    photo_with_metadata,
    photo_without_metadata,
    screenshot,
    scrolling_screenshot,
)
from scripts.evaluation.ordinary.signs import meme, sign, sticker
from scripts.evaluation.ordinary.upload import Material

ANIMATIONS = Material("animations", 100, animation)
MATERIALS = (
    ANIMATIONS,
    Material("signs", 40, sign),
    Material("memes", 40, meme),
    Material("stickers and logos with transparency", 30, sticker),
    Material("phone photographs without metadata", 50, photo_without_metadata),
    Material("phone photographs with metadata", 50, photo_with_metadata),
    Material("panoramas", 10, panorama),
    Material("screenshots", 20, screenshot),
    Material("scrolling screenshots", 12, scrolling_screenshot),
    Material("uploads with an SDK's default header", 100, upload_with_default_header),
)
