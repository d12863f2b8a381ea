"""Read the text and the codes in an image."""

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from moderation.domain.image import page_pictures
from moderation.domain.manifest import READER_VERSION, Manifest, manifest_from_json
from moderation.domain.page import Page
from moderation.domain.reading.text import Code, Find, Line, Reading, reading_to_json
from moderation.domain.work_files import Workspace
from moderation.errors import ImageTooLarge, ImageUnavailable, ReadingFailed, UnreadableImage, UnsupportedImage
from moderation.ports import ImageStore, Reader, WorkStore

MAX_LINES = 500
_RESERVE_MS = 15_000  # of the function's time, for the part that is being read and for writing what came of it

_Part = TypeVar("_Part", Line, Code, Find)


class Deadline:
    """Time until which a picture must be read, so that the function isn't stopped meanwhile."""

    def __init__(self, remaining_ms: Callable[[], int] | None = None) -> None:
        """`remaining_ms` is `get_remaining_time_in_millis` of Lambda's context; without it there is no limit."""
        self._remaining_ms = remaining_ms

    def check(self) -> None:
        """Raise ReadingFailed if no time is left."""
        if self._remaining_ms is not None and self._remaining_ms() < _RESERVE_MS:
            raise ReadingFailed("There is more to read in the picture than there is time for.")


def read_image(
    images: ImageStore, work: WorkStore, reader: Reader, workspace: Workspace, deadline: Deadline | None = None
) -> tuple[int, int]:
    """Read every page of the manifest from the upload, and write the text to the work bucket.

    Returns the milliseconds that it took, and the number of lines. Where the upload can't be decoded again, the reader
    fails or time is up, the reason is written instead: the text is missing evidence. Raises the errors of the stores.
    """
    manifest = manifest_from_json(work.get_json(workspace.manifest))
    started = time.monotonic()
    lines = 0
    try:
        reading = read_pages(reader, _upload(images, manifest), manifest.pages or (), deadline)
    except (ImageUnavailable, ReadingFailed) as error:
        written: dict[str, Any] = {"error": str(error)}
    else:
        written, lines = {"reading": reading_to_json(reading)}, len(reading.lines)
    milliseconds = round((time.monotonic() - started) * 1000)
    work.put_json(workspace.reading, {"model": READER_VERSION, "milliseconds": milliseconds, **written})
    return milliseconds, lines


def note_unread(work: WorkStore, workspace: Workspace, error: str) -> None:
    """Write that the reader was stopped, by the name of the error: the text is missing evidence. Raises the store's."""
    written = {"model": READER_VERSION, "milliseconds": 0, "error": f"The reader was stopped ({error})."}
    work.put_json(workspace.reading, written)


def _upload(images: ImageStore, manifest: Manifest) -> bytes:
    """Return the bytes that were prepared. Raises ReadingFailed for others, and the errors of the port."""
    data = images.fetch(manifest.image).data
    if hashlib.sha256(data).hexdigest() != manifest.facts.sha256:
        raise ReadingFailed("The object's bytes aren't those that the vision model sees.")
    return data


def read_pages(reader: Reader, data: bytes, pages: Sequence[Page], deadline: Deadline | None = None) -> Reading:
    """Return the text on the pages of a file. Raises ReadingFailed, also where the file can't be decoded."""
    deadline = deadline or Deadline()
    try:
        pictures = page_pictures(data, pages)
    except (UnreadableImage, UnsupportedImage, ImageTooLarge) as error:
        raise ReadingFailed(str(error)) from error
    parts = []
    for page, png in zip(pages, pictures, strict=True):
        deadline.check()
        parts.append(_on_page(reader.read(png, deadline.check), page))
    lines = tuple(line for part in parts for line in part.lines)
    if len({line.text for line in lines}) > MAX_LINES:
        raise ReadingFailed(f"The picture has more than {MAX_LINES} different lines of text.")
    codes = tuple(code for part in parts for code in part.codes)
    return Reading(lines, codes, tuple(find for part in parts for find in part.finds))


def _on_page(reading: Reading, page: Page) -> Reading:
    """Return a reading with its boxes in the pixels of the frame that the page's view shows."""

    def placed(part: _Part) -> _Part:
        left, top, right, bottom = (round(side / page.scale) for side in part.box)
        return replace(part, box=(left, top, right, bottom), view=page.view)

    return Reading(
        tuple(map(placed, reading.lines)), tuple(map(placed, reading.codes)), tuple(map(placed, reading.finds))
    )
