"""ICC profiles that change what is seen, broken ones, and ones of the wrong colour space."""

import struct
from collections.abc import Callable

from PIL import Image

from local.harness.crafted import icc, jpeg, png
from local.harness.crafted.scene import grey, scene, with_alpha
from local.harness.crafted.webp import lossless, webp
from local.harness.hostile_files import chunk, encode


def _inverted_lab(red: float, green: float, blue: float) -> icc.Triple:
    return 100 * (1 - (0.3 * red + 0.6 * green + 0.1 * blue)), 60 * (green - red), 60 * (blue - green)


def _grey_lab(red: float, green: float, blue: float) -> icc.Triple:
    return 50 + 4 * (red - blue), 0, 0


def _plain_lab(red: float, green: float, blue: float) -> icc.Triple:
    return 30 * red + 60 * green + 10 * blue, 60 * (red - green), 60 * (green - blue)


def _checked_lab(red: float, green: float, blue: float) -> icc.Triple:
    return 100 * (round(16 * (red + green + blue)) % 2), 0, 0


def _scattered_lab(red: float, green: float, blue: float) -> icc.Triple:
    number = round(8 * red) * 83 + round(8 * green) * 29 + round(8 * blue) * 11
    return number * 37 % 101, number * 53 % 121 - 60, number * 71 % 121 - 60


def _ink_lab(cyan: float, magenta: float, yellow: float, black: float) -> icc.Triple:
    light = 100 * (1 - 0.3 * cyan - 0.5 * magenta - 0.1 * yellow) * (1 - black)
    return light, 70 * (magenta - cyan) * (1 - black), 80 * (yellow - magenta / 2 - cyan / 2) * (1 - black)


_WITHOUT_CURVES = icc.profile(
    {b"rXYZ": icc.xyz(icc.SRGB[0]), b"gXYZ": icc.xyz(icc.SRGB[1]), b"bXYZ": icc.xyz(icc.SRGB[2])}
)
_SWAPPED = (icc.SRGB[2], icc.SRGB[1], icc.SRGB[0])
_ROTATED = (icc.SRGB[1], icc.SRGB[2], icc.SRGB[0])
_SAME = ((0.32, 0.33, 0.27),) * 3
_NEGATIVE = ((1.2, -0.4, 0.2), (-0.4, 1.6, -0.2), (0.16, -0.2, 0.82))
_PRIMARIES = {name: icc.xyz(value) for name, value in zip((b"rXYZ", b"gXYZ", b"bXYZ"), icc.SRGB, strict=True)}
_STEEP = {**_PRIMARIES, **{name: icc.gamma(6) for name in (b"rTRC", b"gTRC", b"bTRC")}}
_CODED = {b"cicp": b"cicp" + bytes(4) + bytes((1, 8, 0, 1))}
_GREY_CODED = icc.profile({**_CODED, b"kTRC": icc.INVERTED}, b"GRAY", version=0x04400000)
_RGB_CODED = icc.profile({**_CODED, **_STEEP}, version=0x04400000)

RGB_PROFILES: dict[str, bytes] = {
    "inverted curve": icc.matrix(icc.INVERTED),
    "threshold curve": icc.matrix(icc.THRESHOLD),
    "flat curve": icc.matrix(icc.FLAT),
    "gamma 0.1": icc.matrix(icc.gamma(0.1)),
    "gamma 1.0": icc.matrix(icc.gamma(1.0)),
    "gamma 1.8": icc.matrix(icc.gamma(1.8)),
    "gamma 8": icc.matrix(icc.gamma(8)),
    "gamma 60": icc.matrix(icc.gamma(60)),
    "swapped primaries": icc.matrix(icc.gamma(2.2), _SWAPPED),
    "rotated primaries": icc.matrix(icc.gamma(2.2), _ROTATED),
    "equal primaries": icc.matrix(icc.gamma(2.2), _SAME),
    "primaries outside of all colours": icc.matrix(icc.gamma(2.2), _NEGATIVE),
    "Display P3": icc.matrix(icc.SRGB_CURVE, icc.P3, 0x04000000),
    "Adobe RGB": icc.matrix(icc.gamma(2.2), icc.ADOBE),
    "ProPhoto": icc.matrix(icc.gamma(1.8), icc.PROPHOTO),
    "sRGB, version 4": icc.matrix(icc.SRGB_CURVE, version=0x04000000),
    "parametric, gamma 6": icc.matrix(icc.parametric(0, 6.0), version=0x04000000),
    "parametric, dark half": icc.matrix(icc.parametric(4, 1.0, 2.0, -1.0, 0.0, 0.5, 0.0, 0.0), version=0x04000000),
    "parametric, negative exponent": icc.matrix(icc.parametric(0, -2.0), version=0x04000000),
    "106 tags": icc.profile({**{b"x%03d" % number: b"text" + bytes(8) for number in range(98)}, **_STEEP}),
    "table, inverted": icc.lut(_inverted_lab),
    "table, all grey": icc.lut(_grey_lab),
    "17 points, alternating": icc.matrix(icc.ALTERNATING),
    "table of 17 points": icc.lut(_plain_lab, points=17),
    "table of 17 points, alternating": icc.lut(_checked_lab, points=17),
    "table of 9 points, scattered": icc.lut(_scattered_lab, points=9),
    "table behind alternating curves": icc.lut(_plain_lab, points=9, given=icc.ALTERNATING_BYTES),
    "table before alternating curves": icc.lut(_plain_lab, points=9, wanted=icc.ALTERNATING_BYTES),
    "table of XYZ": icc.lut(_plain_lab, points=9, pcs=b"XYZ "),
}

