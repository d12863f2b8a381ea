"""Chunks of WebP files: contradictions that decoders resolve in different ways."""

import struct
from collections import Counter
from collections.abc import Iterator
from functools import partial

from moderation.domain.image.contradiction import contradictory

_ANIMATED, _ALPHA = 0x02, 0x10
_PICTURES = (b"VP8 ", b"VP8L")
_FRAME = 16  # bytes before the first chunk of a frame
_START = 32  # bytes of a chunk that are looked at
_ONCE = (b"VP8X", b"ALPH", b"ANIM", b"ICCP")


_damaged = partial(contradictory, "WebP")


def refuse_contradictions(data: bytes) -> None:
    """Raise UnreadableImage for several pictures, and for an extended header that its chunks contradict."""
    listed = list(_chunks(data))
    times = Counter(kind for kind, _ in listed)
    pictures = sum(times[kind] for kind in _PICTURES)
    for kind in _ONCE:
        if times[kind] > 1:
            raise _damaged(f"its {kind.decode().strip()} chunk occurs twice")
    if pictures > 1 or (pictures and times[b"ANMF"]):
        raise _damaged("it contains several pictures")
    extended = next((body for kind, body in listed if kind == b"VP8X"), None)
    if extended is None:
        if listed and listed[0][0] not in _PICTURES:
            raise _damaged("it doesn't begin with its picture")
        return
    if listed[0][0] != b"VP8X" or len(extended) < 10:
        raise _damaged("its extended header is misplaced")
    if bool(extended[0] & _ANIMATED) != bool(times[b"ANMF"]):
        raise _damaged("it is declared an animation and is none, or the other way round")
    frames = [body for kind, body in listed if kind == b"ANMF"]
    inner = [(frame[_FRAME : _FRAME + 4], frame[_FRAME + 8 :]) for frame in frames]
    transparent = any(kind == b"ALPH" or (kind == b"VP8L" and _has_alpha(body)) for kind, body in (*listed, *inner))
    if transparent and not extended[0] & _ALPHA:
        raise _damaged("it has a transparency that it doesn't declare")
    sizes = [size for kind, body in listed if kind in _PICTURES and (size := _size(kind, body))]
    canvas = (1 + int.from_bytes(extended[4:7], "little"), 1 + int.from_bytes(extended[7:10], "little"))
    if frames and not extended[0] & _ALPHA and frames[0][6:12] != extended[4:10]:
        raise _damaged("its first frame leaves a part of the picture without colours")
    if any(size != canvas for size in sizes):
        raise _damaged("it declares another size than its picture has")


def _has_alpha(lossless: bytes) -> bool:
    return len(lossless) >= 5 and bool(lossless[4] & 0x10)


def _size(kind: bytes, body: bytes) -> tuple[int, int] | None:
    if kind == b"VP8L" and len(body) >= 5 and body[0] == 0x2F:
        bits = int.from_bytes(body[1:5], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if kind == b"VP8 " and body[3:6] == b"\x9d\x01\x2a" and len(body) >= 10:
        width, height = struct.unpack_from("<HH", body, 6)
        return width & 0x3FFF, height & 0x3FFF
    return None


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Kind and the first bytes of each chunk, to the end that the file declares."""
    end = min(len(data), 8 + int.from_bytes(data[4:8], "little"))
    at = 12
    while at + 8 <= end:
        kind, size = struct.unpack_from("<4sI", data, at)
        yield kind, data[at + 8 : at + 8 + min(size, _START)]
        at += 8 + size + size % 2
