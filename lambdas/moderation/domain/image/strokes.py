"""Strokes: what is thin and stands out, as letters do. Does a picture show any that another one doesn't?

Pictures are compared at up to two megapixels, since letters of a few pixels leave no trace in a `likeness.Sketch`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import cast

from PIL import Image, ImageChops, ImageStat

_NEW = 7  # of 255, mean of a block: new strokes, whatever the noise
_FAINT = 3  # the same where so little else changes: letters that the reader finds on a plain ground add as much
_OVER_NOISE = 2  # times what half of the blocks change by
_BLOCK = 8  # pixels a side
_REACH = 4  # pixels to each side of one: a stroke is up to 8 wide
_COARSER = 3  # times: pictures are looked at once more at a third of the side, and so on, for larger letters
_LEAST_SIDE = 64
_MOST_PIXELS = 2_000_000  # of a larger picture a smaller copy is compared


@dataclass(frozen=True, eq=False)
class Strokes:
    """RGB picture in several sizes, the finest first."""

    sizes: tuple["_Size", ...]

    @classmethod
    def of(cls, picture: Image.Image) -> "Strokes":
        """Copy a picture, at most at two megapixels."""
        factor = 1
        while picture.width * picture.height > _MOST_PIXELS * factor * factor:
            factor += 1
        copy = picture.reduce(factor) if factor > 1 else picture.copy()
        sizes = [_Size(copy)]
        while min(copy.size) >= _COARSER * _LEAST_SIDE:
            copy = copy.reduce(_COARSER)
            sizes.append(_Size(copy))
        return cls(tuple(sizes))

    def add_to(self, other: "Strokes") -> bool:
        """Tell if this picture shows strokes that the other one, in the same place, doesn't."""
        if self.sizes[0].picture.size != other.sizes[0].picture.size:
            return True
        return any(mine.add_to(its) for mine, its in zip(self.sizes, other.sizes, strict=True))


@dataclass(frozen=True, eq=False)
class _Size:
    picture: Image.Image

    def add_to(self, other: "_Size") -> bool:
        if self._clearly_adds_to(other):
            return True
        difference = ImageChops.difference(self.picture, other.picture)
        if difference.getbbox() is None:
            return False
        new = _brightest(ImageChops.darker(self.strokes, difference.reduce(_BLOCK)))
        noise = _OVER_NOISE * ImageStat.Stat(new).median[0]
        return cast("tuple[int, int]", new.getextrema())[1] > min(_NEW, max(_FAINT, noise))

    def _clearly_adds_to(self, other: "_Size") -> bool:
        """Tell the same at a fraction of the time where blocks differ in their mean, as most of other scenes do."""
        new = ImageChops.darker(self.strokes, ImageChops.difference(self.blocks, other.blocks))
        return cast("tuple[int, int]", _brightest(new).getextrema())[1] > _NEW

    @cached_property
    def blocks(self) -> Image.Image:
        """Mean of each block."""
        return self.picture.reduce(_BLOCK)

    @cached_property
    def strokes(self) -> Image.Image:
        """By how much pixels are lighter or darker than all that is wider than a stroke around them; block by block."""
        without_light = _spread(_spread(self.picture, ImageChops.darker), ImageChops.lighter)
        without_dark = _spread(_spread(self.picture, ImageChops.lighter), ImageChops.darker)
        light, dark = (
            ImageChops.subtract(self.picture, without_light), ImageChops.subtract(without_dark, self.picture),
        )  # fmt: skip
        return ImageChops.lighter(light, dark).reduce(_BLOCK)


def _brightest(blocks: Image.Image) -> Image.Image:
    red, green, blue = blocks.split()
    return ImageChops.lighter(ImageChops.lighter(red, green), blue)


def _spread(picture: Image.Image, take: Callable[[Image.Image, Image.Image], Image.Image]) -> Image.Image:
    """Return for each pixel the darkest (or lightest) of those within reach; the edges repeat."""
    for across, down in ((1, 0), (0, 1)):
        for step in (1, 2, 1, -1, -2, -1):  # together 4 to each side
            moved = picture.copy()
            moved.paste(picture, (step * across, step * down))
            picture = take(picture, moved)
    return picture
