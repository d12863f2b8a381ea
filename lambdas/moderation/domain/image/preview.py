"""Preview of a picture that shows nothing of it but light and dark."""

import io

from PIL import Image, ImageFilter

SIDE = 32
_BLUR = 3  # pixels of the preview: shapes smaller than a fifth of the picture are gone


def preview(png: bytes) -> bytes:
    """Return a grey, blurred PNG of 32 x 32 pixels of a view."""
    with Image.open(io.BytesIO(png), formats=["PNG"]) as view:
        grey = view.convert("L").resize((SIDE, SIDE), Image.Resampling.BOX)
    buffer = io.BytesIO()
    grey.filter(ImageFilter.GaussianBlur(_BLUR)).save(buffer, "PNG")
    return buffer.getvalue()
