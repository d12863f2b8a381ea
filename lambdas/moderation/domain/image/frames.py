"""Frames of an animation and pages of a document: their number, which of them are looked at, and their pictures."""

from collections.abc import Collection, Iterator
from contextlib import suppress

from PIL import Image, ImageSequence

from moderation.domain.image.size import refuse_size
from moderation.errors import ImageTooLarge

MAX_LISTED_FRAMES = 5_000  # of a file: frames that no model sees cost time as well
_ANIMATION_PIXELS = 200_000_000  # decoded in all: a frame can only be reached through those before it


def count_frames(source: Image.Image) -> int:
    """Count the frames or pages. Raises ImageTooLarge over MAX_LISTED_FRAMES."""
    if source.format in ("MPO", "HEIF"):
        return 1  # other pictures beside the main one, which no viewer shows
    count: int = _count_pages(source) if source.format == "TIFF" else getattr(source, "n_frames", 1)
    if count > MAX_LISTED_FRAMES:
        raise ImageTooLarge(f"The {source.format} file has over {MAX_LISTED_FRAMES:,} frames.")
    return count


def wanted_frames(source: Image.Image, count: int, most: int) -> set[int]:
    """Numbers of at most `most` of `count` frames, evenly spread, the first among them."""
    reachable = max(1, min(count, _ANIMATION_PIXELS // (source.width * source.height)))
    return {round(step * (reachable - 1) / max(1, most - 1)) for step in range(most)} if reachable > 1 else {0}


def decoded_frames(source: Image.Image, wanted: Collection[int]) -> Iterator[tuple[int, Image.Image]]:
    """Return (number, decoded frame) of each wanted frame. Raises ImageTooLarge, EOFError for a missing frame."""
    if wanted == {0}:
        yield 0, source
        return
    decoded = 0
    for number, frame in enumerate(ImageSequence.Iterator(source)):
        refuse_size(frame)
        decoded += frame.width * frame.height
        if decoded > _ANIMATION_PIXELS:
            raise ImageTooLarge(f"The {source.format} file's frames have over {_ANIMATION_PIXELS:,} pixels in all.")
        if number in wanted:
            yield number, frame
        if number == max(wanted):
            return
    raise EOFError(f"There are fewer frames than the header declares: {number + 1}.")


def _count_pages(source: Image.Image) -> int:
    """Count pages up to one over the limit: Pillow's own count of a TIFF's pages takes quadratic time."""
    count = 0
    with suppress(EOFError):
        while count <= MAX_LISTED_FRAMES:
            source.seek(count)
            count += 1
    source.seek(0)
    return count
