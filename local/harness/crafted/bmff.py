"""AVIF and HEIF files: properties added to the main picture of a stored file."""

import struct
from pathlib import Path

ENCODED = Path(__file__).parent / "encoded"
Box = tuple[int, int]  # start and end in the file


def stored(name: str) -> bytes:
    """Return a stored file."""
    return (ENCODED / name).read_bytes()


def rotated(quarters: int) -> bytes:
    """Return an irot property: quarter turns against the clock."""
    return struct.pack(">I4sB", 9, b"irot", quarters)


def mirrored(axis: int) -> bytes:
    """Return an imir property."""
    return struct.pack(">I4sB", 9, b"imir", axis)


def colour(primaries: int, transfer: int, matrix: int = 6, full: int = 1) -> bytes:
    """Return a colr property of code points."""
    return struct.pack(">I4s4sHHHB", 19, b"colr", b"nclx", primaries, transfer, matrix, full << 7)


def profile(data: bytes) -> bytes:
    """Return a colr property of an ICC profile."""
    return struct.pack(">I4s4s", 12 + len(data), b"colr", b"prof") + data


def with_properties(data: bytes, *properties: bytes, instead_of: bytes = b"") -> bytes:
    """Return the file with further properties of its main picture, after or `instead_of` those of a type."""
    meta = _child(data, (0, len(data)), b"meta", 0)
    iprp = _child(data, meta, b"iprp", 4)
    ipco, ipma = _child(data, iprp, b"ipco"), _child(data, iprp, b"ipma")
    (primary,) = struct.unpack(">H", data[_child(data, meta, b"pitm", 4)[0] + 12 :][:2])
    known = [data[start + 4 : start + 8] for start, _ in _children(data, (ipco[0] + 8, ipco[1]))]
    numbers = range(len(known) + 1, len(known) + 1 + len(properties))
    associations = _associations(
        data[slice(*ipma)], primary, numbers, [n for n, k in enumerate(known, 1) if k == instead_of]
    )
    inner = _box(b"ipco", data[ipco[0] + 8 : ipco[1]] + b"".join(properties)) + associations
    growth = len(_box(b"iprp", inner)) - (iprp[1] - iprp[0])
    head = bytearray(data[: iprp[0]] + _box(b"iprp", inner) + data[iprp[1] :])
    head[meta[0] : meta[0] + 4] = struct.pack(">I", meta[1] - meta[0] + growth)
    _move(head, _child(bytes(head), (meta[0], meta[1] + growth), b"iloc", 4), growth)
    return bytes(head)


def _associations(ipma: bytes, primary: int, added: range, dropped: list[int]) -> bytes:
    """Return the ipma box (version 0, small indices) with indices added to and dropped from the main picture's."""
    (count,) = struct.unpack(">I", ipma[12:16])
    at, entries = 16, b""
    for _ in range(count):
        item, length = struct.unpack(">HB", ipma[at : at + 3])
        indices = list(ipma[at + 3 : at + 3 + length])
        at += 3 + length
        if item == primary:
            indices = [index for index in indices if index & 0x7F not in dropped] + [0x80 | index for index in added]
        entries += struct.pack(">HB", item, len(indices)) + bytes(indices)
    return _box(b"ipma", ipma[8:16] + entries)


def _move(data: bytearray, iloc: Box, distance: int) -> None:
    """Add to the offsets of an iloc box (version 0 or 1, sizes of 4 bytes)."""
    at = iloc[0] + 8
    version, sizes = data[at], data[at + 4]
    base_size, index_size = data[at + 5] >> 4, data[at + 5] & 15 if version else 0
    (items,) = struct.unpack(">H", data[at + 6 : at + 8])
    at += 8
    for _ in range(items):
        method = struct.unpack(">H", data[at + 2 : at + 4])[0] & 15 if version else 0
        at += 4 if version == 0 else 6
        base = int.from_bytes(data[at : at + base_size], "big")
        (extents,) = struct.unpack(">H", data[at + base_size : at + base_size + 2])
        moved = base_size and base and method == 0
        if moved:
            data[at : at + base_size] = (base + distance).to_bytes(base_size, "big")
        at += base_size + 2
        for _ in range(extents):
            at += index_size
            width, length = sizes >> 4, sizes & 15
            if not moved and method == 0:
                data[at : at + width] = (int.from_bytes(data[at : at + width], "big") + distance).to_bytes(width, "big")
            at += width + length


def _box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(body), kind) + body


def _children(data: bytes, span: Box) -> list[Box]:
    at, found = span[0], []
    while at + 8 <= span[1]:
        size = struct.unpack(">I", data[at : at + 4])[0]
        found.append((at, at + size))
        at += size
    return found


def _child(data: bytes, parent: Box, kind: bytes, skipped: int | None = None) -> Box:
    """Return the box of a kind inside a parent; `skipped` is what precedes its children besides the header."""
    start = parent[0] if skipped == 0 and kind == b"meta" else parent[0] + 8 + (skipped or 0)
    return next(box for box in _children(data, (start, parent[1])) if data[box[0] + 4 : box[0] + 8] == kind)
