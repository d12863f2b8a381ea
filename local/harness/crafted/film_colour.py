"""AVIF and HEIC files whose colours are declared by code points, as those of films are."""

from collections.abc import Callable, Mapping

from local.harness.crafted import bmff, icc

_POINTS: Mapping[str, tuple[int, int, int, int]] = {
    "sRGB": (1, 13, 6, 1),
    "of a narrow range": (1, 13, 6, 0),
    "unspecified": (2, 2, 2, 1),
    "Display P3": (12, 13, 6, 1),
    "Display P3, BT.709 matrix": (12, 13, 1, 1),
    "BT.470M primaries": (4, 13, 6, 1),
    "film primaries": (8, 13, 6, 1),
    "BT.2020": (9, 14, 9, 0),
    "XYZ primaries, linear": (10, 8, 6, 1),
    "cinema, narrow range": (11, 17, 6, 0),
    "gamma 2.2": (1, 4, 6, 1),
    "gamma 2.8": (1, 5, 6, 1),
    "SMPTE 240M": (7, 7, 7, 1),
    "linear": (1, 8, 6, 1),
    "logarithmic": (1, 9, 6, 1),
    "xvYCC": (1, 11, 6, 1),
    "PQ": (9, 16, 9, 1),
    "HLG": (9, 18, 9, 1),
    "GBR": (1, 13, 0, 1),
    "GBR of a narrow range": (1, 13, 0, 0),
    "YCgCo": (1, 13, 8, 1),
    "BT.2020 constant luminance": (9, 14, 10, 1),
    "matrix derived from the primaries": (9, 13, 12, 1),
    "ICtCp": (9, 14, 14, 1),
    "unknown numbers": (77, 99, 6, 1),
}
_SWAPPED = bmff.profile(icc.matrix(icc.gamma(2.2), (icc.SRGB[2], icc.SRGB[1], icc.SRGB[0])))
_SRGB, _LINEAR, _GBR = bmff.colour(1, 13), bmff.colour(1, 8), bmff.colour(1, 13, 0)


def _coded(name: str, *properties: bytes) -> Callable[[], bytes]:
    return lambda: bmff.with_properties(bmff.stored(name), *properties, instead_of=b"colr")


FILES: dict[str, Callable[[], bytes]] = {
    **{f"HEIC, {name}": _coded("opaque.heic", bmff.colour(*points)) for name, points in _POINTS.items()},
    **{
        f"HEIC with alpha, {name}": _coded("alpha.heic", bmff.colour(*_POINTS[name]))
        for name in ("Display P3", "XYZ primaries, linear", "gamma 2.8", "GBR")
    },
    "HEIC of 10 bits, BT.2020": _coded("deep.heic", bmff.colour(9, 14, 9)),
    "HEIC, a profile and linear": _coded("opaque.heic", _SWAPPED, _LINEAR),
    "HEIC, linear and a profile": _coded("opaque.heic", _LINEAR, _SWAPPED),
    "HEIC, a profile and GBR": _coded("opaque.heic", _SWAPPED, _GBR),
    "HEIC, sRGB and linear": _coded("opaque.heic", _SRGB, _LINEAR),
    "HEIC, GBR and sRGB": _coded("opaque.heic", _GBR, _SRGB),
    **{
        f"AVIF, {name}": _coded("opaque.avif", bmff.colour(*points))
        for name, points in _POINTS.items()
        if points[2] in (1, 2, 6, 9)
    },
    "AVIF with alpha, gamma 2.8": _coded("alpha.avif", bmff.colour(*_POINTS["gamma 2.8"])),
    "AVIF, sRGB and linear": _coded("opaque.avif", _SRGB, _LINEAR),
}
