"""Colour management: samples as they are stored, and the same in sRGB."""

import io
from contextlib import suppress
from functools import cache

from PIL import Image, ImageChops, ImageCms

from moderation.domain.image import icc

_CLOSE = 2  # of 255: a profile that moves no colour further is sRGB's
_STEPS = range(0, 256, 51)
_GREY = ("1", "L", "LA")


def stored(image: Image.Image) -> Image.Image:
    """Return 8-bit RGB, or RGBA if there is transparency, as a viewer without colour management shows it."""
    if image.mode == "LAB":
        return _transform(_lab(), "LAB", "RGB").apply(image)
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def managed(image: Image.Image, profile: bytes) -> Image.Image | None:
    """Convert to sRGB, 8-bit RGB or RGBA. None for sRGB, and for a broken profile or one of another kind of samples."""
    space = icc.colour_space(profile)
    with suppress(ImageCms.PyCMSError, OSError, ValueError):
        source = ImageCms.ImageCmsProfile(io.BytesIO(icc.as_display(profile)))
        if space == b"RGB " and image.mode not in ("CMYK", "LAB"):
            return None if _is_srgb(source) else _rgb(image, source)
        if space == b"GRAY" and image.mode in _GREY:
            return _grey(image, source)
        if space == b"CMYK" and image.mode == "CMYK":
            return _transform(source, "CMYK", "RGB").apply(image)
    return None


def _is_srgb(source: ImageCms.ImageCmsProfile) -> bool:
    colours = Image.new("RGB", (len(_STEPS) ** 3, 1))
    colours.putdata([(red, green, blue) for red in _STEPS for green in _STEPS for blue in _STEPS])
    difference = ImageChops.difference(colours, _transform(source, "RGB", "RGB").apply(colours))
    return all(high <= _CLOSE for _, high in difference.getextrema())  # type: ignore[misc]  # three channels: pairs


def _rgb(image: Image.Image, source: ImageCms.ImageCmsProfile) -> Image.Image:
    picture = stored(image)
    transform = _transform(source, picture.mode, picture.mode)
    return transform.apply(picture) if picture is image else transform.apply_in_place(picture)


def _grey(image: Image.Image, source: ImageCms.ImageCmsProfile) -> Image.Image:
    picture = _transform(source, "L", "RGB").apply(image.convert("L"))
    if image.has_transparency_data:
        picture.putalpha(image.convert("RGBA").getchannel("A"))
    return picture


def _transform(source: ImageCms.ImageCmsProfile, given: str, wanted: str) -> ImageCms.ImageCmsTransform:
    return ImageCms.ImageCmsTransform(source, _srgb(), given, wanted, ImageCms.Intent.RELATIVE_COLORIMETRIC)


@cache
def _srgb() -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


@cache
def _lab() -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
