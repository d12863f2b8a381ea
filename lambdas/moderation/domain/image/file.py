"""Opening of untrusted files: accepted formats, and limits that are checked before anything is decoded."""

import io
import struct
import warnings
import zlib

import pi_heif
from PIL import Image

from moderation.domain.image.kinds import unsupported_kind
from moderation.domain.image.structure import checked
from moderation.domain.limits import MAX_BYTES
from moderation.errors import ImageTooLarge, UnreadableImage, UnsupportedImage

MAX_PIXELS = 50_000_000
MAX_SIDE = 65_535  # as in JPEG and GIF; to resize a line of a million pixels takes gigabytes
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
        image = Image.open(io.BytesIO(checked(data)), formats=FORMATS)
    except Image.DecompressionBombError as error:
        raise ImageTooLarge(f"The image's header declares over {MAX_PIXELS:,} pixels.") from error
    except DECODER_FAULTS as error:
        raise UnreadableImage(f"The object isn't an image of an accepted format ({', '.join(FORMATS)}).") from error
    refuse_size(image)
    return image


def refuse_size(image: Image.Image) -> None:
    """Raise ImageTooLarge if a picture or frame has too many pixels."""
    if image.width * image.height > MAX_PIXELS or max(image.size) > MAX_SIDE:
        raise ImageTooLarge(
            f"The image has {image.width:,} x {image.height:,} pixels; the limit is {MAX_PIXELS:,} in all and "
            f"{MAX_SIDE:,} a side."
        )
