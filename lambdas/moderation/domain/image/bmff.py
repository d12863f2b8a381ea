"""Boxes of ISO base media files: AVIF and HEIF pictures, and videos."""

import struct
from collections import Counter
from collections.abc import Iterator

from moderation.domain.image.contradiction import contradictory

HEIF_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"mif1", b"mif2"})
AVIF_BRANDS = frozenset({b"avif", b"avis"})
_HEIF_SEQUENCES = frozenset({b"hevc", b"hevx", b"hevm", b"hevs", b"msf1"})
_NAMES = {
    b"crx ": "a RAW photograph (CR3)",
    b"jxl ": "a JPEG XL image",
    b"jp2 ": "a JPEG 2000 image",
    b"jpx ": "a JPEG 2000 image",
    b"qt  ": "a video (MOV)",
    b"M4A ": "a sound file (M4A)",
}
_TURNS = frozenset({b"irot", b"imir", b"clap"})
_ONCE = frozenset({b"ftyp", b"meta", b"moov"})
_ONCE_IN_META = frozenset({b"hdlr", b"pitm", b"iloc", b"iinf", b"iprp", b"iref", b"idat"})


def brands(data: bytes) -> tuple[bytes, frozenset[bytes]]:
    """Return the major brand and all brands of a file; empty for a file that isn't of this family."""
    if data[4:8] != b"ftyp":
        return b"", frozenset()
    listed = data[16 : min(int.from_bytes(data[:4], "big"), 1024)]
    return data[8:12], frozenset({data[8:12], *(listed[at : at + 4] for at in range(0, len(listed) - 3, 4))})


def unsupported_kind(data: bytes) -> str | None:
    """Return the name of a kind that isn't accepted, with its article; None for still pictures and other files."""
    major, all_brands = brands(data)
    if not major:
        return "a video (MOV)" if data[4:8] in (b"moov", b"mdat", b"wide") else None
    if major in _NAMES:
        return _NAMES[major]
    if all_brands & AVIF_BRANDS:
        return None
    if major in _HEIF_SEQUENCES:
        return "a moving HEIF picture (HEICS)"
    if major in HEIF_BRANDS or all_brands & HEIF_BRANDS:
        return None
    return "a video (MP4)"


def picture_only(data: bytes) -> bytes:
    """Return the file without its EXIF, which decoders stumble over and viewers don't turn the picture by.

    Raises UnreadableImage for a file that describes its picture twice.
    """
    top = list(boxes(data, 0, len(data)))
    _refuse_doubles(Counter(kind for kind, _, _ in top), _ONCE)
    changed = bytearray(data)
    for _, start, end in (box for box in top if box[0] == b"meta"):
        inner = list(boxes(data, start + 4, end))
        _refuse_doubles(Counter(kind for kind, _, _ in inner), _ONCE_IN_META)
        for _, listed, listed_end in (box for box in inner if box[0] == b"iinf"):
            for at in _exif_types(data, listed, listed_end):
                changed[at : at + 4] = b"free"
    return bytes(changed)


def is_turned(data: bytes) -> bool:
    """Tell if the file has a property that rotates, mirrors or crops a picture."""
    found = [data]
    for wanted, skipped in ((b"meta", 4), (b"iprp", 0), (b"ipco", 0)):
        found = [
            outer[start + skipped : end]
            for outer in found
            for kind, start, end in boxes(outer, 0, len(outer))
            if kind == wanted
        ]
    return any(kind in _TURNS for inner in found for kind, _, _ in boxes(inner, 0, len(inner)))


def _exif_types(data: bytes, start: int, end: int) -> Iterator[int]:
    """Positions of the types of items of EXIF in a list of items."""
    for kind, at, _ in boxes(data, start + (6 if data[start : start + 1] == b"\0" else 8), end):
        where = at + (8 if data[at : at + 1] == b"\2" else 10)  # behind version, flags, number and protection
        if kind == b"infe" and data[where : where + 4] == b"Exif":
            yield where


def _refuse_doubles(found: Counter[bytes], once: frozenset[bytes]) -> None:
    for kind in once:
        if found[kind] > 1:
            raise contradictory("HEIF or AVIF", f"its {kind.decode()} box occurs {found[kind]} times")


def boxes(data: bytes, at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Kind, start and end of each box's content, as far as the boxes fit."""
    while at + 8 <= end:
        size, kind = struct.unpack_from(">I4s", data, at)
        start = at + 8
        if size == 1 and at + 16 <= end:
            (size,) = struct.unpack_from(">Q", data, start)
            start += 8
        stop = at + size if size else end
        if stop < start:
            return
        yield kind, start, min(stop, end)
        at = stop
