"""TIFF files from their tags, in one strip."""

import struct
from collections.abc import Mapping
from typing import Literal

import numpy as np

from local.harness.crafted.png import rows
from local.harness.crafted.scene import Pixels

BLACK_IS_ZERO, WHITE_IS_ZERO, RGB, PALETTE, SEPARATED, YCBCR, LAB = 1, 0, 2, 3, 5, 6, 8
UNSIGNED, SIGNED, FLOAT = 1, 2, 3
Order = Literal["<", ">"]
Tags = Mapping[int, int | tuple[int, ...]]


def tiff(
    pixels: Pixels, bits: int = 8, photometric: int | None = None, tags: Tags | None = None, order: Order = "<"
) -> bytes:
    """Return a TIFF of (height, width) or (height, width, channels) samples; `tags` adds SHORT values."""
    height, width = pixels.shape[:2]
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    body = _samples(pixels, bits, order)
    shorts: dict[int, int | tuple[int, ...]] = {
        258: (bits,) * channels,
        259: 1,
        262: (BLACK_IS_ZERO if channels < 3 else RGB) if photometric is None else photometric,
        277: channels,
        284: 1,
        **(tags or {}),
    }
    longs = {256: width, 257: height, 273: 8, 278: height, 279: len(body)}
    at, entries, extra = 8 + len(body) + len(body) % 2, b"", b""
    start = at
    table = 2 + 12 * (len(shorts) + len(longs)) + 4
    for tag in sorted({**shorts, **longs}):
        if tag in longs:
            entries += struct.pack(order + "HHII", tag, 4, 1, longs[tag])
            continue
        each = shorts[tag]
        values = each if isinstance(each, tuple) else (each,)
        packed = struct.pack(f"{order}{len(values)}H", *values)
        if len(packed) > 4:
            entries += struct.pack(order + "HHII", tag, 3, len(values), start + table + len(extra))
            extra += packed + bytes(len(packed) % 4)
        else:
            entries += struct.pack(order + "HHI", tag, 3, len(values)) + packed.ljust(4, b"\0")
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", start)
    directory = struct.pack(order + "H", len(shorts) + len(longs)) + entries + bytes(4)
    return head + body + bytes(len(body) % 2) + directory + extra


def _samples(pixels: Pixels, bits: int, order: Order) -> bytes:
    if pixels.dtype.kind in "fi":
        return pixels.astype(pixels.dtype.newbyteorder(order)).tobytes()
    if bits == 16:
        return np.ascontiguousarray(pixels).astype(order + "u2").tobytes()
    if bits == 32:
        return np.ascontiguousarray(pixels).astype(order + "u4").tobytes()
    return b"".join(rows(pixels, bits))
