"""Parts of a picture that are looked at closer: without its borders, and as tiles."""

import math

from PIL import Image, ImageChops

TILED_FROM = 4  # auto: the shorter side is this many times what the model sees before tiles are worth it
_TILE_STRIDE = 0.5  # of a tile's side: what is at most half as large as a tile is whole in at least one
_TRIM_TOLERANCE = 12  # of 255: compression noise inside a uniform border
_TRIM_WORTH = 0.9  # a border narrower than a tenth of the picture isn't worth a view of its own

Box = tuple[int, int, int, int]  # left, top, right, bottom, in pixels


def closer_looks(image: Image.Image, mode: str, size: int, most: int) -> list[tuple[str, Box]]:
    """Names and boxes of the picture without its borders, and of tiles, for details that the full view loses."""
    looks: list[tuple[str, Box]] = []
    content = content_box(image)
    if _area(content) < _TRIM_WORTH * image.width * image.height:
        looks.append(("trimmed", content))
    else:
        content = (0, 0, *image.size)
    left, top, right, bottom = content
    inner = (right - left, bottom - top)
    if mode == "tiles" or min(inner) >= TILED_FROM * size:
        boxes = tile_boxes(inner, most - len(looks))
        looks += [
            (f"tile-{number}", (left + x0, top + y0, left + x1, top + y1))
            for number, (x0, y0, x1, y1) in enumerate(boxes)
        ]
    return looks


def content_box(image: Image.Image) -> Box:
    """(left, top, right, bottom) of what remains when borders in the corner's colour are cut off."""
    background = Image.new("RGB", image.size, image.getpixel((0, 0)))
    difference = ImageChops.difference(image, background).convert("L")
    box = difference.point(lambda value: 255 if value > _TRIM_TOLERANCE else 0).getbbox()
    return box or (0, 0, *image.size)


def tile_boxes(size: tuple[int, int], most: int) -> list[Box]:
    """At most `most` square, overlapping boxes that cover a picture of `size` (width, height) pixels.

    The finest grid that fits is taken; a picture so long that no grid fits gets `most` boxes spread along it.
    """
    short, long = min(size), max(size)
    for rows in (4, 3, 2, 1):
        side = short / (1 + (rows - 1) * _TILE_STRIDE)
        columns = math.ceil((long - side) / (_TILE_STRIDE * side)) + 1
        if rows * columns <= most:
            break
    else:
        columns = most
        side = max(side, long / most)
    across, along = _starts(short, side, rows), _starts(long, side, columns)
    spans = [(x, y) for y in across for x in along] if size[0] >= size[1] else [(x, y) for y in along for x in across]
    edge = math.ceil(side)
    return [(x, y, min(x + edge, size[0]), min(y + edge, size[1])) for x, y in spans]


def _starts(length: int, side: float, count: int) -> list[int]:
    return [round(step * max(0.0, length - side) / max(1, count - 1)) for step in range(count)]


def _area(box: Box) -> int:
    return (box[2] - box[0]) * (box[3] - box[1])
