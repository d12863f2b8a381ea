"""Borders of a picture: bars, frames within frames, and what may stand in them without being content."""

import itertools
import math
import statistics
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageChops

Box = tuple[int, int, int, int]  # left, top, right, bottom, in pixels

_TOLERANCE = 12  # of 255: compression noise inside a border
_ODD = 0.03  # of a line's pixels: specks and thin lines that cross a border
_CORNER = (0.25, 0.15)  # of width and height: watermarks and rounded corners
_LARGEST = 4_000_000  # pixels: larger pictures are reduced first
_JUDGED = 0.6  # of a line: where the corners are more than this, they are judged as well
_CHUNK = 64  # lines that are compared at once
_THIN = 16  # lines at most of a thin line along a border, with the noise that JPEG makes of it
_STRETCHES = 8  # of a line, each with a colour of its own: a border may have a gradient
_ENDS = 2  # stretches in each corner
_FRAMES = 6  # within each other
_HALF = 0.5  # of the picture
_BLUR = 16  # pixels beside a border, in which JPEG mixes it with what is next to it
_LEFT, _TOP, _RIGHT, _BOTTOM = range(4)
# How each side becomes the top.
_TURNS = {
    _TOP: None,
    _BOTTOM: Image.Transpose.ROTATE_180,
    _LEFT: Image.Transpose.ROTATE_270,
    _RIGHT: Image.Transpose.ROTATE_90,
}

_Colours = list[tuple[int, ...]]


@dataclass(frozen=True)
class Content:
    """Box of a picture without its borders, and the box outside of which there aren't even specks or thin lines."""

    box: Box
    everything: Box


@dataclass(frozen=True)
class _Zones:
    """Pixels that aren't judged: at the first and the last end of the lines down to a depth, and of every line."""

    first: int
    last: int
    depth: int
    first_blur: int = 0
    last_blur: int = 0

    def at(self, depth: int) -> bool:
        """Tell if the ends of a line aren't judged."""
        return depth < self.depth or bool(self.first_blur or self.last_blur)


def content(image: Image.Image) -> Content:
    """Find what remains when the borders are cut off; the whole picture where that would be nothing.

    Sides of other colours than the frame's, the colour of most pixels at the edge, count where they take half of the
    picture: less may be its sky and its ground.
    """
    factor = math.ceil(math.sqrt(image.width * image.height / _LARGEST))
    small = image.reduce(factor) if factor > 1 else image
    box, clean = _without_borders(small, None)
    if _area(box) > _HALF * small.width * small.height and box != (0, 0, *small.size):
        box, clean = _without_borders(small, _frame_colour(small))
    everything = box if clean else _unlike(small, _frame_colour(small))
    return Content(_enlarged(box, factor, image.size), _enlarged(everything, factor, image.size))


def _enlarged(box: Box, factor: int, size: tuple[int, int]) -> Box:
    left, top, right, bottom = (factor * edge for edge in box)
    return left, top, min(right, size[0]), min(bottom, size[1])


def _unlike(image: Image.Image, colour: tuple[int, ...]) -> Box:
    """Return the box of all that hasn't a colour; the whole picture if everything has."""
    return _other(image, Image.new("RGB", image.size, colour)).getbbox() or (0, 0, *image.size)


def _other(image: Image.Image, reference: Image.Image) -> Image.Image:
    """Return a mask of the pixels that differ from those of another picture."""
    red, green, blue = ImageChops.difference(image, reference).split()
    return ImageChops.lighter(ImageChops.lighter(red, green), blue).point(
        lambda value: 255 if value > _TOLERANCE else 0
    )


def _without_borders(image: Image.Image, frame: tuple[int, ...] | None) -> tuple[Box, bool]:
    """Find what remains when borders are cut off, and tell if there is nothing at all in them.

    With a `frame`, the outermost one has its colour alone.
    """
    box, clean = (0, 0, *image.size), True
    for nested in range(_FRAMES):
        peeled, odd = _peeled(image, box, frame, nested=nested > 0)
        if peeled == box:
            break
        box, clean = peeled, clean and not odd
    return box, clean


