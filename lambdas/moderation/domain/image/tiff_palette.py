"""Palettes of TIFF pictures."""

from PIL import Image, ImagePalette

_COLORMAP = 320
_EIGHT_BITS = 256


def read_palette_of_bytes(frame: Image.Image) -> None:
    """Take a palette for one of 8 bits if all its values are under 256, as libtiff does; the format asks for 16.

    To be called before the frame's pixels are decoded.
    """
    values = getattr(frame, "tag_v2", {}).get(_COLORMAP, ()) if frame.mode in ("P", "PA") else ()
    if values and max(values) < _EIGHT_BITS:
        frame.palette = ImagePalette.raw("RGB;L", bytes(values))
