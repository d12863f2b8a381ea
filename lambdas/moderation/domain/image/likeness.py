"""Likeness of frames: does a frame show anything that no frame shows which is looked at?

Frames are compared block by block on a grid of cells, and the largest difference counts: a mean over the whole frame
would lose a small object.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import cast

from PIL import Image, ImageChops, ImageStat

DIFFERS = 24  # D, of 255: mean difference of a block, in the channel where it is largest
_EQUAL = 3  # rounding of decoders and codecs
_CELLS = 56  # a side; with BLIP-2's input of 224 pixels a cell has four
_BLOCK = 4  # cells a side: a 14th of the frame
_REACH = 4  # cells: what moves by a 14th of the frame is still the same content
_PLAIN = 4  # mean deviation within a block that shows nothing but a surface
_RIM = 2  # blocks at the edges, into which motion brings what another frame shows
_DETAIL_LEFT = 0.6  # of the blended frames' detail: less means that they cancel out, which a cross-fade doesn't do
# Motions in half cells, the smallest first; those by whole cells are tried before the others.
_SHIFTS = sorted(
    ((x, y) for x, y in product(range(-2 * _REACH, 2 * _REACH + 1), repeat=2)), key=lambda shift: max(map(abs, shift))
)
_WHOLE = [(x, y) for x, y in _SHIFTS if x % 2 == y % 2 == 0]
_HALF = [shift for shift in _SHIFTS if shift not in _WHOLE]
_HOPELESS = 2 * DIFFERS  # half a cell more won't bring a window below D

Box = tuple[int, int, int, int]


@dataclass(frozen=True, eq=False)
class Sketch:
    """Small copy of a frame's rendering: thousands of them fit into memory."""

    picture: Image.Image

    @classmethod
    def of(cls, picture: Image.Image) -> "Sketch":
        """Reduce a picture to two samples a cell, so that motion can be followed by half cells."""
        return cls(picture.resize((2 * _CELLS,) * 2, Image.Resampling.BOX, reducing_gap=2.0))

    @cached_property
    def cells(self) -> Image.Image:
        """One sample a cell."""
        return self.picture.reduce(2)

    @cached_property
    def detail(self) -> Image.Image:
        """Mean deviation within each block."""
        plain = self.cells.reduce(_BLOCK).resize(self.cells.size, Image.Resampling.NEAREST)
        return _of_blocks(ImageChops.difference(self.cells, plain))

    @cached_property
    def envelope(self) -> tuple[Image.Image, Image.Image]:
        """Darkest and lightest samples within reach of each cell."""
        return _spread(self.cells, ImageChops.darker, 255), _spread(self.cells, ImageChops.lighter, 0)

    @cached_property
    def phases(self) -> dict[tuple[int, int], Image.Image]:
        """Cells of the frame with a margin, moved by no or half a cell in each direction."""
        moved = {}
        for x, y in product((0, 1), repeat=2):
            canvas = Image.new("RGB", (2 * (_CELLS + 2 * _REACH + 1),) * 2)
            canvas.paste(self.picture, (2 * _REACH + x, 2 * _REACH + y))
            moved[x, y] = canvas.reduce(2)
        return moved

    @cached_property
    def compared(self) -> dict["Sketch", Image.Image]:
        """Results of `_not_shown`: the search for the farthest frame asks for it again and again."""
        return {}

    def moved(self, across: int, down: int, box: Box) -> Image.Image:
        """Cells in the box of the frame, moved by half cells to the left and up."""
        left, top = _REACH + across // 2 + across % 2, _REACH + down // 2 + down % 2
        return self.phases[across % 2, down % 2].crop((left + box[0], top + box[1], left + box[2], top + box[3]))


def equal(first: Sketch, second: Sketch) -> bool:
    """Tell if two frames are the same but for rounding."""
    return _largest(_of_blocks(ImageChops.difference(first.cells, second.cells))) <= _EQUAL


def alike(frame: Sketch, other: Sketch) -> bool:
    """Tell if no block of the frame differs from the same block of the other by more than D."""
    return _largest(_of_blocks(ImageChops.difference(frame.cells, other.cells))) <= DIFFERS


def shows_between(frame: Sketch, before: Sketch, after: Sketch) -> bool:
    """Tell if two frames show what one between them shows: it is their cross-fade, or what it shows has moved a little.

    One of the two must show all but its edges, and the two together what is at the edges.
    """
    if _fades_between(frame, before, after):
        return True
    windows = [_not_shown(frame, other) for other in (before, after)]
    inside = min(_largest(_inner(grid)) for grid in windows) <= DIFFERS
    return inside and _largest(ImageChops.darker(*windows)) <= DIFFERS


