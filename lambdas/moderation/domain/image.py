"""From uploaded bytes to the views that the vision model sees: decode, normalise, cut, resize. Pure, on Pillow."""

import io
import math
import struct
import warnings
import zlib
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import cast

from PIL import Image, ImageChops, ImageOps, ImageSequence

from moderation.domain import jpeg
from moderation.domain.limits import MAX_BYTES
from moderation.errors import ImageTooLarge, UnreadableImage

PREPROCESSING_VERSION = "2"
MAX_PIXELS = 50_000_000
MAX_SIDE = 65_535  # as in JPEG and GIF; to resize a line of a million pixels takes gigabytes
MAX_VIEWS = 12
MAX_FRAMES = 8
MAX_LISTED_FRAMES = 5_000  # of a file: frames that no model sees cost time as well
FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "AVIF")

TILED_FROM = 4  # auto: the shorter side is this many times what the model sees before tiles are worth it
_TILE_STRIDE = 0.5  # of a tile's side: what is at most half as large as a tile is whole in at least one
_ANIMATION_PIXELS = 200_000_000  # decoded in all: a frame can only be reached through those before it
_TRIM_TOLERANCE = 12  # of 255: compression noise inside a uniform border
_TRIM_WORTH = 0.9  # a border narrower than a tenth of the picture isn't worth a view of its own

Box = tuple[int, int, int, int]  # left, top, right, bottom, in pixels

# What Pillow's decoders raise on bytes that aren't what their header says.
_DECODER_FAULTS = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    AttributeError,
    RuntimeError,
    EOFError,
    MemoryError,
    struct.error,
    zlib.error,
)

# Pillow refuses twice this, wherever in a file the size is declared, and warns above this value itself.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS // 2
warnings.simplefilter("ignore", Image.DecompressionBombWarning)


@dataclass(frozen=True)
class View:
    """Part of the image that the model sees at once, as a square, lossless PNG of the model's input size.

    `frame` is the number of its frame or page, `box` its position there in pixels.
    """

    name: str
    png: bytes
    frame: int
    box: Box


@dataclass(frozen=True)
class PreparedImage:
    """Accepted image: its size in pixels as uploaded, its format, and its views.

    `frames` is the number of frames or pages in the file, None if mode `full` didn't count them.
    """

    width: int
    height: int
    format: str
    views: tuple[View, ...]
    frames: int | None


def prepare(data: bytes, mode: str, size: int) -> PreparedImage:
    """Decode `data` and cut it into views of `size` x `size` pixels.

    Mode `full` gives one view, the whole (first) frame. `auto` adds up to eight frames of an animation, the
    picture without its uniform borders, and overlapping tiles where the picture is at least four times what the
    model sees; `tiles` adds tiles whatever the size. At most 12 views in all.

    Raises ImageTooLarge over 20 MB or 50 megapixels (before decoding) and for what would take too long to decode,
    UnreadableImage for anything that isn't an intact image of an accepted format.
    """
    source = _open(data)
    width, height, format = source.width, source.height, source.format or ""
    try:
        frames = _count_frames(source) if mode != "full" else None
        views = tuple(_views(source, mode, size, frames or 1))
    except Image.DecompressionBombError as error:
        raise ImageTooLarge(f"A frame of the image declares over {MAX_PIXELS:,} pixels.") from error
    except _DECODER_FAULTS as error:
        raise UnreadableImage(
            f"The {format} file is damaged or cut short: it can't be decoded ({type(error).__name__})."
        ) from error
    return PreparedImage(width, height, format, views, frames)


def _open(data: bytes) -> Image.Image:
    if not data:
        raise UnreadableImage("The object is empty (0 bytes): there is nothing to moderate.")
    if len(data) > MAX_BYTES:
        raise ImageTooLarge(f"The object has {len(data):,} bytes; the limit is {MAX_BYTES:,}.")
    _refuse_endless_jpeg(data)
    try:
        image = Image.open(io.BytesIO(data), formats=FORMATS)
    except Image.DecompressionBombError as error:
        raise ImageTooLarge(f"The image's header declares over {MAX_PIXELS:,} pixels.") from error
    except _DECODER_FAULTS as error:
        raise UnreadableImage(f"The object isn't an image of an accepted format ({', '.join(FORMATS)}).") from error
    _refuse_size(image)
    return image


