"""Faults of metadata, in files whose picture is sound."""

import struct
from collections.abc import Callable

from local.harness.crafted import icc, jpeg, png
from local.harness.crafted.jpeg import segment
from local.harness.crafted.scene import scene
from local.harness.crafted.webp import EXIF, ICC, XMP, lossless, webp
from local.harness.hostile_files import chunk

_LONG_TEXT = b"word " * 400_000  # 2 MB, over Pillow's limit of 1 MB for a text
_BIG_PROFILE = icc.profile({b"priv": bytes(2_000_000)})


def _png(*chunks: bytes) -> Callable[[], bytes]:
    return lambda: png.png(scene(), *chunks)


def _jpeg(*segments: bytes) -> Callable[[], bytes]:
    return lambda: jpeg.jpeg(scene(), *segments)


FILES: dict[str, Callable[[], bytes]] = {
    "PNG, compressed text over the limit": lambda: _png(chunk(b"zTXt", b"Comment\0\0" + png.stored(_LONG_TEXT)))(),
    "PNG, international text over the limit": lambda: _png(
        chunk(b"iTXt", b"Comment\0\1\0\0\0" + png.stored(_LONG_TEXT))
    )(),
    "PNG, plain text over the limit": _png(chunk(b"tEXt", b"Comment\0" + _LONG_TEXT)),
    "PNG, three texts over the limit together": lambda: _png(
        *[chunk(b"zTXt", b"Comment\0\0" + png.stored(b"word " * 600_000))] * 3
    )(),
    "PNG, text behind the pixels over the limit": lambda: png.png(
        scene(), after=[chunk(b"zTXt", b"Comment\0\0" + png.stored(_LONG_TEXT))]
    ),
    "PNG, compressed text that is none": _png(chunk(b"zTXt", b"Comment\0\0no zlib stream")),
    "PNG, compressed text of an unknown kind": _png(chunk(b"zTXt", b"Comment\0\x07no zlib stream")),
    "PNG, text with no key": _png(chunk(b"tEXt", b"")),
    "PNG, international text cut short": _png(chunk(b"iTXt", b"Comment\0")),
    "PNG, international text of wrong letters": _png(chunk(b"iTXt", b"Comment\0\0\0\0\0\xff\xfe\xff")),
    "PNG, time that is none": _png(chunk(b"tIME", b"\xff" * 7)),
    "PNG, time cut short": _png(chunk(b"tIME", b"\7")),
    "PNG, pHYs cut short": _png(chunk(b"pHYs", b"\0\0")),
    "PNG, EXIF that is none": _png(chunk(b"eXIf", b"no EXIF at all")),
    "PNG, EXIF of nothing": _png(chunk(b"eXIf", b"")),
    "PNG, profile of 2 MB": lambda: _png(png.iccp(_BIG_PROFILE))(),
    "PNG, a raw profile of EXIF that is none": _png(chunk(b"tEXt", b"Raw profile type exif\0\nexif\n 8\nzzzz")),
    "PNG, cHRM cut short": _png(chunk(b"cHRM", bytes(9))),
    "PNG, sRGB of nothing": _png(chunk(b"sRGB", b"")),
    "PNG, bKGD of a wrong length": _png(chunk(b"bKGD", b"\0")),
    "PNG, 300 unknown chunks": _png(*[chunk(b"abCd", b"x" * 50)] * 300),
    "JPEG, EXIF that is none": _jpeg(segment(0xE1, b"Exif\0\0no EXIF at all, but words")),
    "JPEG, EXIF of nothing": _jpeg(segment(0xE1, b"Exif\0\0")),
    "JPEG, EXIF that loops": _jpeg(segment(0xE1, b"Exif\0\0II*\0\x08\0\0\0\0\0\x08\0\0\0")),
    "JPEG, EXIF of a thousand entries that aren't there": _jpeg(segment(0xE1, b"Exif\0\0II*\0\x08\0\0\0\xe8\x03")),
    "JPEG, XMP that is none": _jpeg(segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x:broken")),
    "JPEG, Photoshop block that is none": _jpeg(segment(0xED, b"Photoshop 3.0\0junk")),
    "JPEG, Photoshop block with wrong lengths": _jpeg(
        segment(0xED, b"Photoshop 3.0\x008BIM" + struct.pack(">HHI", 0x03ED, 0, 0xFFFFFF) + b"x")
    ),
    "JPEG, JFIF cut short": lambda: jpeg.SOI + segment(0xE0, b"JFIF\0") + jpeg.without(jpeg.jpeg(scene()), 0xE0)[2:],
    "JPEG, Adobe segment cut short": _jpeg(segment(0xEE, b"Adobe\0")),
    "JPEG, comment of 60 KB": _jpeg(segment(0xFE, b"word " * 12_000)),
    "JPEG, profile of 2 MB": lambda: _jpeg(*jpeg.icc_segments(_BIG_PROFILE, 32))(),
    "JPEG, several pictures announced, none there": _jpeg(segment(0xE2, b"MPF\0II*\0\x08\0\0\0\0\0\0\0\0\0")),
    "JPEG, several pictures announced by junk": _jpeg(segment(0xE2, b"MPF\0junk")),
    "WebP, EXIF that is none": lambda: webp(lossless(), (b"EXIF", b"no EXIF"), flags=EXIF),
    "WebP, EXIF flagged, none there": lambda: webp(lossless(), flags=EXIF),
    "WebP, XMP that is none": lambda: webp(lossless(), (b"XMP ", b"<x:broken"), flags=XMP),
    "WebP, profile that is none": lambda: webp((b"ICCP", b"no profile"), lossless(), flags=ICC),
    "WebP, profile flagged, none there": lambda: webp(lossless(), flags=ICC),
}
