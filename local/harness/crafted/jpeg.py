"""JPEG files, segment by segment."""

import struct
from collections.abc import Iterator

import numpy as np
from PIL import Image

from local.harness.crafted.scene import Pixels, scene
from local.harness.hostile_files import encode

SOI, EOI = b"\xff\xd8", b"\xff\xd9"


def jpeg(pixels: Pixels | None = None, *segments: bytes, **options: object) -> bytes:
    """Return a JPEG without chroma subsampling, with further segments right after its start."""
    image = Image.fromarray(scene() if pixels is None else np.ascontiguousarray(pixels))
    data = encode(image, "JPEG", quality=92, **({} if image.mode == "L" else {"subsampling": 0}), **options)
    return SOI + b"".join(segments) + data[2:]


def segment(marker: int, body: bytes) -> bytes:
    """Return a segment."""
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def split(data: bytes) -> tuple[list[bytes], bytes]:
    """Return (the segments before the first scan, the scan and the rest) of a file."""
    at, segments = 2, []
    while data[at + 1] != 0xDA:
        end = at + 2 + struct.unpack(">H", data[at + 2 : at + 4])[0]
        segments.append(data[at:end])
        at = end
    return segments, data[at:]


def without(data: bytes, *markers: int) -> bytes:
    """Return a file without its segments of the given markers."""
    segments, rest = split(data)
    return SOI + b"".join(part for part in segments if part[1] not in markers) + rest


def icc_segments(
    profile: bytes, parts: int = 1, numbers: list[int] | None = None, count: int | None = None
) -> Iterator[bytes]:
    """Generate the APP2 segments of a profile cut into parts, numbered and counted as told."""
    size = -(-len(profile) // parts)
    for index in range(parts):
        number = numbers[index] if numbers else index + 1
        part = profile[index * size : (index + 1) * size]
        yield segment(0xE2, b"ICC_PROFILE\0" + bytes((number, count or parts)) + part)


def exif(orientation: int, order: str = "<", kind: int = 3, extra: bytes = b"") -> bytes:
    """Return a TIFF structure with one tag, the orientation, as SHORT (3) or LONG (4)."""
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8)
    value = struct.pack(order + ("H2x" if kind == 3 else "I"), orientation)
    return head + struct.pack(order + "HHHI", 1, 0x0112, kind, 1) + value + bytes(4) + extra


def exif_segment(orientation: int, **options: object) -> bytes:
    """Return an APP1 segment with an orientation."""
    return segment(0xE1, b"Exif\0\0" + exif(orientation, **options))  # type: ignore[arg-type]


def adobe(transform: int) -> bytes:
    """Return Adobe's APP14 segment: 0 for no transform, 1 for YCbCr, 2 for YCCK."""
    return segment(0xEE, b"Adobe" + struct.pack(">HHHB", 100, 0, 0, transform))


def cmyk(pixels: Pixels) -> Pixels:
    """Return the inks of a picture, 255 for full ink, without black."""
    inks = 255 - pixels.astype(np.uint8)
    black = inks.min(axis=2) // 2
    return np.dstack([inks - black[..., None], black]).astype(np.uint8)


def cmyk_jpeg(inks: Pixels, *segments: bytes) -> bytes:
    """Return a JPEG of four components as they are, without Adobe's segment."""
    data = encode(
        Image.frombytes("CMYK", inks.shape[1::-1], (255 - inks).astype(np.uint8).tobytes()), "JPEG", quality=92
    )
    return SOI + b"".join(segments) + without(data, 0xEE)[2:]
