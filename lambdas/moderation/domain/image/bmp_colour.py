"""Colour space that the header of a BMP (version 4 or 5) declares."""

import struct

from moderation.domain.image.cicp import power
from moderation.domain.image.icc import D65, RgbSpace, rgb_profile

_FILE_HEADER = 14
_V4, _V5 = 108, 124
_CALIBRATED, _EMBEDDED = 0, 0x4D424544
_CHROMATICITY, _GAMMA = 1 << 30, 1 << 16  # fixed point


def bmp_profile(data: bytes) -> bytes | None:
    """Return the embedded profile, or one with the header's primaries and gammas. None is sRGB."""
    header = data[_FILE_HEADER:]
    if len(header) < _V4 or int.from_bytes(header[:4], "little") not in (_V4, _V5):
        return None
    (space,) = struct.unpack_from("<I", header, 56)
    if space == _EMBEDDED and header[0] == _V5 and len(header) >= _V5:
        start, size = struct.unpack_from("<II", header, 112)
        return header[start : start + size] or None
    if space != _CALIBRATED:
        return None
    numbers = struct.unpack_from("<9i3I", header, 60)
    red, green, blue = ((numbers[at] / _CHROMATICITY, numbers[at + 1] / _CHROMATICITY) for at in (0, 3, 6))
    curves = [power(gamma / _GAMMA) for gamma in numbers[9:]]
    return rgb_profile(RgbSpace((red, green, blue), D65, (curves[0], curves[1], curves[2])))
