"""Colour chunks of PNG: gAMA, cHRM, sRGB, cICP, and which of them wins."""

import struct
from collections.abc import Callable

import numpy as np

from local.harness.crafted import icc, png
from local.harness.crafted.png import P3_CHRM, SRGB, SRGB_CHRM, SWAPPED_CHRM, chrm, cicp, gama, iccp
from local.harness.crafted.scene import Pixels, grey, scene, with_alpha
from local.harness.hostile_files import chunk

_INVERTED = iccp(icc.matrix(icc.INVERTED))
_SWAPPED = iccp(icc.matrix(icc.gamma(2.2), (icc.SRGB[2], icc.SRGB[1], icc.SRGB[0])))


def _faint() -> Pixels:
    """Return the picture in samples of 248 and more, which a low gAMA pulls apart."""
    return np.asarray(scene() // 32 + 248).astype(np.uint8)


def _dark() -> Pixels:
    return np.asarray(scene() // 12).astype(np.uint8)


def _of(*chunks: bytes, pixels: Callable[[], Pixels] = scene) -> Callable[[], bytes]:
    return lambda: png.png(pixels(), *chunks)


FILES: dict[str, Callable[[], bytes]] = {
    **{
        f"gAMA {value}": _of(gama(value))
        for value in (0, 0.00001, 0.03, 0.1, 0.22, 0.45455, 0.5556, 1, 2.2, 5, 10, 21474)
    },
    "gAMA 0.03, a faint picture": _of(gama(0.03), pixels=_faint),
    "gAMA 5, a dark picture": _of(gama(5), pixels=_dark),
    "gAMA 0.1, grey": _of(gama(0.1), pixels=grey),
    "gAMA 0.1, alpha": lambda: png.png(with_alpha(scene(), 180), gama(0.1)),
    "gAMA 0.1, 16 bits": lambda: png.png(scene() * 257.0, gama(0.1), bits=16),
    "gAMA 0.1, palette": lambda: _indexed(gama(0.1)),
    "gAMA 0.1 after the palette": lambda: _indexed(b"", gama(0.1)),
    "gAMA 0.1 after the pixels": lambda: png.png(scene(), after=[gama(0.1)]),
    "gAMA 0.1 between the pixels": lambda: _between(gama(0.1)),
    "gAMA twice, 0.45 and 0.03": _of(gama(0.45455), gama(0.03)),
    "gAMA twice, 0.03 and 0.45": _of(gama(0.03), gama(0.45455)),
    "gAMA of three bytes": _of(chunk(b"gAMA", b"\0\0\x0a")),
    "gAMA with a wrong checksum": _of(gama(0.03)[:-1] + b"\0"),
    "cHRM of sRGB": _of(chrm(*SRGB_CHRM)),
    "cHRM of Display P3": _of(chrm(*P3_CHRM)),
    "cHRM swapped, no gAMA": _of(chrm(*SWAPPED_CHRM)),
    "cHRM swapped and gAMA": _of(chrm(*SWAPPED_CHRM), gama(0.45455)),
    "cHRM in one point": _of(chrm(*(0.3127, 0.329) * 4), gama(0.45455)),
    "cHRM on a line": _of(chrm(0.3127, 0.329, 0.2, 0.2, 0.3, 0.3, 0.4, 0.4), gama(0.45455)),
    "cHRM of zeros": _of(chrm(*[0] * 8), gama(0.45455)),
    "cHRM with another white": _of(chrm(0.45, 0.41, *SRGB_CHRM[2:]), gama(0.45455)),
    "cHRM of Display P3 and gAMA 0.1": _of(chrm(*P3_CHRM), gama(0.1)),
    "sRGB": _of(SRGB),
    "sRGB of an unknown intent": _of(chunk(b"sRGB", b"\x09")),
    "sRGB of two bytes": _of(chunk(b"sRGB", b"\0\0"), gama(0.1)),
    "sRGB, then gAMA 0.03": _of(SRGB, gama(0.03)),
    "gAMA 0.03, then sRGB": _of(gama(0.03), SRGB),
    "sRGB and cHRM swapped": _of(SRGB, chrm(*SWAPPED_CHRM), gama(0.45455)),
    "sRGB after the pixels, gAMA 0.1 before": lambda: png.png(scene(), gama(0.1), after=[SRGB]),
    "iCCP inverted and gAMA 0.1": _of(_INVERTED, gama(0.1)),
    "gAMA 0.1, then iCCP swapped": _of(gama(0.1), _SWAPPED),
    "iCCP inverted, then sRGB": _of(_INVERTED, SRGB),
    "sRGB, then iCCP inverted": _of(SRGB, _INVERTED),
    "iCCP swapped and cHRM swapped": _of(_SWAPPED, chrm(*SWAPPED_CHRM), gama(0.45455)),
    "a broken iCCP and gAMA 0.1": _of(iccp(b"no profile" * 20), gama(0.1)),
    "a broken iCCP and sRGB": _of(iccp(b"no profile" * 20), SRGB),
    "iCCP of grey and gAMA 0.1": _of(iccp(icc.gray(icc.INVERTED)), gama(0.1)),
    "iCCP after the palette, gAMA 0.1 before": lambda: _indexed(gama(0.1), _INVERTED),
    "cICP sRGB": _of(cicp(1, 13)),
    "cICP Display P3": _of(cicp(12, 13)),
    "cICP BT.2020": _of(cicp(9, 14)),
    "cICP BT.709 curve": _of(cicp(1, 1)),
    "cICP linear": _of(cicp(1, 8)),
    "cICP gamma 2.8": _of(cicp(1, 5)),
    "cICP PQ": _of(cicp(9, 16)),
    "cICP HLG": _of(cicp(9, 18)),
    "cICP PQ of 16 bits": lambda: png.png(scene() * 257.0, cicp(9, 16), bits=16),
    "cICP PQ, grey": _of(cicp(9, 16), pixels=grey),
    "cICP with a matrix": _of(cicp(12, 13, matrix=1)),
    "cICP of a narrow range": _of(cicp(12, 13, full=0)),
    "cICP of unknown numbers": _of(cicp(250, 250)),
    "cICP of zeros": _of(cicp(0, 0, 0, 0)),
    "cICP unspecified": _of(cicp(2, 2)),
    "cICP of three bytes": _of(chunk(b"cICP", b"\x09\x10\0")),
    "cICP twice, sRGB and PQ": _of(cicp(1, 13), cicp(9, 16)),
    "cICP PQ after the pixels": lambda: png.png(scene(), after=[cicp(9, 16)]),
    "cICP with a wrong checksum": _of(cicp(9, 8)[:-1] + b"\0"),
    "cICP linear and iCCP inverted": _of(cicp(1, 8), _INVERTED),
    "iCCP inverted, then cICP sRGB": _of(_INVERTED, cicp(1, 13)),
    "cICP linear and sRGB": _of(cicp(1, 8), SRGB),
    "cICP sRGB and gAMA 0.03": _of(cicp(1, 13), gama(0.03)),
    "gAMA 0.03, then cICP sRGB": _of(gama(0.03), cicp(1, 13)),
    "cICP of unknown numbers and gAMA 0.1": _of(cicp(250, 250), gama(0.1)),
    "cICP linear, grey": _of(cicp(1, 8), pixels=grey),
    "sBIT of 3 bits": _of(chunk(b"sBIT", b"\3\3\3")),
    "sBIT of no bits": _of(chunk(b"sBIT", b"\0\0\0")),
    "sBIT of 10 bits in 16": lambda: png.png(scene() * 4.0, chunk(b"sBIT", b"\x0a\x0a\x0a"), bits=16),
    "bKGD black, alpha": lambda: png.png(with_alpha(scene(), 120), chunk(b"bKGD", bytes(6))),
    "bKGD white, alpha": lambda: png.png(with_alpha(scene(), 120), chunk(b"bKGD", b"\0\xff" * 3)),
    "pHYs of 3 to 1": _of(chunk(b"pHYs", struct.pack(">IIB", 3000, 1000, 0))),
}


def _indexed(before: bytes = b"", behind: bytes = b"") -> bytes:
    indices, colours = png.indexed(scene())
    return png.png(indices, before, png.palette(colours), behind, colour=png.PALETTE)


def _between(middle: bytes) -> bytes:
    stream = png.packed(scene())
    parts = chunk(b"IDAT", stream[:900]), middle, chunk(b"IDAT", stream[900:])
    return png.assemble(png.header(scene()), *parts, png.IEND)
