"""Chunks of PNG files: those that make the picture, and contradictions between them."""

import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial

from moderation.domain.image.contradiction import contradictory

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PALETTE = 3  # type of colour
_SAMPLES = {0: 2, 2: 6}  # bytes of a transparent grey or colour
_HEADER_BYTES = 13
_MAX_ENTRIES = 256
_MAX_PROFILE = 2**20  # that Pillow unpacks
# Once at most, since decoders differ in which of two they take.
_ONCE = frozenset({b"IHDR", b"PLTE", b"tRNS", b"acTL"})
_COLOUR = {b"gAMA": 4, b"cHRM": 32, b"sRGB": 1, b"iCCP": None, b"cICP": 4}
_FRAMES = frozenset({b"acTL", b"fcTL", b"fdAT"})
_DRAWN = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", *_FRAMES})
_TIFF = (b"II*\0", b"MM\0*")


@dataclass(frozen=True)
class Chunk:
    """Chunk of a file; `intact` tells if its checksum is right, `whole` if the file goes on to its end."""

    kind: bytes
    body: bytes
    intact: bool
    whole: bool

    @property
    def ancillary(self) -> bool:
        return bool(self.kind[0] & 0x20)


_damaged = partial(contradictory, "PNG")


def picture_only(data: bytes) -> bytes:
    """Return the file with the chunks that make its picture alone, so that no other one keeps it from being decoded.

    Texts, times and other notes are left out, and profiles and EXIF that are none. Raises UnreadableImage for chunks
    that contradict each other.
    """
    kept: list[Chunk] = []
    first: dict[bytes, Chunk] = {}
    animation = _Animation()
    ended = False  # the picture's data
    for chunk in chunks(data):
        if chunk.kind == b"IEND":
            break
        ended = ended or (b"IDAT" in first and chunk.kind != b"IDAT")
        _refuse_misplaced(chunk, first, ended)
        animation.follow(chunk)
        if chunk.kind in _DRAWN or _is_sound(chunk, first):
            kept.append(chunk)
            first.setdefault(chunk.kind, chunk)
    _refuse_incomplete(first)
    animation.refuse_incomplete()
    if _colour_type(first) == _PALETTE:
        kept = [_filled(chunk, first) if chunk.kind in (b"PLTE", b"tRNS") else chunk for chunk in kept]
    else:  # a palette is only a suggestion
        kept = [chunk for chunk in kept if chunk.kind != b"PLTE"]
    return SIGNATURE + b"".join(map(_written, kept)) + _written(Chunk(b"IEND", b"", intact=True, whole=True))


def chunks(data: bytes) -> Iterator[Chunk]:
    """Return the chunks up to the end, or up to what is no chunk once there are pixels. Raises UnreadableImage."""
    at, pixels = len(SIGNATURE), False
    while at + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        if not kind.isalpha() or not kind.isascii() or size > 0x7FFFFFFF:
            if pixels:
                return
            raise _damaged("it contains what is no chunk")
        body = data[at + 8 : at + 8 + size]
        sum_at = at + 8 + size
        whole = sum_at + 4 <= len(data)
        intact = whole and zlib.crc32(body, zlib.crc32(kind)) == int.from_bytes(data[sum_at : sum_at + 4], "big")
        pixels = pixels or kind == b"IDAT"
        yield Chunk(kind, body, intact, whole)
        at = sum_at + 4


class _Animation:
    """Frames so far, in the order that the format prescribes."""

    def __init__(self) -> None:
        self._declared: int | None = None
        self._frames = self._sequence = 0
        self._canvas = b""
        self._pixels = self._waiting = False

    def follow(self, chunk: Chunk) -> None:
        """Take the next chunk. Raises UnreadableImage."""
        if chunk.kind == b"IHDR":
            self._canvas = chunk.body[:8]
        elif chunk.kind == b"acTL":
            self._declare(chunk.body)
        elif chunk.kind == b"fcTL":
            self._start(chunk.body)
        elif chunk.kind == b"fdAT":
            self._continue(chunk.body)
        elif chunk.kind == b"IDAT":
            self._pixels, self._waiting = True, False

    def refuse_incomplete(self) -> None:
        """Raise UnreadableImage for frames beyond the declared ones; missing ones show when they are decoded."""
        if self._declared is not None and self._frames > self._declared:
            raise _damaged("it has more frames than it declares")
        if self._waiting:
            raise _damaged("a frame has no pixels")

    def _declare(self, body: bytes) -> None:
        if self._pixels or self._frames:
            raise _damaged("its animation is declared too late (acTL)")
        if len(body) != 8 or not (declared := int.from_bytes(body[:4], "big")):
            raise _damaged("its animation has no frames (acTL)")
        self._declared = declared

    def _start(self, body: bytes) -> None:
        if self._declared is None:
            raise _damaged("it has frames without a declared animation (fcTL)")
        if len(body) != 26 or self._waiting:
            raise _damaged("a frame is incomplete (fcTL)")
        number, width, height, left, top = struct.unpack_from(">5I", body)
        canvas = struct.unpack(">2I", self._canvas)
        self._count(number)
        fills = (width, height, left, top) == (*canvas, 0, 0)
        fits = width and height and left + width <= canvas[0] and top + height <= canvas[1]
        if not (fits if self._frames else fills) or body[24] > 2 or body[25] > 1:
            raise _damaged("a frame doesn't fit (fcTL)")
        self._frames, self._waiting = self._frames + 1, True

    def _continue(self, body: bytes) -> None:
        if not self._pixels or not self._frames or len(body) < 4:
            raise _damaged("pixels of a frame are misplaced (fdAT)")
        self._count(int.from_bytes(body[:4], "big"))
        self._waiting = False

    def _count(self, number: int) -> None:
        if number != self._sequence:
            raise _damaged("its frames aren't in order")
        self._sequence += 1


