"""Read the text and the codes in an image."""

import time
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, TypeVar

from moderation.domain.manifest import READER_VERSION, Page, manifest_from_json
from moderation.domain.reading.text import Code, Find, Line, Reading, reading_to_json
from moderation.domain.work_files import Workspace
from moderation.errors import ReadingFailed
from moderation.ports import Reader, WorkStore

MAX_LINES = 500

_Part = TypeVar("_Part", Line, Code, Find)


def read_image(work: WorkStore, reader: Reader, workspace: Workspace) -> tuple[int, int]:
    """Read every page of the manifest and write the text to the work bucket.

    Returns the milliseconds that it took, and the number of lines. Where the reader fails, the reason is written
    instead: the text is missing evidence. Raises the errors of the store.
    """
    manifest = manifest_from_json(work.get_json(workspace.manifest))
    started = time.monotonic()
    pages = ((page, work.get_bytes(workspace.page(page.view))) for page in manifest.pages or ())
    lines = 0
    try:
        reading = read_pages(reader, pages)
    except ReadingFailed as error:
        written: dict[str, Any] = {"error": str(error)}
    else:
        written, lines = {"reading": reading_to_json(reading)}, len(reading.lines)
    milliseconds = round((time.monotonic() - started) * 1000)
    work.put_json(workspace.reading, {"model": READER_VERSION, "milliseconds": milliseconds, **written})
    return milliseconds, lines


def read_pages(reader: Reader, pages: Iterable[tuple[Page, bytes]]) -> Reading:
    """Return the text on all pages, each given with its PNG. Raises ReadingFailed."""
    parts = [_on_page(reader.read(png), page) for page, png in pages]
    lines = tuple(line for part in parts for line in part.lines)
    if len(lines) > MAX_LINES:
        raise ReadingFailed(f"The picture has more than {MAX_LINES} lines of text.")
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
