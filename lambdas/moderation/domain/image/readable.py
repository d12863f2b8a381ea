"""Choice of the frames that are read: those whose strokes no other one that is read shows, as far as the pixels go."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from math import prod, sqrt

from moderation.domain.image.renderings import Rendering
from moderation.domain.image.strokes import Strokes
from moderation.domain.page import Page

# Of a picture that is read, and of all those of an image together; a larger one is shrunk.
MAX_PAGE_PIXELS = 12_000_000
MAX_PAGES_PIXELS = 24_000_000
LEAST_SCALE = 0.45  # of the side: twelve scanned pages, of 300 dots an inch, are read at 0.48
_LEAST_PIXELS = 300_000  # that a small picture counts as, for its time: 80 pages at most


@dataclass(frozen=True)
class Sheet:
    """Rendering of a frame that is read: the name of the view that shows it, if there is one, and its size."""

    view: str
    frame: int
    size: tuple[int, int]


@dataclass
class Readable:
    """Frames of a file in their order, of which those are kept that add something to read."""

    sheets: list[Sheet] = field(default_factory=list)
    _strokes: dict[str, list[Strokes]] = field(default_factory=dict)
    _left_out: list[Sheet] = field(default_factory=list)
    _pixels: float = 0

    def add(self, sheet: Sheet, rendering: Rendering) -> None:
        """Keep a rendering if it shows strokes that no other one of the same name does.

        Once there are no pixels left nothing is compared any more: what follows counts as left out.
        """
        if self._left_out:
            self._left_out.append(sheet)
            return
        strokes = rendering.strokes or Strokes.of(rendering.picture)
        kept = self._strokes.setdefault(rendering.name, [])
        if shown_by := next((one for one in reversed(kept) if not strokes.add_to(one)), None):
            kept.remove(shown_by)
            kept.append(shown_by)  # the next frame is compared with it first: it is likely to be alike
            return
        needed = max(_LEAST_PIXELS, LEAST_SCALE**2 * prod(sheet.size))
        if self.sheets and self._pixels + needed > MAX_PAGES_PIXELS:
            self._left_out.append(sheet)
            return
        self._pixels += needed
        kept.append(strokes)
        self.sheets.append(sheet)

    def unread(self, seen: Collection[str], kind: str, count: int) -> tuple[str, ...]:
        """Say how many frames are left out that aren't among the views that are looked at, which are read as well."""
        frames = len({sheet.frame for sheet in self._left_out if sheet.view not in seen})
        return (f"{frames} of {count} {kind} weren't read, and may have small text of their own.",) if frames else ()


def plan_pages(sheets: Sequence[Sheet]) -> tuple[Page, ...]:
    """Plan the pages of what is read; they share the pixels."""
    most = min(MAX_PAGE_PIXELS, MAX_PAGES_PIXELS // max(1, len(sheets)))
    return tuple(Page(sheet.view, min(1.0, sqrt(most / prod(sheet.size))), sheet.frame) for sheet in sheets)


def shrunk(pages: Sequence[Page]) -> tuple[str, ...]:
    """Say how much smaller than they are pictures are read."""
    scales = [page.scale for page in pages if page.scale < 1]
    if not scales:
        return ()
    return (f"Text was read in {len(scales)} of {len(pages)} pictures at down to {min(scales):.0%} of their side.",)


def too_small(pages: Sequence[Page]) -> tuple[str, ...]:
    """Say what is shrunk so far that small text in it isn't read."""
    small = sum(page.scale < LEAST_SCALE for page in pages)
    if not small:
        return ()
    return (f"Small text in {small} of {len(pages)} pictures wasn't read: under {LEAST_SCALE:.0%} of their side.",)
