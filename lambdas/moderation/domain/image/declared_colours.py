"""Colours that an AVIF or HEIF file declares for its picture (`colr` boxes)."""

import struct
from collections.abc import Iterator, Mapping
from contextlib import suppress

from moderation.domain.image.bmff import boxes
from moderation.domain.image.contradiction import contradictory

CodePoints = tuple[int, int, int]

_UNSPECIFIED = (2, 2, 2)
# Boxes that contain the description of an animation's pictures, each with the bytes before its first inner box.
_SAMPLES = ((b"moov", 0), (b"trak", 0), (b"mdia", 0), (b"minf", 0), (b"stbl", 0), (b"stsd", 8), (b"av01", 78))


def declared_code_points(data: bytes) -> CodePoints:
    """Return primaries, transfer and matrix, 2 (unspecified) where the file has none that can be read."""
    top = dict(reversed(list(_boxes(data))))
    with suppress(struct.error):
        if top.get(b"ftyp", b"")[:4] == b"avis" and (declared := _animation(data)):
            return declared
        meta = _meta(data)
        return _nclx(_properties(meta, _primary(meta))) or _UNSPECIFIED
    return _UNSPECIFIED


def heif_code_points(data: bytes) -> CodePoints:
    """Return the same of a picture that may consist of tiles. Raises UnreadableImage for several different ones."""
    meta = _meta(data)
    with suppress(struct.error):
        primary = _primary(meta)
        declared = {found for item in (primary, *_tiles(meta, primary)) if (found := _nclx(_properties(meta, item)))}
        if len(declared) > 1:
            raise contradictory("HEIF", "the colours of its tiles are different ones")
        return next(iter(declared), _UNSPECIFIED)
    return _UNSPECIFIED


def has_two_colours(data: bytes) -> bool:
    """Tell if the main picture has two declarations of the same kind of its colours."""
    meta = _meta(data)
    with suppress(struct.error):
        kinds = [content[:4] for kind, content in _properties(meta, _primary(meta)) if kind == b"colr"]
        return len(kinds) > len(set(kinds))
    return False


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    return ((kind, data[start:end]) for kind, start, end in boxes(data, 0, len(data)))


def _animation(data: bytes) -> CodePoints | None:
    found = [data]
    for kind, skipped in _SAMPLES:
        found = [inner[skipped:] for outer in found for name, inner in _boxes(outer) if name == kind]
    return _nclx(box for entry in found for box in _boxes(entry))


def _meta(data: bytes) -> Mapping[bytes, bytes]:
    """Return the boxes that describe the pictures."""
    top = dict(reversed(list(_boxes(data))))
    return dict(_boxes(top.get(b"meta", b"")[4:]))


def _primary(meta: Mapping[bytes, bytes]) -> int:
    content = meta.get(b"pitm", b"")
    (item,) = struct.unpack_from(">I" if content[:1] > b"\0" else ">H", content, 4)
    return int(item)


def _tiles(meta: Mapping[bytes, bytes], picture: int) -> Iterator[int]:
    """Numbers of the items that a picture is derived from (`dimg`)."""
    content = meta.get(b"iref", b"")
    form = "I" if content[:1] > b"\0" else "H"
    for kind, reference in _boxes(content[4:]):
        start, count = struct.unpack_from(f">{form}H", reference)
        if kind == b"dimg" and start == picture:
            yield from struct.unpack_from(f">{count}{form}", reference, struct.calcsize(f">{form}H"))


def _properties(meta: Mapping[bytes, bytes], item: int) -> Iterator[tuple[bytes, bytes]]:
    properties = list(_boxes(meta.get(b"iprp", b"")))
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


def _nclx(boxes: Iterator[tuple[bytes, bytes]]) -> CodePoints | None:
    for kind, content in boxes:
        if kind == b"colr" and content[:4] == b"nclx":
            primaries, transfer, matrix = struct.unpack_from(">HHH", content, 4)
            return primaries, transfer, matrix
    return None
