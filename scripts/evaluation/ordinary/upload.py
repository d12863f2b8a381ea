"""A generated upload, as the project's own scripts make it."""

import io
from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image


@dataclass(frozen=True)
class Upload:
    """File to upload, with the caption that a vision model would give it. `content_type` None sends no header."""

    data: bytes
    caption: str
    content_type: str | None = None


@dataclass(frozen=True)
class Material:
    """Kind of ordinary upload: `make` returns the file of a number from 0 to `count`, always the same."""

    name: str
    count: int
    make: Callable[[int], Upload]


def encoded(image: Image.Image, format: str, **options: object) -> bytes:
    """Encode an image. `options` are those of Pillow's `save`."""
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()