BROKEN_PROFILES: dict[str, bytes] = {
    "grey": icc.gray(icc.INVERTED),
    "CMYK": icc.lut(_ink_lab, 4, b"CMYK", b"prtr"),
    "Lab": icc.lut(_inverted_lab, 3, b"Lab ", b"abst"),
    "a link of devices": icc.lut(_inverted_lab, 3, b"RGB ", b"link"),
    "cut short": icc.matrix(icc.INVERTED)[:400],
    "header alone": icc.matrix(icc.INVERTED)[:128],
    "longer than it is": struct.pack(">I", 9_999_999) + icc.matrix(icc.INVERTED)[4:],
    "no signature": icc.matrix(icc.INVERTED).replace(b"acsp", b"xxxx"),
    "no curves": _WITHOUT_CURVES,
    "unknown version": icc.matrix(icc.INVERTED, version=0x09000000),
    "words": b"not a profile at all" * 20,
    "one byte": b"\0",
}


def _in_png(profile: bytes) -> Callable[[], bytes]:
    return lambda: png.png(scene(), png.iccp(profile))


def _in_jpeg(profile: bytes) -> Callable[[], bytes]:
    return lambda: jpeg.jpeg(scene(), *jpeg.icc_segments(profile))


def _tiff(profile: bytes) -> bytes:
    return encode(Image.fromarray(scene()), "TIFF", icc_profile=profile)


_INVERTED = RGB_PROFILES["inverted curve"]
_SWAP = RGB_PROFILES["swapped primaries"]