def _frame_colour(image: Image.Image) -> tuple[int, ...]:
    """Return the colour of most pixels at the edge."""
    width, height = image.size
    lines = ((0, 0, width, 1), (0, height - 1, width, height), (0, 0, 1, height), (width - 1, 0, width, height))
    pixels = [
        pixel for line in lines for pixel in zip(*(band.tobytes() for band in image.crop(line).split()), strict=True)
    ]
    alike = defaultdict(list)
    for pixel in pixels:
        alike[tuple(value // (2 * _TOLERANCE) for value in pixel)].append(pixel)
    return tuple(map(statistics.median_low, zip(*max(alike.values(), key=len), strict=True)))


def _area(box: Box) -> int:
    return (box[2] - box[0]) * (box[3] - box[1])


def _peeled(image: Image.Image, box: Box, frame: tuple[int, ...] | None, *, nested: bool) -> tuple[Box, bool]:
    """Cut one border off each side, and tell if anything odd is in it; a nested frame must have all four sides."""
    edges, odd = list(box), False
    for side, turn in _TURNS.items():
        part = image.crop((edges[0], edges[1], edges[2], edges[3]))
        turned = part.transpose(turn) if turn is not None else part
        zones = _zones(image.size, edges, side)
        depth, specks = _depth(turned, zones)
        if depth == turned.height and specks:  # what is in a corner is all there is
            depth, specks = _depth(turned, _Zones(0, 0, 0))
        if depth == turned.height:  # a surface, not a border
            depth = 0
        if frame and not nested and not _has_colour(turned, frame):
            depth = 0
        if nested and not depth:
            return box, False
        if depth:
            edges[side] += depth if side < _RIGHT else -depth
            odd = odd or specks
    return (edges[0], edges[1], edges[2], edges[3]), odd


def _zones(size: tuple[int, int], edges: Sequence[int], side: int) -> _Zones:
    """Return what isn't judged at the ends of a side's lines: the picture's corners, and the blur of a border cut."""
    cut = (edges[0], edges[1], size[0] - edges[2], size[1] - edges[3])
    reach = [round(share * length) for share, length in zip(_CORNER, size, strict=True)] * 2
    left = [max(0, whole - gone) for whole, gone in zip(reach, cut, strict=True)]
    first, last = {_TOP: (_LEFT, _RIGHT), _BOTTOM: (_RIGHT, _LEFT), _LEFT: (_BOTTOM, _TOP), _RIGHT: (_TOP, _BOTTOM)}[
        side
    ]
    blur = _BLUR if min(edges[2] - edges[0], edges[3] - edges[1]) > 4 * _BLUR else 0
    length = edges[2] - edges[0] if side in (_TOP, _BOTTOM) else edges[3] - edges[1]
    depth = left[side] if left[first] + left[last] <= _JUDGED * length else 0
    return _Zones(left[first], left[last], depth, blur if cut[first] else 0, blur if cut[last] else 0)


def _depth(image: Image.Image, zones: _Zones) -> tuple[int, bool]:
    """Count the lines of the border at the top, and tell if anything odd is in them."""
    depth, odd, first = 0, False, _colours(image, 0, inner=zones.at(0))
    before = first
    while depth < image.height and _is_of_one_colour(first):
        colours = _colours(image, depth, inner=zones.at(depth))
        lines, specks = (
            _same_lines(image, depth, colours, zones)
            if _is_near(colours, before) and _is_near(colours, first)
            else (0, False)
        )
        if lines:
            before = _colours(image, depth + lines - 1, inner=zones.at(depth))
        else:
            lines, specks = _thin_line(image, depth, before, zones), True
        if not lines:
            break
        depth, odd = depth + lines, odd or specks
    return depth, odd


def _thin_line(image: Image.Image, depth: int, before: _Colours, zones: _Zones) -> int:
    """Count the lines of another colour before the border goes on."""
    for lines in range(1, min(_THIN, image.height - depth)):
        if not _same_lines(image, depth + lines - 1, _colours(image, depth + lines - 1, inner=zones.at(depth)), zones)[
            0
        ]:
            break
        colours = _colours(image, depth + lines, inner=zones.at(depth))
        if _is_near(colours, before) and _same_lines(image, depth + lines, colours, zones)[0]:
            return lines
    return 0


def _same_lines(image: Image.Image, top: int, colours: _Colours, zones: _Zones) -> tuple[int, bool]:
    """Count the lines from `top` on that have these colours but for odd pixels, and tell if there are such.

    What is in `zones` isn't judged.
    """
    image = image.crop((0, top, image.width, min(top + _CHUNK, image.height)))
    line = Image.new("RGB", (len(colours), 1))
    line.putdata(colours)
    reference = line.resize((image.width, 1), Image.Resampling.BILINEAR).resize(image.size, Image.Resampling.NEAREST)
    other = _other(image, reference)
    judged = other.copy()
    width, height = judged.size
    judged.paste(0, (0, 0, zones.first, zones.depth - top))
    judged.paste(0, (width - zones.last, 0, width, zones.depth - top))
    judged.paste(0, (0, 0, zones.first_blur, height))
    judged.paste(0, (width - zones.last_blur, 0, width, height))
    odd = judged.resize((1, image.height), Image.Resampling.BOX).tobytes()
    lines = next((number for number, share in enumerate(odd) if share > _ODD * 255), image.height)
    return lines, bool(lines) and other.crop((0, 0, width, lines)).getbbox() is not None


def _colours(image: Image.Image, row: int, *, inner: bool) -> _Colours:
    """Return the median colours of the stretches of a line; `inner`: at its ends those of the stretches beside."""
    width, count = image.width, min(_STRETCHES, image.width)
    bands = [band.tobytes() for band in image.crop((0, row, width, row + 1)).split()]
    stretches = [slice(width * number // count, width * (number + 1) // count) for number in range(count)]
    colours = [tuple(statistics.median_low(band[stretch]) for band in bands) for stretch in stretches]
    if inner and count == _STRETCHES:
        colours[:_ENDS], colours[-_ENDS:] = [colours[_ENDS]] * _ENDS, [colours[-_ENDS - 1]] * _ENDS
    return colours


def _is_of_one_colour(colours: _Colours) -> bool:
    """Tell if a line's stretches differ as little as a soft gradient's: a picture may be one of strong gradients."""
    return all(max(band) - min(band) <= 2 * _TOLERANCE for band in zip(*colours, strict=True))


def _has_colour(image: Image.Image, colour: tuple[int, ...]) -> bool:
    """Tell if the first line has a colour, but for its ends."""
    colours = _colours(image, 0, inner=True)
    return _is_near(colours, [colour] * len(colours))


def _is_near(colours: _Colours, before: _Colours) -> bool:
    pairs = zip(itertools.chain(*colours), itertools.chain(*before), strict=True)
    return all(abs(one - other) <= 2 * _TOLERANCE for one, other in pairs)
