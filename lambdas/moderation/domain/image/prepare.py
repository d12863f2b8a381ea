"""Preparation of an uploaded file: its views, as the vision model sees them."""

import io
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby

from PIL import Image

from moderation.domain.image.appearance import Appearance, appearance
from moderation.domain.image.choice import Shot, choose
from moderation.domain.image.cuts import LEAST_TILES, Looks, closer_looks, needs_tiles
from moderation.domain.image.file import decoding, open_file
from moderation.domain.image.frames import (
    ANIMATION_PIXELS,
    count_decodable,
    count_frames,
    decoded_frames,
    first_frames,
    shown_ms,
)
from moderation.domain.image.likeness import Sketch
from moderation.domain.image.pages import whole_name
from moderation.domain.image.readable import Readable, Sheet, plan_pages, shrunk, too_small
from moderation.domain.image.renderings import Rendering, renderings
from moderation.domain.image.trim import Box
from moderation.domain.page import Page

PREPROCESSING_VERSION = "5"
MAX_VIEWS = 12


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

    `frames` is the number of frames or pages in the file. `unseen` says in sentences what of the image is in no view.
    `pages` are what is read of it, if it is: the whole views, and frames that differ from them in small text.
    `page_pictures` makes their pictures. `unread` says in sentences what isn't read, `shrunk` what is read smaller.
    """

    width: int
    height: int
    format: str
    views: tuple[View, ...]
    frames: int
    unseen: tuple[str, ...] = ()
    pages: tuple[Page, ...] = ()
    unread: tuple[str, ...] = ()
    shrunk: tuple[str, ...] = ()


def prepare(data: bytes, mode: str, size: int, *, read: bool = False) -> PreparedImage:
    """Decode `data` and cut it into views of `size` x `size` pixels.

    In every mode a view shows the whole of the image or of each chosen frame, in each rendering. `auto` adds pictures
    without their borders, and overlapping tiles of those that are at least four times what the model sees, or over
    three times as long as wide; `tiles` adds tiles whatever the size. At most 12 views in all. Pages are planned where
    it is `read`.

    Raises ImageTooLarge over 20 MB or 50 megapixels (before decoding) and for what would take too long to decode,
    UnreadableImage for anything that isn't an intact image of an accepted format.
    """
    source = open_file(data)
    width, height, format = source.width, source.height, source.format or ""
    with decoding(source):
        frames, seen_as = count_frames(source), appearance(source, data)
        readable = Readable() if read else None
        plan = _planned(source, seen_as, mode, size, frames, readable) if frames > 1 else None
        cuts = _cuts(source, seen_as, mode, size, plan, readable)
    views = [cut.whole for cut in cuts] + [view for cut in cuts for view in cut.closer]
    lacking = _without_tiles([cut.size for cut in cuts if not cut.complete])
    unseen = (*(plan.unseen if plan else ()), *lacking)
    prepared = PreparedImage(width, height, format, tuple(views), frames, unseen)
    return _with_pages(prepared, cuts, readable) if readable else prepared


def _with_pages(prepared: PreparedImage, cuts: Sequence["_Cut"], readable: Readable) -> PreparedImage:
    """Plan the pages of the whole views and of what else is to be read, in the order in which the file shows them."""
    sheets = {cut.whole.name: Sheet(cut.whole.name, cut.whole.frame, cut.size) for cut in cuts}
    sheets |= {sheet.view: sheet for sheet in readable.sheets}
    pages = plan_pages(sorted(sheets.values(), key=lambda sheet: sheet.frame))
    unread = (*readable.unread(sheets, _kind(prepared.format), prepared.frames), *too_small(pages))
    return replace(prepared, pages=pages, unread=unread, shrunk=shrunk(pages))


@dataclass(frozen=True)
class _Plan:
    """Renderings to look at by the numbers of their frames, and the size of each in pixels."""

    renderings: Mapping[int, Collection[str]]
    sizes: tuple[tuple[int, int], ...]
    unseen: tuple[str, ...] = ()


def _planned(
    source: Image.Image, seen_as: Appearance, mode: str, size: int, count: int, readable: Readable | None
) -> _Plan:
    """Choose the renderings. All frames that can be decoded are, one after the other, to compare them."""
    decodable = count_decodable(source, count)
    shots: list[Shot] = []
    reserved = 0
    for number, frame in decoded_frames(source, range(decodable)):
        for rendering in renderings(frame, seen_as, read=readable is not None):
            picture = rendering.picture
            if readable:
                readable.add(_sheet(number, rendering), rendering)
            if rendering.for_reader:
                continue
            if not shots and mode != "full" and (mode == "tiles" or needs_tiles(picture.size, size)):
                reserved = len(closer_looks(picture, mode, size, LEAST_TILES).parts)
            shots.append(Shot(rendering.name, Sketch.of(picture), shown_ms(frame), picture.size, (number,)))
    choice = choose(shots, first_frames(source), MAX_VIEWS - reserved, moving=source.format != "TIFF")
    return _Plan(
        renderings={
            number: [shot.rendering for shot in seen] for number, seen in groupby(choice.seen, lambda shot: shot.number)
        },
        sizes=tuple(shot.size for shot in choice.seen),
        unseen=_unseen_frames(
            source, count, decodable, len({number for shot in choice.unseen for number in shot.frames})
        ),
    )


def _unseen_frames(source: Image.Image, count: int, decodable: int, differing: int) -> tuple[str, ...]:
    kind = _kind(source.format or "")
    said = []
    if differing:
        said.append(f"{differing} of {count} {kind} differ and weren't looked at.")
    if decodable < count:
        said.append(
            f"{count - decodable} of {count} {kind} weren't decoded: together they have over {ANIMATION_PIXELS:,} "
            "pixels."
        )
    return tuple(said)


def _kind(format: str) -> str:
    return "pages" if format == "TIFF" else "frames"


class _Budget:
    """Views that are left for closer looks, shared by the pictures that need tiles."""

    def __init__(self, left: int, sizes: Sequence[tuple[int, int]], mode: str, size: int) -> None:
        self._left, self._mode, self._size = left, mode, size
        self._tiled = sum(map(self._is_tiled, sizes))

    def looks(self, picture: Image.Image) -> Looks:
        """Return the closer looks at the next picture."""
        if self._is_tiled(picture.size):
            most = max(self._left // max(1, self._tiled), min(self._left, LEAST_TILES))
            self._tiled -= 1
        else:
            most = max(0, self._left - LEAST_TILES * self._tiled)
        looks = closer_looks(picture, self._mode, self._size, most)
        self._left -= len(looks.parts)
        return looks

    def _is_tiled(self, size: tuple[int, int]) -> bool:
        return self._mode == "tiles" or needs_tiles(size, self._size)


@dataclass(frozen=True)
class _Cut:
    """Views of a rendering, and if they show all of it that needs a closer look."""

    whole: View
    closer: tuple[View, ...]
    complete: bool
    size: tuple[int, int]


def _cuts(
    source: Image.Image, seen_as: Appearance, mode: str, size: int, plan: _Plan | None, readable: Readable | None
) -> list[_Cut]:
    """Cut each rendering as soon as it is made, since a few of the largest wouldn't fit into memory together.

    Without a plan there is one frame, of which all renderings are looked at; what adds to them for the reader alone is
    noted as `readable`.
    """
    cuts: list[_Cut] = []
    budget = _Budget(MAX_VIEWS - len(plan.sizes), plan.sizes, mode, size) if plan else None
    for number, frame in decoded_frames(source, plan.renderings if plan else {0}):
        read = readable is not None and plan is None
        rendered: Iterable[Rendering] = renderings(frame, seen_as, read=read)
        if plan:
            rendered = (one for one in rendered if one.name in plan.renderings[number])
        if budget is None:
            rendered, budget = _with_budget(frame, seen_as, mode, size, read=read)
        if readable:
            rendered = _views_of(rendered, number, readable)
        cuts += map(partial(_cut, number, mode, size, budget), rendered)  # holds none of them
    return cuts


def _views_of(rendered: Iterable[Rendering], number: int, readable: Readable) -> Iterator[Rendering]:
    """Yield the renderings that are looked at, and note the others."""
    for rendering in rendered:
        if rendering.for_reader:
            readable.sheets.append(_sheet(number, rendering))
        else:
            yield rendering
        del rendering  # or it would be held while the next one is made


def _sheet(number: int, rendering: Rendering) -> Sheet:
    return Sheet(whole_name(number, rendering.name), number, rendering.picture.size)


def _with_budget(
    frame: Image.Image, seen_as: Appearance, mode: str, size: int, *, read: bool
) -> tuple[Iterable[Rendering], _Budget]:
    """Return the renderings of the only frame, and the budget that is left beside them.

    Those of a picture that needs tiles are made once more after they were counted; a single one is kept.
    """
    if mode == "full" or (mode == "auto" and not needs_tiles(frame.size, size)):
        return renderings(frame, seen_as, read=read), _Budget(MAX_VIEWS, (), mode, size)
    rendered = renderings(frame, seen_as, read=read)
    main = next(rendered)
    others = list(map(_viewed_size, rendered))
    sizes = [main.picture.size, *filter(None, others)]
    budget = _Budget(MAX_VIEWS - len(sizes), sizes, mode, size)
    return (renderings(frame, seen_as, read=read) if others else iter((main,))), budget


def _viewed_size(rendering: Rendering) -> tuple[int, int] | None:
    return None if rendering.for_reader else rendering.picture.size


def _cut(number: int, mode: str, size: int, budget: _Budget, rendering: Rendering) -> _Cut:
    picture = rendering.picture
    name = "-".join(filter(None, (f"frame-{number}" if number else "", rendering.name)))
    whole = View(whole_name(number, rendering.name), _png(picture, size), number, (0, 0, *picture.size))
    looks = budget.looks(picture) if mode != "full" else Looks()
    closer = tuple(
        View("-".join(filter(None, (name, part))), _png(picture.crop(box), size), number, box)
        for part, box in looks.parts
    )
    return _Cut(whole, closer, looks.complete, picture.size)


def _without_tiles(lacking: Sequence[tuple[int, int]]) -> list[str]:
    if not lacking:
        return []
    width, height = lacking[0]
    others = f" (and {len(lacking) - 1} more)" if len(lacking) > 1 else ""
    return [
        f"A picture of {width:,} x {height:,} pixels{others} has more than the budget of {MAX_VIEWS} views shows: it "
        "is too large or too long for the tiles that are left."
    ]


def _png(image: Image.Image, size: int) -> bytes:
    """Resize once, as BLIP-2's own processor does (square, bicubic), so that the endpoint needn't resize again."""
    buffer = io.BytesIO()
    image.resize((size, size), Image.Resampling.BICUBIC).save(buffer, "PNG")
    return buffer.getvalue()
