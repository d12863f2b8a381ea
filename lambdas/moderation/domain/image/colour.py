"""Colour management: samples as they are stored, and the same in sRGB."""

import io
from contextlib import suppress
from functools import cache, cached_property

from PIL import Image, ImageChops, ImageCms

from moderation.domain.image import icc, icc_tables
from moderation.domain.image.contrast import share_apart
from moderation.errors import UnreadableImage

_CLOSE = 2  # of 255: a profile that moves no colour further is sRGB's
_STEPS = range(0, 256, 51)
_LIT = ({0}, {1}, {2}, {0, 1, 2})
_GREY = ("1", "L", "LA", "F")
_MOST_TWIST = 9 / 255  # the four real tables at hand: 0.4 to 5.9 of 255
_SAMPLED_SIDE = 128
_JUMPS = ((24, 0.002), (12, 0.02), (4, 0.25))  # levels of 255, and the share of the pixels that may differ by more


def stored(image: Image.Image) -> Image.Image:
    """Return 8-bit RGB, or RGBA if there is transparency, as a viewer without colour management shows it."""
    if image.mode == "RGBA":
        return image  # no copy: 50 megapixels are 200 MB
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


class Profile:
    """ICC profile of a file. What Little CMS makes of it is kept, since every frame needs it."""

    def __init__(self, profile: bytes) -> None:
        self._bytes, self._space = profile, icc.colour_space(profile)
        self._transforms: dict[tuple[str, str, ImageCms.Flags], ImageCms.ImageCmsTransform] = {}

    def refuse_ambiguous(self, mode: str) -> None:
        """Raise UnreadableImage if viewers read it differently; one of another kind of samples isn't read."""
        if self._space not in _spaces(mode):
            return
        if icc.is_beyond_limits(self._bytes) or icc_tables.is_too_large(self._bytes):
            raise _ambiguous("more tags or points than programs read, or a curve with a negative exponent")
        if icc.is_table_of_xyz(self._bytes):
            raise _ambiguous("a table of XYZ values, to which programs give different scales")
        if icc_tables.twist(self._bytes) > _MOST_TWIST:
            raise _ambiguous("a table whose colours depend on how they are interpolated")

    def managed(self, image: Image.Image) -> Image.Image | None:
        """Convert to sRGB, 8-bit RGB or RGBA. None for sRGB, a broken profile, and one of another kind of samples.

        Raises UnreadableImage for curves that jump between the points at which Little CMS samples them.
        """
        if self._space not in _spaces(image.mode):
            return None
        with suppress(ImageCms.PyCMSError, OSError, ValueError):
            if self._space == b"GRAY":
                return self._grey(image)
            if not icc.is_of_tables(self._bytes):
                return None if self._is_srgb else self._rgb(image)
            self._refuse_jumps(image)
            return self._transform("CMYK", "RGB").apply(image) if self._space == b"CMYK" else self._rgb(image)
        return None

    def _refuse_jumps(self, image: Image.Image) -> None:
        """Compare the picture's colours with the exact ones, which take too long for a whole picture."""
        width, height = (min(side, _SAMPLED_SIDE) for side in image.size)
        sampled = image.resize((width, height), Image.Resampling.NEAREST)
        colours = sampled if sampled.mode == "CMYK" else stored(sampled).convert("RGB")
        fast = self._transform(colours.mode, "RGB").apply(colours)
        exact = self._transform(colours.mode, "RGB", ImageCms.Flags.NOOPTIMIZE).apply(colours)
        if any(share_apart(fast, exact, levels) > share for levels, share in _JUMPS):
            raise _ambiguous("curves that jump")

    @cached_property
    def _is_srgb(self) -> bool:
        """Compare all values of each curve, and colours all over the space for the matrix."""
        curves = [tuple(value if channel in lit else 0 for channel in range(3)) for lit in _LIT for value in range(256)]
        mixed = [(red, green, blue) for red in _STEPS for green in _STEPS for blue in _STEPS]
        colours = Image.new("RGB", (len(curves) + len(mixed), 1))
        colours.putdata([*curves, *mixed])
        difference = ImageChops.difference(colours, self._transform("RGB", "RGB").apply(colours))
        return all(high <= _CLOSE for _, high in difference.getextrema())  # type: ignore[misc]  # three channels: pairs

    def _rgb(self, image: Image.Image) -> Image.Image:
        picture = stored(image)
        transform = self._transform(picture.mode, picture.mode)
        return transform.apply(picture) if picture is image else transform.apply_in_place(picture)

    def _grey(self, image: Image.Image) -> Image.Image:
        """Convert each of the 256 levels exactly: Little CMS would sample a curve at fewer."""
        levels = Image.frombytes("L", (256, 1), bytes(range(256)))
        colours = self._transform("L", "RGB", ImageCms.Flags.NOOPTIMIZE).apply(levels)
        grey = image.convert("L")
        picture = Image.merge("RGB", [grey.point(channel.tobytes()) for channel in colours.split()])
        if image.has_transparency_data:
            picture.putalpha(image.convert("RGBA").getchannel("A"))
        return picture

    @cached_property
    def _source(self) -> ImageCms.ImageCmsProfile:
        return ImageCms.ImageCmsProfile(io.BytesIO(icc.as_display(self._bytes)))

    def _transform(
        self, given: str, wanted: str, flags: ImageCms.Flags = ImageCms.Flags.NONE
    ) -> ImageCms.ImageCmsTransform:
        intent = ImageCms.Intent.RELATIVE_COLORIMETRIC
        if (given, wanted, flags) not in self._transforms:
            made = ImageCms.ImageCmsTransform(self._source, _srgb(), given, wanted, intent, flags=flags)
            self._transforms[given, wanted, flags] = made
        return self._transforms[given, wanted, flags]


def _ambiguous(why: str) -> UnreadableImage:
    return UnreadableImage(
        f"The colour profile of the image has {why}, so that two programs may show two different pictures of it."
    )


def _spaces(mode: str) -> tuple[bytes, ...]:
    if mode == "CMYK":
        return (b"CMYK",)
    return (b"RGB ", b"GRAY") if mode in _GREY or mode.startswith("I") else (b"RGB ",)


@cache
def _srgb() -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
