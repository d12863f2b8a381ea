"""Colour management: samples as they are stored, and the same in sRGB."""

import io
from contextlib import suppress
from functools import cache

from PIL import Image, ImageChops, ImageCms

from moderation.domain.image import icc
from moderation.errors import UnreadableImage

_CLOSE = 2  # of 255: a profile that moves no colour further is sRGB's
_STEPS = range(0, 256, 51)
_LIT = ({0}, {1}, {2}, {0, 1, 2})
_GREY = ("1", "L", "LA")
_LEAST_POINTS = 9  # an axis, as in the profiles of printing presses; those of displays have 17 to 33


def stored(image: Image.Image) -> Image.Image:
    """Return 8-bit RGB, or RGBA if there is transparency, as a viewer without colour management shows it."""
    if image.mode == "RGBA":
        return image  # no copy: 50 megapixels are 200 MB
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def managed(image: Image.Image, profile: bytes) -> Image.Image | None:
    """Convert to sRGB, 8-bit RGB or RGBA. None for sRGB, and for a broken profile or one of another kind of samples.

    Raises UnreadableImage for a table that is so coarse that its colours depend on how a viewer interpolates.
    """
    space = icc.colour_space(profile)
    if space not in _spaces(image):
        return None
    if icc.is_beyond_limits(profile):
        raise UnreadableImage(
            "The colour profile of the image has more tags than programs read, or a curve with a negative exponent, so "
            "that two programs may show two different pictures of it."
        )
    if 0 < icc.points_of_tables(profile) < _LEAST_POINTS:
        raise UnreadableImage(
            "The colour profile of the image has a coarser table than that of any real device, so that two programs "
            "may show two different pictures of it."
        )
    with suppress(ImageCms.PyCMSError, OSError, ValueError):
        source = ImageCms.ImageCmsProfile(io.BytesIO(icc.as_display(profile)))
        if space == b"RGB ":
            return None if not icc.is_of_tables(profile) and _is_srgb(source) else _rgb(image, source)
        return _grey(image, source) if space == b"GRAY" else _transform(source, "CMYK", "RGB").apply(image)
    return None


def _spaces(image: Image.Image) -> tuple[bytes, ...]:
    if image.mode == "CMYK":
        return (b"CMYK",)
    return (b"RGB ", b"GRAY") if image.mode in _GREY else (b"RGB ",)


def _is_srgb(source: ImageCms.ImageCmsProfile) -> bool:
    """Compare all values of each curve, and colours all over the space for the matrix."""
    curves = [tuple(value if channel in lit else 0 for channel in range(3)) for lit in _LIT for value in range(256)]
    mixed = [(red, green, blue) for red in _STEPS for green in _STEPS for blue in _STEPS]
    colours = Image.new("RGB", (len(curves) + len(mixed), 1))
    colours.putdata([*curves, *mixed])
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
