"""Blocks of GIF files: contradictions that decoders resolve in different ways."""

import struct
from functools import partial

from moderation.domain.image.contradiction import contradictory
from moderation.domain.image.size import MAX_PIXELS

_HEADER = 13
_IMAGE, _EXTENSION, _TRAILER = 0x2C, 0x21, 0x3B
_CONTROL = b"\xf9"


_damaged = partial(contradictory, "GIF")


def refuse_contradictions(data: bytes) -> None:
    """Raise UnreadableImage for what is no block between the blocks, and for frames outside of the canvas."""
    if len(data) < _HEADER:
        return
    width, height, packed = struct.unpack_from("<HHB", data, 6)
    if width * height > MAX_PIXELS:
        return  # refused for that
    at, first, control = _HEADER + _palette_size(packed), True, b""
    while at < len(data) and data[at] != _TRAILER:
        kind = data[at]
        if kind == _EXTENSION:
            if data[at + 1 : at + 2] == _CONTROL:
                latest = data[at + 3 : at + 7]
                if control and latest != control:
                    raise _damaged("a frame has two different controls")
                control = latest
            at = _after_sub_blocks(data, at + 2)
        elif kind == _IMAGE:
            if at + 10 > len(data):
                return
            left, top, wide, high, packed = struct.unpack_from("<4HB", data, at + 1)
            if left + wide > width or top + high > height:
                raise _damaged("a frame is larger than the picture it declares")
            if first and not (control and control[0] & 1) and (wide, high) != (width, height):
                raise _damaged("its first frame leaves a part of the picture without colours")
            first, control = False, b""
            at = _after_sub_blocks(data, at + 11 + _palette_size(packed))
        elif data[at:].strip(b"\0"):
            raise _damaged("it contains what is no block")
        else:
            return


def _palette_size(packed: int) -> int:
    return 3 << ((packed & 7) + 1) if packed & 0x80 else 0


def _after_sub_blocks(data: bytes, at: int) -> int:
    while at < len(data) and data[at]:
        at += 1 + data[at]
    return at + 1
