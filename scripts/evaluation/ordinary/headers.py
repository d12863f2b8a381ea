"""Uploads whose declared type is what SDKs, browsers and tools send by default, or nearly right."""

import dataclasses

from scripts.evaluation.ordinary.photos import photo_without_metadata, screenshot
from scripts.evaluation.ordinary.signs import meme, sticker
from scripts.evaluation.ordinary.upload import Upload

DECLARED: tuple[str | None, ...] = (
    None,  # boto3
    "binary/octet-stream",
    "application/octet-stream",  # AWS SDK for Java, Azure's and Google's libraries
    "image/jpg",
    "image/pjpeg",
    "IMAGE/JPEG",
    "image/jpeg; charset=UTF-8",
    "image/x-png",
    "image/*",
    "image/png",
    "image/gif",
    "image/webp",
    "image/heic",  # by the name, after the phone has converted it
    "application/x-unknown",
)
_FILES = (photo_without_metadata, meme, sticker, screenshot)


def upload_with_default_header(number: int) -> Upload:
    """Return a photo, meme, sticker or screenshot that is declared as something else, or as nothing."""
    file = _FILES[number // len(DECLARED) % len(_FILES)](5000 + number)
    return dataclasses.replace(file, content_type=DECLARED[number % len(DECLARED)])
