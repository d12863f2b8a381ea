"""Limits of pixels, which hold for every picture and frame, wherever in a file its size is declared."""

from PIL import Image

from moderation.errors import ImageTooLarge

MAX_PIXELS = 50_000_000
MAX_SIDE = 65_535  # as in JPEG and GIF; to resize a line of a million pixels takes gigabytes


def refuse_size(image: Image.Image) -> None:
    """Raise ImageTooLarge if a picture or frame has too many pixels."""
    if image.width * image.height > MAX_PIXELS or max(image.size) > MAX_SIDE:
        raise ImageTooLarge(
            f"The image has {image.width:,} x {image.height:,} pixels; the limit is {MAX_PIXELS:,} in all and "
            f"{MAX_SIDE:,} a side."
        )
