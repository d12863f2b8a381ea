"""Parts of a picture that are looked at closer: without its borders, and as tiles."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from PIL import Image

from moderation.domain.image.trim import Box, content

TILED_FROM = 4  # auto: the shorter side is this many times what the model sees before tiles are worth it
LONGEST = 3  # times as long as wide: a view of more is squashed until it shows nothing
_TILE_STRIDE = 0.5  # of a tile's side: what is at most half as large as a tile is whole in at least one
_TILE_LENGTH = 2  # of a long picture's tiles, in its width, where the budget allows
_TRIM_WORTH = 0.9  # a border narrower than a tenth of the picture isn't worth a view of its own
_ROUNDING = 1e-9
LEAST_TILES = 4  # of a picture about as wide as high: fewer show it no closer
_SQUASHED = 1.25  # times as long as wide: a tile that is hardly distorted


@dataclass(frozen=True)
class Looks:
    """Names and boxes of the parts of a picture; `complete` unless the budget leaves out a part that needs one."""

    parts: tuple[tuple[str, Box], ...] = ()
    complete: bool = True


def closer_looks(image: Image.Image, mode: str, size: int, most: int) -> Looks:
    """Return the picture without its borders and tiles of it, for details that the full view loses."""
    found = content(image)
    everything = _at_least(size, found.everything, image.size)
    large = needs_tiles(image.size, size) and not _is_plain(image)
    tiled = large and needs_tiles(_size(everything), size)
    if not tiled and mode != "tiles":
        nested = _nested(image.size, (everything, found.box) if large else (found.box,))
        looks = tuple(zip(("trimmed", "tile-0"), nested, strict=False))
        return Looks(looks[:most], complete=not large or most > 0 or found.box == found.everything)
    trimmed = [("trimmed", box) for box in _nested(image.size, (found.box,))][:most]
    left, top, _, _ = everything
    boxes = _tiles(_size(everything), mode, size, most - len(trimmed))
    tiles = [
        (f"tile-{number}", (left + x0, top + y0, left + x1, top + y1)) for number, (x0, y0, x1, y1) in enumerate(boxes)
    ]
    return Looks((*trimmed, *tiles), complete=not tiled or _is_enough(boxes))


def _nested(size: tuple[int, int], boxes: Sequence[Box]) -> list[Box]:
    """Return the boxes that are worth a view: each much smaller than the picture and than the one before."""
    worth = [(0, 0, *size)]
    for box in boxes:
        if _area(box) < _TRIM_WORTH * _area(worth[-1]):
            worth.append(box)
    return worth[1:]


def _tiles(inner: tuple[int, int], mode: str, size: int, most: int) -> tuple[Box, ...]:
    grid = tile_boxes(inner, most) if min(inner) >= TILED_FROM * size or mode == "tiles" else ()
    return grid or tiles_along(inner, most)


def _size(box: Box) -> tuple[int, int]:
    return box[2] - box[0], box[3] - box[1]


def _at_least(side: int, box: Box, size: tuple[int, int]) -> Box:
    """Widen a box to `side` pixels within a picture of `size`: the model sees nothing smaller any closer."""
    left, right = _widened(box[0], box[2], side, size[0])
    top, bottom = _widened(box[1], box[3], side, size[1])
    return left, top, right, bottom


def _widened(low: int, high: int, length: int, whole: int) -> tuple[int, int]:
    """Widen a stretch to `length` around its middle, moved to lie within the whole."""
    length = min(max(length, high - low), whole)
    start = min(max(0, (low + high - length) // 2), whole - length)
    return start, start + length


def needs_tiles(size: tuple[int, int], model_input: int) -> bool:
    """Tell if one view loses too much of a picture of `size` pixels."""
    return min(size) >= TILED_FROM * model_input or max(size) > LONGEST * min(size)


def tile_boxes(size: tuple[int, int], most: int) -> tuple[Box, ...]:
    """Return the finest grid of at most `most` overlapping boxes that covers a picture of `size` pixels.

    They are square, a little longer where there aren't enough for squares, or two by two of the picture's own shape.
    Empty where no grid fits or shows the picture closer than it is.
    """
    short, long = min(size), max(size)
    for rows in (4, 3, 2, 1):
        side = short / (1 + (rows - 1) * _TILE_STRIDE)
        columns = _columns(long, side)
        if rows == 1 and long < _TILE_LENGTH * short and most >= LEAST_TILES:
            return _boxes(size, (short / (1 + _TILE_STRIDE), 2), (long / (1 + _TILE_STRIDE), 2))
        if 1 < rows * columns <= most:
            return _boxes(size, (side, rows), (side, columns))
        fewer = _columns(long, _SQUASHED * side)
        if rows > 1 and rows * fewer <= most:
            return _boxes(size, (side, rows), (long / (1 + (fewer - 1) * _TILE_STRIDE), fewer))
    return ()


def _columns(long: int, length: float) -> int:
    return math.ceil((long - length) / (_TILE_STRIDE * length) - _ROUNDING) + 1


def tiles_along(size: tuple[int, int], most: int) -> tuple[Box, ...]:
    """Return at most `most` overlapping boxes along the longer side: the longer, the fewer of them suffice."""
    short, long = min(size), max(size)
    wanted = math.ceil((long / short - _TILE_LENGTH) / (_TILE_LENGTH - _TILE_STRIDE)) + 1
    count = max(1, min(most, wanted))
    if most < 1 or wanted < 2:
        return ()
    length = (long + (count - 1) * _TILE_STRIDE * short) / count
    return _boxes(size, (short, 1), (length, count))


def _boxes(size: tuple[int, int], across: tuple[float, int], along: tuple[float, int]) -> tuple[Box, ...]:
    short, long = min(size), max(size)
    starts, further = _starts(short, *across), _starts(long, *along)
    width, length = math.ceil(across[0]), math.ceil(along[0])
    if size[0] >= size[1]:
        return tuple((x, y, min(x + length, long), min(y + width, short)) for y in starts for x in further)
    return tuple((x, y, min(x + width, short), min(y + length, long)) for y in further for x in starts)


def _is_enough(boxes: tuple[Box, ...]) -> bool:
    """Tell if no box is much longer than wide."""
    sides = [(right - left, bottom - top) for left, top, right, bottom in boxes]
    return bool(boxes) and all(max(side) <= LONGEST * min(side) + 1 for side in sides)


def _is_plain(image: Image.Image) -> bool:
    return all(low == high for low, high in cast("tuple[tuple[int, int], ...]", image.getextrema()))


def _starts(length: int, side: float, count: int) -> list[int]:
    return [round(step * max(0.0, length - side) / max(1, count - 1)) for step in range(count)]


def _area(box: Box) -> int:
    return math.prod(_size(box))
