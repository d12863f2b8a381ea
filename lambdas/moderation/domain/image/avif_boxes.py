"""Primaries and transfer that an AVIF file declares for its picture (`colr` box of type `nclx`)."""

import struct
from collections.abc import Iterator
from contextlib import suppress

from moderation.domain.image.bmff import boxes

_UNSPECIFIED = (2, 2)
# Boxes that contain the description of an animation's pictures, each with the bytes before its first inner box.
_SAMPLES = ((b"moov", 0), (b"trak", 0), (b"mdia", 0), (b"minf", 0), (b"stbl", 0), (b"stsd", 8), (b"av01", 78))


def avif_code_points(data: bytes) -> tuple[int, int]:
    """Return primaries and transfer, 2 (unspecified) where the file has none that can be read."""
    top = dict(reversed(list(_boxes(data))))
    with suppress(struct.error):
        if top.get(b"ftyp", b"")[:4] == b"avis" and (declared := _animation(data)):
            return declared
        return _nclx(_primary_item(top.get(b"meta", b""))) or _UNSPECIFIED
    return _UNSPECIFIED


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    return ((kind, data[start:end]) for kind, start, end in boxes(data, 0, len(data)))


def _animation(data: bytes) -> tuple[int, int] | None:
    found = [data]
    for kind, skipped in _SAMPLES:
        found = [inner[skipped:] for outer in found for name, inner in _boxes(outer) if name == kind]
    return _nclx(box for entry in found for box in _boxes(entry))


def _primary_item(meta: bytes) -> Iterator[tuple[bytes, bytes]]:
    inside = dict(_boxes(meta[4:]))
    wide_item = inside[b"pitm"][:1] != b"\0" if inside.get(b"pitm") else False
    (item,) = struct.unpack_from(">I" if wide_item else ">H", inside.get(b"pitm", b""), 4)
    properties = list(_boxes(inside.get(b"iprp", b"")))
    listed = [box for kind, content in properties if kind == b"ipco" for box in _boxes(content)]
    for kind, content in properties:
        if kind == b"ipma":
            yield from (listed[number - 1] for number in _associated(content, item) if 0 < number <= len(listed))


def _associated(ipma: bytes, wanted: int) -> Iterator[int]:
    """Numbers of the properties of one item, counted from 1."""
    version, flags, items = struct.unpack_from(">B2xBI", ipma)
    at = 8
    for _ in range(items):
        item, count = struct.unpack_from(">IB" if version else ">HB", ipma, at)
        at += 5 if version else 3
        for _ in range(count):
            (number,) = struct.unpack_from(">H" if flags & 1 else ">B", ipma, at)
            at += 2 if flags & 1 else 1
            if item == wanted:
                yield number & (0x7FFF if flags & 1 else 0x7F)


def _nclx(boxes: Iterator[tuple[bytes, bytes]]) -> tuple[int, int] | None:
    for kind, content in boxes:
        if kind == b"colr" and content[:4] == b"nclx":
            primaries, transfer = struct.unpack_from(">HH", content, 4)
            return primaries, transfer
    return None
