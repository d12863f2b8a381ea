"""WebP files, chunk by chunk, around encoded pixels that are stored beside this module."""

import struct
from pathlib import Path

ENCODED = Path(__file__).parent / "encoded"
ICC, ALPHA, EXIF, XMP, ANIMATION = 0x20, 0x10, 0x08, 0x04, 0x02
Part = tuple[bytes, bytes]


def stored(name: str) -> Part:
    """Return the chunk of pixels of a stored file."""
    data = (ENCODED / name).read_bytes()
    at = 12
    while data[at : at + 4] not in (b"VP8 ", b"VP8L"):
        at += 8 + _padded(struct.unpack("<I", data[at + 4 : at + 8])[0])
    (size,) = struct.unpack("<I", data[at + 4 : at + 8])
    return data[at : at + 4], data[at + 8 : at + 8 + size]


def lossless() -> Part:
    """Return the opaque picture, without loss."""
    return stored("opaque.webp")


def webp(*parts: Part, flags: int | None = None, size: tuple[int, int] = (96, 64)) -> bytes:
    """Return a file of chunks, after a VP8X chunk if `flags` are given."""
    extended = [] if flags is None else [(b"VP8X", struct.pack("<I", flags) + _minus_one(*size))]
    body = b"WEBP" + b"".join(chunk(*part) for part in (*extended, *parts))
    return b"RIFF" + struct.pack("<I", len(body)) + body


def chunk(kind: bytes, body: bytes) -> bytes:
    """Return a chunk, padded to an even length."""
    return kind + struct.pack("<I", len(body)) + body + bytes(len(body) % 2)


def frame(part: Part, size: tuple[int, int] = (96, 64), at: tuple[int, int] = (0, 0), flags: int = 0) -> Part:
    """Return a frame of an animation, shown for a tenth of a second."""
    places = struct.pack("<I", at[0] // 2)[:3] + struct.pack("<I", at[1] // 2)[:3]
    return b"ANMF", places + _minus_one(*size) + struct.pack("<I", 100)[:3] + bytes((flags,)) + chunk(*part)


def loop(background: bytes = bytes(4)) -> Part:
    """Return the chunk that starts an animation."""
    return b"ANIM", background + bytes(2)


def _minus_one(*sides: int) -> bytes:
    return b"".join(struct.pack("<I", side - 1)[:3] for side in sides)


def _padded(size: int) -> int:
    return size + size % 2
