"""Coding-independent code points (ITU-T H.273): the numbers by which PNG, AVIF and ICC name primaries and curves."""

from moderation.domain.image.icc import D65, Curve, Point, RgbSpace, rgb_profile
from moderation.errors import UnsupportedImage

_HDR = {16: "PQ", 18: "HLG"}
_C: Point = (0.310, 0.316)
_THIRD: Point = (1 / 3, 1 / 3)
_DCI: Point = (0.314, 0.351)
_P3 = ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060))
_SMPTE_C = ((0.630, 0.340), (0.310, 0.595), (0.155, 0.070))
_PRIMARIES: dict[int, tuple[tuple[Point, Point, Point], Point]] = {
    1: (((0.640, 0.330), (0.300, 0.600), (0.150, 0.060)), D65),
    4: (((0.670, 0.330), (0.210, 0.710), (0.140, 0.080)), _C),
    5: (((0.640, 0.330), (0.290, 0.600), (0.150, 0.060)), D65),
    6: (_SMPTE_C, D65),
    7: (_SMPTE_C, D65),
    8: (((0.681, 0.319), (0.243, 0.692), (0.145, 0.049)), _C),
    9: (((0.708, 0.292), (0.170, 0.797), (0.131, 0.046)), D65),
    10: (((1.0, 0.0), (0.0, 1.0), (0.0, 0.0)), _THIRD),
    11: (_P3, _DCI),
    12: (_P3, D65),
    22: (((0.630, 0.340), (0.295, 0.605), (0.155, 0.077)), D65),
}


def _linear_below(limit: float, slope: float, offset: float, exponent: float) -> Curve:
    """Return the inverse of a camera's curve: a line up to `limit`, then a power."""
    return lambda value: value / slope if value < limit else ((value + offset) / (1 + offset)) ** exponent


def power(exponent: float) -> Curve:
    """Return value ** exponent, with 0 kept for any exponent."""
    return lambda value: value**exponent if value > 0 else 0.0


srgb_curve = _linear_below(0.04045, 12.92, 0.055, 2.4)
_television_curve = power(2.4)  # as television sets show it, not as cameras record it
_CURVES: dict[int, Curve] = {
    1: _television_curve,
    4: power(2.2),
    5: power(2.8),
    6: _television_curve,
    7: _linear_below(0.0912, 4.0, 0.1115, 1 / 0.45),
    8: power(1.0),
    11: _television_curve,
    13: srgb_curve,
    14: _television_curve,
    15: _television_curve,
    17: lambda value: 52.37 / 48 * value**2.6,
}
BT709_PRIMARIES = _PRIMARIES[1][0]
_TELEVISION = (1, 6, 14, 15)


def code_point_profile(primaries: int, transfer: int) -> bytes | None:
    """Return the profile of a pair of code points, None if one of them names nothing.

    Raises UnsupportedImage for PQ and HLG: how a high dynamic range is shown depends on the display.
    """
    if transfer in _HDR:
        raise UnsupportedImage(f"The image has a high dynamic range ({_HDR[transfer]}), which isn't accepted.")
    if primaries not in _PRIMARIES or transfer not in _CURVES:
        return None
    points, white = _PRIMARIES[primaries]
    return rgb_profile(RgbSpace(points, white, (_CURVES[transfer],) * 3))


def video_profile(primaries: int, transfer: int) -> bytes | None:
    """Return the profile of a film's code points: browsers take unknown ones, and television's curves, for sRGB's."""
    return code_point_profile(
        primaries if primaries in _PRIMARIES else 1,
        13 if transfer in _TELEVISION or transfer not in (*_CURVES, *_HDR) else transfer,
    )
