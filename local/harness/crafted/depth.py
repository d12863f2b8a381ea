"""Depth: samples of 16 bits that use a fraction of their range, and few bits."""

import struct
from collections.abc import Callable

import numpy as np
from PIL import Image

from local.harness.crafted import png, tiff
from local.harness.crafted.bmff import stored
from local.harness.crafted.png import IEND, PALETTE
from local.harness.crafted.scene import Pixels, grey, scene
from local.harness.hostile_files import chunk, encode


def _scaled(low: float, high: float, pixels: Callable[[], Pixels] = grey) -> Pixels:
    return np.round(low + pixels() / 255 * (high - low)).astype(np.int64).astype(np.uint16)


def _few(bits: int) -> Pixels:
    return grey() >> (8 - bits)


def _palette(bits: int) -> bytes:
    colours = [(255 * index // (2**bits - 1), 90, 255 - 255 * index // (2**bits - 1)) for index in range(2**bits)]
    return png.png(_few(bits), png.palette(colours), bits=bits, colour=PALETTE)


def _indexed_tiff(unit: int, bits: int = 8, odd: int | None = None) -> bytes:
    """Return a TIFF whose palette has the values of 8 bits times `unit`; `odd` is the last value of one unused."""
    indices, colours = png.indexed(scene())
    unused = [(0, 0, 0)] * (2**bits - len(colours))
    values = [unit * value for channel in zip(*colours, *unused, strict=True) for value in channel]
    if odd is not None:
        values[-1] = odd
    return tiff.tiff(indices, bits, tiff.PALETTE, tags={320: tuple(values)})


def _interlaced() -> bytes:
    """Return an Adam7 PNG: seven passes, each a picture of its own."""
    starts = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1))
    passes = (scene()[top::down, left::across] for top, left, down, across in starts)
    body = b"".join(b"\0" + row for each in passes for row in png.rows(each, 8))
    return png.assemble(png.header(scene(), interlace=1), chunk(b"IDAT", png.stored(body)), IEND)


def _float(low: float, high: float) -> Pixels:
    return (low + grey() / 255 * (high - low)).astype(np.float32)


