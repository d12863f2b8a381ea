"""Frames of an animation and pages of a document: their number, how long each is shown, and their pictures."""

from collections.abc import Collection, Iterator
from contextlib import suppress

from PIL import Image, ImageSequence

from moderation.domain.image.size import refuse_size
from moderation.errors import ImageTooLarge

MAX_LISTED_FRAMES = 5_000  # of a file: frames that no model sees cost time as well
ANIMATION_PIXELS = 200_000_000  # decoded in all: a frame can only be reached through those before it
_STILL = ("MPO", "HEIF")  # files of several pictures of which viewers show one
_SHORTEST_MS = 20  # as in browsers, what is shown for less counts as
_DEFAULT_MS = 100


def count_frames(source: Image.Image) -> int:
    """Count the frames or pages. Raises ImageTooLarge over MAX_LISTED_FRAMES."""
    if source.format in _STILL:
        return 1
    count: int = _count_pages(source) if source.format == "TIFF" else getattr(source, "n_frames", 1)
    if count > MAX_LISTED_FRAMES:
        raise ImageTooLarge(f"The {source.format} file has over {MAX_LISTED_FRAMES:,} frames.")
    return count


def count_decodable(source: Image.Image, count: int) -> int:
    """Count the frames, from the first on, that can be decoded within ANIMATION_PIXELS."""
    return max(1, min(count, ANIMATION_PIXELS // (source.width * source.height)))


def first_frames(source: Image.Image) -> frozenset[int]:
    """Numbers of the frames that viewers show first: animated PNGs may have a picture that isn't of the animation."""
    return frozenset({0, 1} if source.info.get("default_image") else {0})


def decoded_frames(source: Image.Image, wanted: Collection[int]) -> Iterator[tuple[int, Image.Image]]:
    """Return (number, decoded frame) of each wanted frame. Raises ImageTooLarge, EOFError for a missing frame."""
    if set(wanted) == {0} and source.tell() == 0:
        yield 0, source
        return
    last, decoded = max(wanted), 0
    if source.format == "PNG" and source.palette:
        source.palette.dirty = 1  # Pillow forgets a palette when it goes back to the first frame
    for number, frame in enumerate(ImageSequence.Iterator(source)):
        refuse_size(frame)
        decoded += frame.width * frame.height
        if decoded > ANIMATION_PIXELS:
            raise ImageTooLarge(f"The {source.format} file's frames have over {ANIMATION_PIXELS:,} pixels in all.")
        if number in wanted:
            yield number, frame
        if number == last:
            return
    raise EOFError(f"There are fewer frames than the header declares: {number + 1}.")


def shown_ms(frame: Image.Image) -> float:
    """Return for how long a decoded frame is shown; pages are all shown for the same time."""
    declared = frame.info.get("duration") or 0
    return declared if declared >= _SHORTEST_MS else _DEFAULT_MS


def _count_pages(source: Image.Image) -> int:
    """Count pages up to one over the limit: Pillow's own count of a TIFF's pages takes quadratic time."""
    count = 0
    with suppress(EOFError):
        while count <= MAX_LISTED_FRAMES:
            source.seek(count)
            count += 1
    source.seek(0)
    return count