def _fades_between(frame: Sketch, before: Sketch, after: Sketch) -> bool:
    """Tell if the frame is a cross-fade of two others, and shows the details of both as one does."""
    gone, left = (sum(ImageStat.Stat(ImageChops.difference(frame.cells, other.cells)).sum) for other in (before, after))
    share = gone / max(1.0, gone + left)
    blend = Image.blend(before.cells, after.cells, share)
    if _largest(_of_blocks(ImageChops.difference(frame.cells, blend))) > DIFFERS:
        return False
    expected = ImageChops.lighter(
        before.detail.point(lambda value: int(value * (1 - share) * _DETAIL_LEFT)),
        after.detail.point(lambda value: int(value * share * _DETAIL_LEFT)),
    )
    return _largest(ImageChops.subtract(expected, frame.detail)) <= _PLAIN


def _not_shown(frame: Sketch, other: Sketch) -> Image.Image:
    """Return each window's difference from the part of the other frame, within reach, that is most like it."""
    if other not in frame.compared:
        frame.compared[other] = _least_differences(frame, other)
    return frame.compared[other]


def _least_differences(frame: Sketch, other: Sketch) -> Image.Image:
    dark, light = other.envelope
    outside = _windows(
        _of_blocks(ImageChops.lighter(ImageChops.subtract(frame.cells, light), ImageChops.subtract(dark, frame.cells)))
    )
    least = _windows(_of_blocks(ImageChops.difference(frame.cells, other.cells)))
    if _largest(_inner(outside)) > DIFFERS:  # nowhere within reach is anything like it
        return least
    least = _with_motions(least, frame, other, _WHOLE)
    return least if _largest(_inner(least)) > _HOPELESS else _with_motions(least, frame, other, _HALF)


def _with_motions(least: Image.Image, frame: Sketch, other: Sketch, shifts: Iterable[tuple[int, int]]) -> Image.Image:
    """Return each window's least difference, once the other frame is moved as well."""
    differing = least.point(lambda difference: 255 * (difference > DIFFERS)).getbbox()
    if differing is None:
        return least
    box = (_BLOCK * differing[0], _BLOCK * differing[1], _BLOCK * (differing[2] + 1), _BLOCK * (differing[3] + 1))
    part, cells = least.crop(differing), frame.cells.crop(box)
    for move in shifts:
        if _largest(part) <= DIFFERS:
            break
        moved = _windows(_of_blocks(ImageChops.difference(cells, other.moved(*move, box))))
        part = ImageChops.darker(part, moved)
    least = least.copy()
    least.paste(part, differing)
    return least


def _windows(grid: Image.Image) -> Image.Image:
    """Return the largest difference in each window of two by two blocks, so that what is in one moves as one."""
    width, height = grid.size
    across = ImageChops.lighter(grid.crop((0, 0, width - 1, height)), grid.crop((1, 0, width, height)))
    return ImageChops.lighter(across.crop((0, 0, width - 1, height - 1)), across.crop((0, 1, width - 1, height)))


def _of_blocks(difference: Image.Image) -> Image.Image:
    """Return the mean of each block, of the channel where it is largest."""
    red, green, blue = difference.reduce(_BLOCK).split()
    return ImageChops.lighter(ImageChops.lighter(red, green), blue)


def _inner(grid: Image.Image) -> Image.Image:
    return grid.crop((_RIM, _RIM, grid.width - _RIM, grid.height - _RIM))


def _largest(grid: Image.Image) -> int:
    return int(cast("tuple[int, int]", grid.getextrema())[1])


def _spread(cells: Image.Image, take: Callable[[Image.Image, Image.Image], Image.Image], beyond: int) -> Image.Image:
    """Return for each cell the darkest (or lightest) of the cells within reach."""
    side = _CELLS + 2 * _REACH
    canvas = Image.new("RGB", (side, side), (beyond,) * 3)
    canvas.paste(cells, (_REACH, _REACH))
    for across, down in ((1, 0), (0, 1)):
        for step in (1, 2, 4, 1):  # together 8: the reach in both directions
            canvas = take(canvas, canvas.crop((step * across, step * down, side + step * across, side + step * down)))
    return canvas.crop((0, 0, _CELLS, _CELLS))
