"""The blank picture, which contains nothing: an answer to a question about it is the question's own bias."""

import struct
import zlib

# The mean colour of CLIP's training images, which BLIP-2's processor turns into zeros.
_COLOUR = bytes((123, 117, 104))


def blank_png(side: int) -> bytes:
    """Return the picture as a PNG, `side` pixels wide and high, written by hand because Pillow isn't needed for it."""
    rows = zlib.compress((b"\0" + _COLOUR * side) * side)
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", rows) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