def _refuse_misplaced(chunk: Chunk, first: Mapping[bytes, Chunk], ended: bool) -> None:
    kind = chunk.kind
    if kind == b"IDAT" and ended:
        raise _damaged("its pixels are interrupted (IDAT)")
    if not first and kind != b"IHDR":
        raise _damaged("it doesn't begin with its header (IHDR)")
    if kind in _ONCE and kind in first:
        raise _damaged(f"its {kind.decode()} chunk occurs twice")
    if kind not in _DRAWN and not chunk.ancillary:
        raise _damaged(f"its {kind.decode()} chunk is unknown and said to be necessary")
    if kind in _DRAWN and not chunk.intact and (chunk.whole or kind not in (b"IDAT", b"fdAT")):
        raise _damaged(f"the checksum of its {kind.decode()} chunk is wrong")
    if kind in (b"PLTE", b"tRNS") and b"IDAT" in first:
        raise _damaged(f"its {kind.decode()} chunk is behind the pixels")
    if kind == b"PLTE" and b"tRNS" in first:
        raise _damaged("its transparency is before its palette (tRNS)")
    if kind == b"tRNS":
        _refuse_transparency(chunk.body, first)


def _refuse_transparency(body: bytes, first: Mapping[bytes, Chunk]) -> None:
    colour = _colour_type(first)
    if colour == _PALETTE and b"PLTE" not in first:
        raise _damaged("its transparency is before its palette (tRNS)")
    most = len(first[b"PLTE"].body) // 3 if colour == _PALETTE else 0
    fits = 0 < len(body) <= most if colour == _PALETTE else len(body) == _SAMPLES.get(colour)
    if not fits:
        raise _damaged("its transparency doesn't go with its colours (tRNS)")


def _is_sound(chunk: Chunk, first: Mapping[bytes, Chunk]) -> bool:
    """Tell if a chunk about colour or orientation can be used; a second one may only repeat the first."""
    if not chunk.intact:
        return False
    if chunk.kind == b"eXIf":
        return chunk.body.startswith(_TIFF) and chunk.kind not in first
    if chunk.kind not in _COLOUR or b"IDAT" in first:
        return False
    if chunk.kind in first and first[chunk.kind].body != chunk.body:
        raise _damaged(f"its {chunk.kind.decode()} chunk occurs twice")
    size = _COLOUR[chunk.kind]
    return chunk.kind not in first and (len(chunk.body) == size if size else _is_profile(chunk.body))


def _is_profile(body: bytes) -> bool:
    name, _, rest = body.partition(b"\0")
    if not name or rest[:1] != b"\0":
        return False
    stream = zlib.decompressobj()
    try:
        stream.decompress(rest[1:], _MAX_PROFILE)
    except zlib.error:
        return False
    return stream.eof


def _refuse_incomplete(first: Mapping[bytes, Chunk]) -> None:
    header = first[b"IHDR"].body if first else b""
    if len(header) != _HEADER_BYTES or header[10:12] != b"\0\0" or header[12] > 1:
        raise _damaged("its header is invalid (IHDR)")
    colours = len(first[b"PLTE"].body) if b"PLTE" in first else 0
    if _colour_type(first) == _PALETTE and (colours % 3 or not 0 < colours <= 3 * _MAX_ENTRIES):
        raise _damaged("its palette is missing or invalid (PLTE)")


def _filled(chunk: Chunk, first: Mapping[bytes, Chunk]) -> Chunk:
    """Repeat the last colour of a palette for the indices over its end, as Chromium does."""
    entries, most = len(first[b"PLTE"].body) // 3, 1 << first[b"IHDR"].body[8]
    if chunk.kind == b"PLTE":
        return replace(chunk, body=chunk.body + chunk.body[-3:] * (most - entries))
    last = chunk.body[-1:] if len(chunk.body) == entries else b""
    return replace(chunk, body=chunk.body + last * (most - entries))


def _colour_type(first: Mapping[bytes, Chunk]) -> int:
    header = first[b"IHDR"].body
    return header[9] if len(header) == _HEADER_BYTES else -1


def _written(chunk: Chunk) -> bytes:
    body = chunk.body
    return (
        struct.pack(">I", len(body)) + chunk.kind + body + struct.pack(">I", zlib.crc32(body, zlib.crc32(chunk.kind)))
    )
