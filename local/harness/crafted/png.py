"""PNG files, chunk by chunk. The pixels are packed without compression: the same bytes with every zlib."""

import struct
import zlib
from collections.abc import Iterable

import numpy as np

from local.harness.crafted.scene import Pixels
from local.harness.hostile_files import chunk

SIGNATURE = b"\x89PNG\r\n\x1a\n"
IEND = chunk(b"IEND", b"")
PALETTE = 3  # the colour type; the others follow from the number of channels
_COLOUR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}


def png(pixels: Pixels, *chunks: bytes, bits: int = 8, colour: int | None = None, after: Iterable[bytes] = ()) -> bytes:
    """Return a PNG of (height, width) or (height, width, channels) samples, with chunks before and after its pixels."""
    return assemble(header(pixels, bits, colour), *chunks, idat(pixels, bits), *after, IEND)


def assemble(*chunks: bytes) -> bytes:
    """Return a file of the given chunks."""
    return SIGNATURE + b"".join(chunks)


def header(pixels: Pixels, bits: int = 8, colour: int | None = None, interlace: int = 0) -> bytes:
    """Return the IHDR chunk of a picture."""
    height, width = pixels.shape[:2]
    kind = _COLOUR_TYPES[1 if pixels.ndim == 2 else pixels.shape[2]] if colour is None else colour
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, interlace))


def idat(pixels: Pixels, bits: int = 8) -> bytes:
    """Return the IDAT chunk of a picture."""
    return chunk(b"IDAT", packed(pixels, bits))


def packed(pixels: Pixels, bits: int = 8) -> bytes:
    """Return the zlib stream of a picture's rows."""
    return stored(b"".join(b"\0" + row for row in rows(pixels, bits)))


def rows(pixels: Pixels, bits: int) -> list[bytes]:
    """Return the bytes of each row: samples of 16 bits with the high byte first, small ones several a byte."""
    flat = pixels.reshape(pixels.shape[0], -1)
    if bits == 16:
        return [row.astype(">u2").tobytes() for row in flat]
    if bits == 8:
        return [row.astype(np.uint8).tobytes() for row in flat]
    planes = [(flat.astype(np.uint8) >> (bits - 1 - bit)) & 1 for bit in range(bits)]
    return [np.packbits(row).tobytes() for row in np.stack(planes, axis=-1).reshape(flat.shape[0], -1)]


def stored(data: bytes) -> bytes:
    """Return a zlib stream of uncompressed blocks."""
    blocks = [data[start : start + 65_535] for start in range(0, len(data), 65_535)] or [b""]
    stream = b"".join(
        struct.pack("<BHH", block is blocks[-1], len(block), 0xFFFF ^ len(block)) + block for block in blocks
    )
    return b"\x78\x01" + stream + struct.pack(">I", zlib.adler32(data))


def palette(colours: Iterable[Iterable[int]]) -> bytes:
    """Return a PLTE chunk."""
    return chunk(b"PLTE", b"".join(bytes(colour) for colour in colours))


def iccp(profile: bytes, name: bytes = b"profile") -> bytes:
    """Return an iCCP chunk."""
    return chunk(b"iCCP", name + b"\0\0" + stored(profile))


def gama(value: float) -> bytes:
    """Return a gAMA chunk."""
    return chunk(b"gAMA", struct.pack(">I", round(value * 100_000)))


def chrm(*values: float) -> bytes:
    """Return a cHRM chunk: x and y of white, red, green and blue."""
    return chunk(b"cHRM", struct.pack(">8I", *(round(value * 100_000) for value in values)))


def cicp(primaries: int, transfer: int, matrix: int = 0, full: int = 1) -> bytes:
    """Return a cICP chunk."""
    return chunk(b"cICP", bytes((primaries, transfer, matrix, full)))


SRGB = chunk(b"sRGB", b"\0")
SRGB_CHRM = (0.3127, 0.329, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06)
P3_CHRM = (0.3127, 0.329, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06)
SWAPPED_CHRM = (0.3127, 0.329, 0.15, 0.06, 0.3, 0.6, 0.64, 0.33)


def indexed(pixels: Pixels) -> tuple[Pixels, list[tuple[int, ...]]]:
    """Return (indices, colours) of a picture of few colours."""
    colours, indices = np.unique(pixels.reshape(-1, pixels.shape[2]), axis=0, return_inverse=True)
    return indices.reshape(pixels.shape[:2]).astype(np.uint8), [tuple(map(int, colour)) for colour in colours]
