"""Opening of untrusted files: accepted formats, and limits that are checked before anything is decoded."""

import io
import re
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

import pi_heif
from PIL import Image

from moderation.domain.image.contradiction import contradictory
from moderation.domain.image.kinds import unsupported_kind
from moderation.domain.image.size import MAX_PIXELS, refuse_size
from moderation.domain.image.structure import checked
from moderation.domain.image.tiff import is_of_structure
from moderation.domain.limits import MAX_BYTES
from moderation.errors import ImageTooLarge, UnreadableImage, UnsupportedImage

FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "AVIF", "HEIF")

# What Pillow's decoders raise on bytes that aren't what their header says.
DECODER_FAULTS = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    AttributeError,
    RuntimeError,
    EOFError,
    MemoryError,
    struct.error,
    zlib.error,
)

_WARNED_TAG = re.compile(r"tag (\d+) had too many entries|Skipping tag (\d+)")

# Pillow refuses twice this, wherever in a file the size is declared, and warns above this value itself.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS // 2
warnings.simplefilter("ignore", Image.DecompressionBombWarning)

# Of a HEIF file the primary picture alone is decoded, upright; its thumbnails and depth maps are left alone.
pi_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False)


def open_file(data: bytes) -> Image.Image:
    """Check the structure and read the header.

    Raises ImageTooLarge, UnsupportedImage for a file of another known kind, UnreadableImage for what else isn't an
    intact image of FORMATS.
    """
    if not data:
        raise UnreadableImage("The object is empty (0 bytes): there is nothing to moderate.")
    if len(data) > MAX_BYTES:
        raise ImageTooLarge(f"The object has {len(data):,} bytes; the limit is {MAX_BYTES:,}.")
    if kind := unsupported_kind(data):
        raise UnsupportedImage(f"The object is {kind}, not a picture of an accepted format ({', '.join(FORMATS)}).")
    try:
        with warnings.catch_warnings(record=True) as noticed:
            warnings.simplefilter("always", UserWarning)
            image = Image.open(io.BytesIO(checked(data)), formats=FORMATS)
    except Image.DecompressionBombError as error:
        raise ImageTooLarge(f"The image's header declares over {MAX_PIXELS:,} pixels.") from error
    except DECODER_FAULTS as error:
        formats = ", ".join(FORMATS)
        raise UnreadableImage(f"The object isn't an intact image of an accepted format ({formats}).") from error
    if image.format == "TIFF" and any(_is_of_the_picture(str(warning.message)) for warning in noticed):
        raise contradictory("TIFF", "its directory is inconsistent")
    refuse_size(image)
    return image


@contextmanager
def decoding(format: str) -> Iterator[None]:
    """Raise what Pillow's decoders raise as ImageTooLarge and UnreadableImage."""
    try:
        yield
    except Image.DecompressionBombError as error:
        raise ImageTooLarge(f"A frame of the image declares over {MAX_PIXELS:,} pixels.") from error
    except DECODER_FAULTS as error:
        raise UnreadableImage(
            f"The {format} file is damaged or cut short: it can't be decoded ({type(error).__name__})."
        ) from error


def _is_of_the_picture(warning: str) -> bool:
    """Tell the decoder's warning about the picture from one about its metadata."""
    tag = _WARNED_TAG.search(warning)
    return "Truncated" in warning or (tag is not None and is_of_structure(int(tag[1] or tag[2])))
