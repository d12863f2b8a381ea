"""Finding and reading the lines of a page: at full resolution in tiles, and once as a whole for large letters."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from moderation.adapters.reader.pp_ocr import PpOcr
from moderation.adapters.reader.regions import Map, Points, Region, regions
from moderation.domain.reading.text import Line

_TILE, _OVERLAP = 1280, 160
_WHOLES = (1280, 640)  # longer sides at which a large page is looked at as a whole, the last for the largest letters
_LEAST_SIDE = 736  # smaller pictures are enlarged, up to 4 times: letters of 8 pixels aren't found
_MOST_ENLARGED = 4
_LEAST_CONFIDENCE = 0.6
_FEW, _LEAST_OF_FEW = 2, 0.9  # of one or two characters, which textures are taken for, and of mirrored lines
_SURE = 0.9  # lines that are read less surely are read in other ways, too: of 150 none was read so surely on its head
_LONG = 1.5  # ratio of its sides from which a line runs along the longer one
# Ratio of their lengths from which a line is more than another one in its place: "(202) 555-0143", "555".
_LONGER = 1.25
_ALIKE = 2  # ratio of their heights up to which two lines in one place are the same
_AT_ONCE = 60  # lines that are read before the time is checked again

Check = Callable[[], None]


@dataclass(frozen=True)
class _Seen:
    """Line, and where it is in the picture that is shown to the models."""

    line: Line
    place: Region


def read_page(models: PpOcr, page: Image.Image, check: Check) -> list[Line]:
    """Return the lines of an RGB picture, from the top to the bottom: upright ones, then those that are turned.

    `check` is called before each part.
    """
    scale = min(_MOST_ENLARGED, max(1.0, _LEAST_SIDE / min(page.size)))
    if scale > 1 and max(page.size) * scale > _TILE:
        scale = max(1.0, _TILE / max(page.size))
    shown = page if scale == 1 else page.resize((round(page.width * scale), round(page.height * scale)))
    seen: list[_Seen] = []
    for found in _looks(models, shown, check):
        sure = [each.place for each in seen if each.line.confidence >= _SURE]
        left = [region for region in found if not any(_covers(place, region) for place in sure)]
        seen += _read(models, shown, left, scale, check)
    return sorted(_distinct(seen), key=lambda line: (line.turned, line.upright[1], line.upright[0]))


def _looks(models: PpOcr, page: Image.Image, check: Check) -> Iterator[list[Region]]:
    """Yield the lines found at full resolution, and in a large page those found in all of it at once."""
    yield regions(_stitched(models, page, check))
    for side in _WHOLES if max(page.size) > _TILE else ():
        check()
        whole = page.copy()
        whole.thumbnail((side, side), Image.Resampling.BICUBIC)
        probabilities = models.probabilities(whole)
        yield [_scaled(region, probabilities, page.size) for region in regions(probabilities)]


def _stitched(models: PpOcr, page: Image.Image, check: Check) -> Map:
    """Return the probabilities of a page, from tiles that overlap, so that no line is cut at a seam."""
    stitched = np.zeros((page.height, page.width), dtype=np.float32)
    for left, right in _spans(page.width):
        for top, bottom in _spans(page.height):
            check()
            tile = page.crop((left, top, right, bottom))
            part = stitched[top:bottom, left:right]
            np.maximum(part, _fitted(models.probabilities(tile), tile.size), out=part)
    return stitched


def _fitted(probabilities: Map, size: tuple[int, int]) -> Map:
    if probabilities.shape == size[::-1]:
        return probabilities
    return np.asarray(Image.fromarray(probabilities).resize(size, Image.Resampling.BILINEAR))


def _spans(side: int) -> list[tuple[int, int]]:
    """Return where tiles begin and end along a side: as few as `_TILE` allows, equally long, overlapping."""
    count = max(1, math.ceil((side - _OVERLAP) / (_TILE - _OVERLAP)))
    length = math.ceil((side + (count - 1) * _OVERLAP) / count)
    starts = (min(number * (length - _OVERLAP), side - length) for number in range(count))
    return [(start, start + length) for start in starts]


def _scaled(region: Region, probabilities: Map, size: tuple[int, int]) -> Region:
    height, width = probabilities.shape
    return Region(region.corners * np.array([size[0] / width, size[1] / height]))


def _parts(models: PpOcr, page: Image.Image, lines: Sequence[Region], check: Check) -> Iterator[tuple[str, float]]:
    for start in range(0, len(lines), _AT_ONCE):
        check()
        yield from models.read(page, lines[start : start + _AT_ONCE])


def _read(models: PpOcr, page: Image.Image, found: Sequence[Region], scale: float, check: Check) -> Iterator[_Seen]:
    """Yield what is read most surely in each place, the likeliest way first: only that tells which end is its top."""
    best: dict[int, _Seen] = {}
    unsure = list(range(len(found)))
    for ways in (_likeliest, _turned, _mirrored):
        tried = [(number, way) for number in unsure for way in ways(found[number])]
        read = _parts(models, page, [way for _, way in tried], check)
        for (number, way), (text, confidence) in zip(tried, read, strict=True):
            if not text.strip() or confidence < _least(way, text.strip()):
                continue
            if number not in best or confidence > best[number].line.confidence:
                line = Line(text.strip(), round(confidence, 4), _box(way.corners / scale), turned=way.turned)
                best[number] = _Seen(line, way)
        unsure = [number for number in unsure if number not in best or best[number].line.confidence < _SURE]
    yield from best.values()


def _least(region: Region, text: str) -> float:
    """Return how surely a line must be read to be one."""
    return _LEAST_OF_FEW if len(text) <= _FEW or region.mirrored else _LEAST_CONFIDENCE


def _likeliest(region: Region) -> list[Region]:
    return [region.turn(1) if region.height >= _LONG * region.width else region]


def _turned(region: Region) -> list[Region]:
    """Return the other ways in which the text may be turned: on its head, and upright where no side is the longer."""
    (first,) = _likeliest(region)
    return [first.turn(2)] if _is_long(region) else [first.turn(2), first.turn(1), first.turn(3)]


def _mirrored(region: Region) -> list[Region]:
    """Return the two ways of mirrored text; none for the many textures that are about as high as wide."""
    return [way.mirror() for way in (*_likeliest(region), *_turned(region))] if _is_long(region) else []


def _is_long(region: Region) -> bool:
    return max(region.width, region.height) >= _LONG * min(region.width, region.height)


def _box(corners: Points) -> tuple[int, int, int, int]:
    (left, top), (right, bottom) = np.floor(corners.min(axis=0)), np.ceil(corners.max(axis=0))
    return max(0, int(left)), max(0, int(top)), int(right), int(bottom)


def _distinct(seen: Sequence[_Seen]) -> list[Line]:
    """Return each line once, of two in the same place the one with more characters that are read surely.

    No doubtful line displaces one that is read surely.
    """
    kept: list[_Seen] = []
    for each in sorted(seen, key=lambda each: -len(each.line.text) * each.line.confidence):
        if not any(_is_same(each.place, other.place) and not _is_surer(each, other) for other in kept):
            kept.append(each)
    return [each.line for each in kept]


def _is_surer(seen: _Seen, other: _Seen) -> bool:
    return other.line.confidence < _SURE <= seen.line.confidence


def _covers(place: Region, region: Region) -> bool:
    return _is_same(region, place) and region.length <= _LONGER * place.length


def _is_same(region: Region, other: Region) -> bool:
    """Tell if a line is another one, or a part of it: one across it, or of another height, is neither."""
    least, most = sorted((region.thickness, other.thickness))
    return most <= _ALIKE * least and other.holds(region.corners.mean(axis=0))