FILES: dict[str, Callable[[], bytes]] = {
    "PNG of 16 bits, grey": lambda: png.png(_scaled(0, 65_535), bits=16),
    "PNG of 16 bits, grey, 12 used": lambda: png.png(_scaled(0, 4_095), bits=16),
    "PNG of 16 bits, grey, 10 used": lambda: png.png(_scaled(0, 1_023), bits=16),
    "PNG of 16 bits, grey, 8 used": lambda: png.png(_scaled(0, 255), bits=16),
    "PNG of 16 bits, grey, a sliver in the middle": lambda: png.png(_scaled(30_000, 31_000), bits=16),
    "PNG of 16 bits, grey, a sliver at the top": lambda: png.png(_scaled(65_000, 65_535), bits=16),
    "PNG of 16 bits, RGB": lambda: png.png(_scaled(0, 65_535, scene), bits=16),
    "PNG of 16 bits, RGB, 12 used": lambda: png.png(_scaled(0, 4_095, scene), bits=16),
    "PNG of 16 bits, RGB, 10 used": lambda: png.png(_scaled(0, 1_023, scene), bits=16),
    "PNG of 16 bits, RGB, one bright pixel": lambda: png.png(_with_spark(_scaled(0, 1_023, scene)), bits=16),
    "PNG of 8 bits, a sliver at the bottom": lambda: png.png(scene() // 32),
    "PNG of 8 bits, a sliver at the top": lambda: png.png(scene() // 32 + 248),
    "PNG of 8 bits, grey, a sliver": lambda: png.png(grey() // 28 + 120),
    "PNG of 8 bits, grey": lambda: png.png(grey()),
    "PNG of 1 bit": lambda: png.png(_few(1), bits=1),
    "PNG of 2 bits": lambda: png.png(_few(2), bits=2),
    "PNG of 4 bits": lambda: png.png(_few(4), bits=4),
    "PNG of a palette of 1 bit": lambda: _palette(1),
    "PNG of a palette of 2 bits": lambda: _palette(2),
    "PNG of a palette of 4 bits": lambda: _palette(4),
    "PNG of a palette, index over its end": lambda: png.png(
        _few(4), png.palette([(20, 40, 60)] * 9), bits=4, colour=PALETTE
    ),
    "PNG of a palette, 256 entries for 4 bits": lambda: png.png(
        _few(4), png.palette([(index, 90, 255 - index) for index in range(256)]), bits=4, colour=PALETTE
    ),
    "PNG, interlaced": _interlaced,
    "TIFF of 16 bits, grey": lambda: tiff.tiff(_scaled(0, 65_535), 16),
    "TIFF of 16 bits, grey, 12 used": lambda: tiff.tiff(_scaled(0, 4_095), 16),
    "TIFF of 16 bits, grey, high byte first": lambda: tiff.tiff(_scaled(0, 65_535), 16, order=">"),
    "TIFF of 16 bits, white is zero": lambda: tiff.tiff(_scaled(0, 65_535), 16, tiff.WHITE_IS_ZERO),
    "TIFF of 16 bits, RGB": lambda: tiff.tiff(_scaled(0, 65_535, scene), 16),
    "TIFF of 16 bits with a sign": lambda: tiff.tiff(_scaled(0, 32_767).astype(np.int16), 16, tags={339: tiff.SIGNED}),
    "TIFF of 32 bits": lambda: tiff.tiff(_scaled(0, 65_535).astype(np.int64) * 65_537, 32),
    "TIFF of floats, 0 to 1": lambda: tiff.tiff(_float(0, 1), 32, tags={339: tiff.FLOAT}),
    "TIFF of floats, -1000 to 3000": lambda: tiff.tiff(_float(-1000, 3000), 32, tags={339: tiff.FLOAT}),
    "TIFF of floats with one that is none": lambda: tiff.tiff(_with_nan(_float(0, 1)), 32, tags={339: tiff.FLOAT}),
    "TIFF of 8 bits, white is zero": lambda: tiff.tiff(grey(), 8, tiff.WHITE_IS_ZERO),
    "TIFF of 1 bit": lambda: tiff.tiff(_few(1), 1),
    "TIFF of 1 bit, white is zero": lambda: tiff.tiff(_few(1), 1, tiff.WHITE_IS_ZERO),
    "TIFF of 4 bits": lambda: tiff.tiff(_few(4), 4),
    "TIFF of a palette": lambda: _indexed_tiff(257),
    "TIFF of a palette of 8 bits": lambda: _indexed_tiff(1),
    "TIFF of a palette of 8 bits but for one colour": lambda: _indexed_tiff(1, odd=40_000),
    "TIFF of a palette of 4 bits, 8 bits a colour": lambda: _indexed_tiff(1, bits=4),
    "TIFF of CMYK": lambda: tiff.tiff(
        np.dstack([255 - scene(), np.zeros(scene().shape[:2], np.uint8)]), 8, tiff.SEPARATED
    ),
    "TIFF of YCbCr, sampling not stated": lambda: tiff.tiff(scene(), 8, tiff.YCBCR),
    "TIFF of YCbCr, half of the colours": lambda: tiff.tiff(scene(), 8, tiff.YCBCR, tags={530: (2, 2)}),
    "TIFF of YCbCr, all of the colours": lambda: tiff.tiff(scene(), 8, tiff.YCBCR, tags={530: (1, 1)}),
    "TIFF of Lab": lambda: tiff.tiff(_lab(), 8, tiff.LAB),
    "BMP of 16 bits, top row first": lambda: _bmp_of_16_bits(),
    "BMP of 4 bits": lambda: encode(Image.fromarray(grey()).quantize(16), "BMP"),
    "BMP of 1 bit": lambda: encode(Image.fromarray(grey()).convert("1", dither=Image.Dither.NONE), "BMP"),
    "HEIC of 10 bits": lambda: stored("deep.heic"),
}


def _with_spark(pixels: Pixels) -> Pixels:
    pixels[0, 0] = 65_535
    return pixels


def _with_nan(pixels: Pixels) -> Pixels:
    pixels[0, 0] = np.nan
    return pixels


def _lab() -> Pixels:
    light = grey()
    return np.dstack([light, (scene()[..., 0] // 4).astype(np.uint8), (scene()[..., 2] // 4).astype(np.uint8)])


def _bmp_of_16_bits() -> bytes:
    """Return a BMP of five bits a sample, its top row first."""
    red, green, blue = (scene()[..., channel].astype(np.uint16) >> 3 for channel in range(3))
    body = (red << 10 | green << 5 | blue).astype("<u2").tobytes()
    height, width = red.shape
    info = struct.pack("<IiiHHIIiiII", 40, width, -height, 1, 16, 0, len(body), 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", 54 + len(body), 0, 0, 54) + info + body