def _refuse_endless_jpeg(data: bytes) -> None:
    if not data.startswith(b"\xff\xd8"):
        return
    asked = jpeg.effort(data)
    if asked.segments > jpeg.MAX_SEGMENTS or asked.scans > jpeg.MAX_SCANS:
        raise ImageTooLarge(
            f"The JPEG file has over {jpeg.MAX_SEGMENTS:,} segments or {jpeg.MAX_SCANS} scans: no camera or program "
            "writes so many, and they take minutes to decode."
        )


def _refuse_size(image: Image.Image) -> None:
    if image.width * image.height > MAX_PIXELS or max(image.size) > MAX_SIDE:
        raise ImageTooLarge(
            f"The image has {image.width:,} x {image.height:,} pixels; the limit is {MAX_PIXELS:,} in all and "
            f"{MAX_SIDE:,} a side."
        )


def _views(source: Image.Image, mode: str, size: int, count: int) -> list[View]:
    """Cut each frame as soon as it is decoded: eight of the largest wouldn't fit into memory together."""
    wanted = _wanted_frames(source, count, MAX_FRAMES)
    frames: list[View] = []
    looks: list[View] = []
    for number, picture in _pictures(source, wanted):
        name = "full" if number == 0 else f"frame-{number}"
        frames.append(View(name, _png(picture, size), number, (0, 0, *picture.size)))
        if number == 0 and mode != "full":
            closer = closer_looks(picture, mode, size)[: MAX_VIEWS - len(wanted)]
            looks = [View(name, _png(picture.crop(box), size), number, box) for name, box in closer]
    return frames + looks


def _wanted_frames(source: Image.Image, count: int, most: int) -> set[int]:
    """Numbers of at most `most` of `count` frames, evenly spread, the first among them."""
    reachable = max(1, min(count, _ANIMATION_PIXELS // (source.width * source.height)))
    return {round(step * (reachable - 1) / max(1, most - 1)) for step in range(most)} if reachable > 1 else {0}


def _count_frames(source: Image.Image) -> int:
    if source.format == "MPO":
        return 1  # a JPEG followed by other pictures, which no viewer shows
    count: int = _count_pages(source) if source.format == "TIFF" else getattr(source, "n_frames", 1)
    if count > MAX_LISTED_FRAMES:
        raise ImageTooLarge(f"The {source.format} file has over {MAX_LISTED_FRAMES:,} frames.")
    return count


def _count_pages(source: Image.Image) -> int:
    """Count pages up to one over the limit: Pillow's own count of a TIFF's pages takes quadratic time."""
    count = 0
    with suppress(EOFError):
        while count <= MAX_LISTED_FRAMES:
            source.seek(count)
            count += 1
    source.seek(0)
    return count


def _pictures(source: Image.Image, wanted: Collection[int]) -> Iterator[tuple[int, Image.Image]]:
    """(frame number, upright RGB picture) of each wanted frame."""
    if wanted == {0}:
        yield 0, _upright_rgb(source)
        return
    decoded = 0
    for number, frame in enumerate(ImageSequence.Iterator(source)):
        _refuse_size(frame)
        decoded += frame.width * frame.height
        if decoded > _ANIMATION_PIXELS:
            raise ImageTooLarge(f"The {source.format} file's frames have over {_ANIMATION_PIXELS:,} pixels in all.")
        if number in wanted:
            yield number, _upright_rgb(frame)
        if number == max(wanted):
            return
    raise EOFError(f"There are fewer frames than the header declares: {number + 1}.")


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


def closer_looks(image: Image.Image, mode: str, size: int) -> list[tuple[str, Box]]:
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
        boxes = tile_boxes(inner, MAX_VIEWS - 1 - len(looks))
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


def _png(image: Image.Image, size: int) -> bytes:
    """Resize once, as BLIP-2's own processor does (square, bicubic), so that the endpoint needn't resize again."""
    buffer = io.BytesIO()
    image.resize((size, size), Image.Resampling.BICUBIC).save(buffer, "PNG")
    return buffer.getvalue()
