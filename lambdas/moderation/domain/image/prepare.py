"""Preparation of an uploaded file: its views, as the vision model sees them."""

import io
from dataclasses import dataclass

from PIL import Image

from moderation.domain.image.appearance import Appearance, appearance
from moderation.domain.image.cuts import Box, closer_looks
from moderation.domain.image.file import DECODER_FAULTS, open_file
from moderation.domain.image.frames import count_frames, decoded_frames, wanted_frames
from moderation.domain.image.renderings import renderings
from moderation.domain.image.size import MAX_PIXELS
from moderation.errors import ImageTooLarge, UnreadableImage

PREPROCESSING_VERSION = "4"
MAX_VIEWS = 12
MAX_FRAMES = 8


@dataclass(frozen=True)
class View:
    """Part of the image that the model sees at once, as a square, lossless PNG of the model's input size.

    `frame` is the number of its frame or page, `box` its position there in pixels.
    """

    name: str
    png: bytes
    frame: int
    box: Box


@dataclass(frozen=True)
class PreparedImage:
    """Accepted image: its size in pixels as uploaded, its format, and its views.

    `frames` is the number of frames or pages in the file, None if mode `full` didn't count them. `unseen` says in
    sentences what of the image is in no view.
    """

    width: int
    height: int
    format: str
    views: tuple[View, ...]
    frames: int | None
    unseen: tuple[str, ...] = ()


def prepare(data: bytes, mode: str, size: int) -> PreparedImage:
    """Decode `data` and cut it into views of `size` x `size` pixels.

    Mode `full` gives one view, the whole (first) frame. `auto` adds up to eight frames of an animation, the
    picture without its uniform borders, and overlapping tiles where the picture is at least four times what the
    model sees; `tiles` adds tiles whatever the size. At most 12 views in all.

    Raises ImageTooLarge over 20 MB or 50 megapixels (before decoding) and for what would take too long to decode,
    UnreadableImage for anything that isn't an intact image of an accepted format.
    """
    source = open_file(data)
    width, height, format = source.width, source.height, source.format or ""
    try:
        frames = count_frames(source) if mode != "full" else None
        views = tuple(_views(source, appearance(source, data), mode, size, frames or 1))
    except Image.DecompressionBombError as error:
        raise ImageTooLarge(f"A frame of the image declares over {MAX_PIXELS:,} pixels.") from error
    except DECODER_FAULTS as error:
        raise UnreadableImage(
            f"The {format} file is damaged or cut short: it can't be decoded ({type(error).__name__})."
        ) from error
    return PreparedImage(width, height, format, views, frames)


def _views(source: Image.Image, seen_as: Appearance, mode: str, size: int, count: int) -> list[View]:
    """Cut each frame as soon as it is decoded: eight of the largest wouldn't fit into memory together."""
    wanted = wanted_frames(source, count, MAX_FRAMES)
    frames: list[View] = []
    looks: list[View] = []
    for number, frame in decoded_frames(source, wanted):
        for rendering in renderings(frame, seen_as):
            picture = rendering.picture
            name = "-".join(filter(None, ("full" if number == 0 else f"frame-{number}", rendering.name)))
            frames.append(View(name, _png(picture, size), number, (0, 0, *picture.size)))
            if number == 0 and mode != "full":
                closer = closer_looks(picture, mode, size, MAX_VIEWS - len(wanted))
                looks += [View(name, _png(picture.crop(box), size), number, box) for name, box in closer]
    return frames + looks


def _png(image: Image.Image, size: int) -> bytes:
    """Resize once, as BLIP-2's own processor does (square, bicubic), so that the endpoint needn't resize again."""
    buffer = io.BytesIO()
    image.resize((size, size), Image.Resampling.BICUBIC).save(buffer, "PNG")
    return buffer.getvalue()
