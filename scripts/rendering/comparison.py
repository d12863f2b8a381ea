"""Distance of the pipeline's views from what a viewer shows, and the outcome of a file."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from moderation.domain.image import prepare
from moderation.errors import PermanentError
from scripts.rendering.chromium import SIZE
from scripts.rendering.truth import THUMBNAIL, Thumbnail, Truth, thumbnail

MOST_MEAN = 5.0  # of 255, over the picture
MOST_BLOCK = 12.0  # of 255, over any of 8 x 8 blocks
_BLOCKS = 8

AGREES, REVIEW, DISAGREES, NOT_SHOWN = "agrees", "review", "disagrees", "not shown"


@dataclass(frozen=True)
class Distance:
    """Mean difference of two pictures, and that of the block where it is largest, of 255."""

    mean: float
    block: float

    @property
    def close(self) -> bool:
        """Return True within the stated limits."""
        return self.mean <= MOST_MEAN and self.block <= MOST_BLOCK


@dataclass(frozen=True)
class Outcome:
    """Result for one file: one of the four words, and the distances or the sentence behind it."""

    word: str
    detail: str


def outcome(data: bytes, seen: Truth | None) -> Outcome:
    """Compare the views that the pipeline makes of a file with what is shown of it.

    A file agrees if on either page some view is close to what is shown. Rows at the bottom in which a browser shows
    nothing, of a file that it takes for cut short, aren't compared: there the pipeline sees more.
    """
    try:
        views = prepare(data, "full", SIZE).views
    except PermanentError as error:
        return Outcome(REVIEW, str(error))
    except Exception as error:  # noqa: BLE001 - a fault of the pipeline is a result
        return Outcome(DISAGREES, f"The pipeline fails: {type(error).__name__} {error}")
    if seen is None:
        return Outcome(NOT_SHOWN, "")
    try:
        pictures = [thumbnail(Image.open(io.BytesIO(view.png))) for view in views]
    except ValueError as error:
        return Outcome(DISAGREES, f"The model can't open a view: {error}")
    pages, rows = {"white": seen.white, "black": seen.black}, _shown_rows(seen)
    nearest = {page: _nearest(pictures, shown, rows) for page, shown in pages.items()}
    word = AGREES if all(found.close for found in nearest.values()) else DISAGREES
    return Outcome(word, _words(nearest))


def distance(one: Thumbnail, other: Thumbnail, rows: int = THUMBNAIL) -> Distance:
    """Return the distance of the upper `rows` of two thumbnails."""
    difference = np.abs(one.astype(int) - other.astype(int)).mean(axis=2)
    difference[rows:] = 0
    side = THUMBNAIL // _BLOCKS
    blocks = difference.reshape(_BLOCKS, side, _BLOCKS, side).mean(axis=(1, 3))
    return Distance(float(difference.mean()), float(blocks.max()))


def _shown_rows(seen: Truth) -> int:
    """Return the number of rows above those that are the page itself, less one that the page shows through."""
    through = seen.white.astype(int).min(axis=2) - seen.black.max(axis=2)
    rows = THUMBNAIL
    while rows and (through[rows - 1] == 255).all():
        rows -= 1
    return rows - 1 if rows and (through[rows - 1] > 0).all() else rows


def _nearest(pictures: Sequence[Thumbnail], shown: Thumbnail, rows: int) -> Distance:
    return min(
        (distance(picture, shown, rows) for picture in pictures), key=lambda found: (not found.close, found.mean)
    )


def _words(nearest: Mapping[str, Distance]) -> str:
    return ", ".join(f"{ground} {found.mean:.1f} (block {found.block:.1f})" for ground, found in nearest.items())
