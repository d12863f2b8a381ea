"""Renderings of a decoded frame: the 8-bit RGB pictures that a viewer may show of it."""

import math
from dataclasses import dataclass
from typing import cast

from PIL import Image, ImageOps


@dataclass(frozen=True)
class Rendering:
    """Upright 8-bit RGB picture. `name` tells an alternative from the main rendering, whose name is empty."""

    name: str
    picture: Image.Image


def renderings(frame: Image.Image) -> tuple[Rendering, ...]:
    """Return the renderings of a frame, the main one first."""
    return (Rendering("", _upright_rgb(frame)),)


def _upright_rgb(image: Image.Image) -> Image.Image:
    """Convert to 8-bit RGB, rotated by its EXIF orientation, with transparency on white."""
    image.load()
    image = ImageOps.exif_transpose(image)
    if image.mode.startswith("I;16"):
        image = image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    elif image.mode in ("I", "F"):
        image = _stretched(image)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    return image.convert("RGB")


def _stretched(image: Image.Image) -> Image.Image:
    """Map the range of 32-bit samples to 0..255, because they have no standard range."""
    low, high = cast("tuple[float, float]", image.convert("F").getextrema())  # one channel: one pair
    scale = 255 / (high - low) if math.isfinite(high - low) and high > low else 0.0
    return image.convert("F").point(lambda value: value * scale + -low * scale).convert("L")
