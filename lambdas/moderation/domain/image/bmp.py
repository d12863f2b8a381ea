"""Headers and runs of BMP files: contradictions, and transparency that viewers ignore."""

import struct
from functools import partial

from PIL import Image

from moderation.domain.image.contradiction import contradictory
from moderation.domain.image.size import MAX_PIXELS

_FILE_HEADER, _INFO, _OS2 = 14, 40, 12
_RUN_PIXELS = {1: 1, 2: 2}  # by compression (RLE8, RLE4): pixels in a byte
_LINE_END, _END, _DELTA = 0, 1, 2

_damaged = partial(contradictory, "BMP")


def refuse_contradictions(data: bytes) -> None:
    """Raise UnreadableImage for a palette that reaches into the pixels, and for runs that don't fill the rows."""
    if len(data) < _FILE_HEADER + _INFO:
        return
    pixels_at, header = struct.unpack_from("<II", data, 10)
    if header < _INFO:
        bits, colours, compression = int.from_bytes(data[24:26], "little"), 0, 0
        width = height = 0
    else:
        width, height, bits, compression = struct.unpack_from("<ii2xHI", data, 18)
        (colours,) = struct.unpack_from("<I", data, 46)
    if bits <= 8 and pixels_at < _FILE_HEADER + header + (3 if header == _OS2 else 4) * colours:
        raise _damaged("its palette reaches into its pixels")
    if compression in _RUN_PIXELS and bits <= 8 and 0 < width * abs(height) <= MAX_PIXELS:
        _refuse_gaps(data, pixels_at, (width, abs(height)), _RUN_PIXELS[compression])


def without_blank_alpha(picture: Image.Image) -> Image.Image:
    """Return a picture whose alpha is 0 everywhere as opaque: programs that don't know alpha leave it so."""
    if picture.mode == "RGBA" and picture.getchannel("A").getextrema() == (0, 0):
        return picture.convert("RGB")
    return picture


def _refuse_gaps(data: bytes, at: int, size: tuple[int, int], a_byte: int) -> None:
    """Follow the runs: viewers differ in what a pixel is that none sets, and where one goes that leaves its row."""
    (width, height), x, y = size, 0, 0
    while at + 1 < len(data) and y < height:
        count, value = data[at], data[at + 1]
        at += 2
        if count:
            x += count
        elif value > _DELTA:
            x += value
            at += (-(-value // a_byte) + 1) // 2 * 2
        elif value == _LINE_END and x == width:
            x, y = 0, y + 1
        else:
            break
        if x > width:
            break
    if not (y == height or (y == height - 1 and x == width)):
        raise _damaged("its runs of pixels don't fill its rows")
