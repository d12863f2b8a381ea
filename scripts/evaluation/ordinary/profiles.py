"""ICC profiles that phones and cameras write: sRGB, Display P3 and Adobe RGB (1998), built from their numbers."""

import struct
from functools import cache

from PIL import ImageCms

_D50 = (0.9642, 1.0, 0.8249)
# Primaries red, green and blue, adapted to D50: ICC's registry for Display P3, Adobe's specification.
_DISPLAY_P3 = ((0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407))
_ADOBE_RGB = ((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457))
_SRGB_CURVE = (3, (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045))  # ICC's parametric type 3
_ADOBE_CURVE = (0, (563 / 256,))


@cache
def srgb() -> bytes:
    """Return Little CMS's profile of sRGB."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@cache
def display_p3() -> bytes:
    """Return a profile with the numbers of Apple's Display P3."""
    return _profile("Display P3", _DISPLAY_P3, _SRGB_CURVE)


@cache
def adobe_rgb() -> bytes:
    """Return a profile with the numbers of Adobe RGB (1998)."""
    return _profile("Adobe RGB (1998)", _ADOBE_RGB, _ADOBE_CURVE)


def _profile(name: str, primaries: tuple[tuple[float, ...], ...], curve: tuple[int, tuple[float, ...]]) -> bytes:
    kind, numbers = curve
    shared = b"para" + struct.pack(">IHH", 0, kind, 0) + _fixed(*numbers)
    tags = {
        b"desc": _text(name),
        b"cprt": _text("Public domain"),
        b"wtpt": b"XYZ \0\0\0\0" + _fixed(*_D50),
        **{
            tag: b"XYZ \0\0\0\0" + _fixed(*values)
            for tag, values in zip((b"rXYZ", b"gXYZ", b"bXYZ"), primaries, strict=True)
        },
        **dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), shared),
    }
    table, body, start = struct.pack(">I", len(tags)), b"", 128 + 4 + 12 * len(tags)
    for tag, value in tags.items():
        table += tag + struct.pack(">II", start + len(body), len(value))
        body += value + bytes(-len(value) % 4)
    header = struct.pack(">I4sI4s4s4s", start + len(body), b"lcms", 0x04000000, b"mntr", b"RGB ", b"XYZ ")
    header += struct.pack(">6H4s", 2026, 1, 1, 0, 0, 0, b"acsp") + bytes(28) + _fixed(*_D50)
    return header.ljust(128, b"\0") + table + body


def _text(text: str) -> bytes:
    encoded = text.encode("utf-16-be")
    return b"mluc" + struct.pack(">III2s2sII", 0, 1, 12, b"en", b"US", len(encoded), 28) + encoded


def _fixed(*values: float) -> bytes:
    return b"".join(struct.pack(">i", round(value * 65536)) for value in values)
