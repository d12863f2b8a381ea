"""Decoding of untrusted image files to RGB pixels."""

import io
import struct
import warnings
import zlib

from PIL import Image

from blip2_serving.request import BadRequest

MAX_PIXELS = 50_000_000
FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")

# Exceptions of Pillow's decoders for damaged files, as tested in tests/model/test_blip2_image.py.
_DAMAGED = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    EOFError,
    LookupError,
    ArithmeticError,
    struct.error,
    zlib.error,
)


def open_image(content: bytes) -> Image.Image:
    """Decode the file (its first frame) to RGB.

    Raises BadRequest if it isn't an image of FORMATS, is damaged, or claims more than MAX_PIXELS: the claim is
    read from the header, before anything is decoded, so that a decompression bomb costs nothing.
    """
    try:
        # Pillow's warnings quote the file, which mustn't get into the container's log
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = Image.open(io.BytesIO(content), formats=FORMATS)
            if image.width * image.height <= MAX_PIXELS:
                return image.convert("RGB")
    except Image.DecompressionBombError:
        pass  # Pillow's own, higher limit
    except _DAMAGED:
        raise BadRequest(f'"image" can\'t be decoded; send an intact {", ".join(FORMATS)} file.') from None
    raise BadRequest(f'"image" has more than {MAX_PIXELS // 1_000_000} megapixels; send a smaller one.')