FILES: dict[str, Callable[[], bytes]] = {
    **{f"PNG, profile: {name}": _in_png(profile) for name, profile in RGB_PROFILES.items()},
    **{
        f"JPEG, profile: {name}": _in_jpeg(RGB_PROFILES[name])
        for name in (
            "inverted curve",
            "gamma 60",
            "Adobe RGB",
            "table, inverted",
            "equal primaries",
            "table of 17 points, alternating",
        )
    },
    "WebP, profile: inverted curve": lambda: webp((b"ICCP", _INVERTED), lossless(), flags=0x20),
    "WebP, profile: swapped primaries": lambda: webp((b"ICCP", _SWAP), lossless(), flags=0x20),
    "WebP, profile that the flags deny": lambda: webp((b"ICCP", _INVERTED), lossless(), flags=0),
    "TIFF, profile: swapped primaries": lambda: _tiff(_SWAP),
    "TIFF, profile: inverted curve": lambda: _tiff(_INVERTED),
    "PNG of grey, grey profile: inverted": lambda: png.png(grey(), png.iccp(icc.gray(icc.INVERTED))),
    "PNG of grey, grey profile: 17 points, alternating": lambda: png.png(grey(), png.iccp(icc.gray(icc.ALTERNATING))),
    "JPEG of grey, grey profile: 17 points, alternating": lambda: jpeg.jpeg(
        grey(), *jpeg.icc_segments(icc.gray(icc.ALTERNATING))
    ),
    "PNG of grey, grey profile: gamma 40": lambda: png.png(grey(), png.iccp(icc.gray(icc.gamma(40)))),
    "PNG of grey, grey profile with code points": lambda: png.png(grey(), png.iccp(_GREY_CODED)),
    "JPEG of grey, grey profile with code points": lambda: jpeg.jpeg(grey(), *jpeg.icc_segments(_GREY_CODED)),
    "PNG of RGB, RGB profile with code points": lambda: png.png(scene(), png.iccp(_RGB_CODED)),
    "PNG of grey, RGB profile: inverted curve": lambda: png.png(grey(), png.iccp(_INVERTED)),
    "PNG of grey and alpha, grey profile: inverted": lambda: png.png(
        with_alpha(grey(), 255), png.iccp(icc.gray(icc.INVERTED))
    ),
    "PNG of 16 bits, profile: inverted curve": lambda: png.png(scene() * 257.0, png.iccp(_INVERTED), bits=16),
    "PNG with alpha, profile: inverted curve": lambda: png.png(with_alpha(scene(), 200), png.iccp(_INVERTED)),
    "PNG of a palette, profile: inverted curve": lambda: _indexed(png.iccp(_INVERTED)),
    "JPEG of grey, grey profile: inverted": lambda: jpeg.jpeg(grey(), *jpeg.icc_segments(icc.gray(icc.INVERTED))),
    "JPEG of grey, RGB profile: inverted curve": lambda: jpeg.jpeg(grey(), *jpeg.icc_segments(_INVERTED)),
    "JPEG of CMYK, CMYK profile": lambda: jpeg.cmyk_jpeg(
        255 - jpeg.cmyk(scene()), jpeg.adobe(0), *jpeg.icc_segments(BROKEN_PROFILES["CMYK"])
    ),
    "JPEG of CMYK, RGB profile": lambda: jpeg.cmyk_jpeg(
        255 - jpeg.cmyk(scene()), jpeg.adobe(0), *jpeg.icc_segments(_INVERTED)
    ),
    **{f"PNG, broken profile: {name}": _in_png(profile) for name, profile in BROKEN_PROFILES.items()},
    **{
        f"JPEG, broken profile: {name}": _in_jpeg(BROKEN_PROFILES[name])
        for name in ("grey", "CMYK", "cut short", "words")
    },
    "JPEG, profile in two segments": lambda: jpeg.jpeg(scene(), *jpeg.icc_segments(_INVERTED, 2)),
    "JPEG, profile's segments in the wrong order": lambda: jpeg.jpeg(
        scene(), *jpeg.icc_segments(_INVERTED, 2, numbers=[2, 1])
    ),
    "JPEG, profile's second segment is missing": lambda: jpeg.jpeg(scene(), *list(jpeg.icc_segments(_INVERTED, 2))[:1]),
    "JPEG, profile's segments counted wrong": lambda: jpeg.jpeg(scene(), *jpeg.icc_segments(_INVERTED, 2, count=5)),
    "JPEG, profile's segments numbered from 0": lambda: jpeg.jpeg(
        scene(), *jpeg.icc_segments(_INVERTED, 2, numbers=[0, 1])
    ),
    "JPEG, two profiles": lambda: jpeg.jpeg(scene(), *jpeg.icc_segments(_SWAP), *jpeg.icc_segments(_INVERTED)),
    "PNG, two profiles": lambda: png.png(scene(), png.iccp(_SWAP), png.iccp(_INVERTED)),
    "PNG, profile after the pixels": lambda: png.png(scene(), after=[png.iccp(_INVERTED)]),
    "PNG, profile with an unknown compression": lambda: png.png(
        scene(), chunk(b"iCCP", b"profile\0\1" + png.stored(_INVERTED))
    ),
    "PNG, profile whose compression is broken": lambda: png.png(
        scene(), chunk(b"iCCP", b"profile\0\0" + png.stored(_INVERTED)[:300])
    ),
    "PNG, profile with no name": lambda: png.png(scene(), png.iccp(_INVERTED, b"")),
    "PNG, profile with a name of 200 letters": lambda: png.png(scene(), png.iccp(_INVERTED, b"n" * 200)),
}


def _indexed(*chunks: bytes) -> bytes:
    indices, colours = png.indexed(scene())
    return png.png(indices, *chunks, png.palette(colours), colour=png.PALETTE)
