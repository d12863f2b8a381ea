"""Orientation of a picture by its EXIF, as browsers read it."""

import struct

from PIL import Image

_TAG, _SHORT, _ENTRY = 0x0112, 3, 12
_TRANSPOSES = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def exif_orientation(exif: bytes) -> int:
    """Return the first valid orientation (1 to 8) of the first directory of TIFF-structured EXIF, 1 if it has none."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(exif[:4])
    if order is None or len(exif) < 8:
        return 1
    (start,) = struct.unpack_from(order + "I", exif, 4)
    if start + 2 > len(exif):
        return 1
    (entries,) = struct.unpack_from(order + "H", exif, start)
    for at in range(start + 2, min(start + 2 + entries * _ENTRY, len(exif) - _ENTRY + 1), _ENTRY):
        tag, kind, count, value = struct.unpack_from(order + "HHIH", exif, at)
        if (tag, kind, count) == (_TAG, _SHORT, 1) and 1 <= value <= 8:
            return int(value)
    return 1


def upright(image: Image.Image, orientation: int) -> Image.Image:
    """Rotate and mirror a picture by its EXIF orientation."""
    method = _TRANSPOSES.get(orientation)
    return image if method is None else image.transpose(method)
