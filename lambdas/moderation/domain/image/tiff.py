"""Directories of TIFF files: contradictions, and the RAW photographs of cameras that are TIFF files too."""

import struct
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from moderation.domain.image.contradiction import contradictory

_SUBFILE, _COMPRESSION, _PHOTOMETRIC, _SUB_DIRECTORIES, _DNG_VERSION = 254, 259, 262, 330, 50706
_BITS, _EXTRA_SAMPLES, _SAMPLE_FORMAT = 258, 338, 339
_BYTE, _SHORT, _UNSTATED, _WHITE_IS_ZERO, _SIGNED = 8, 16, 0, 0, 2
_LAB = frozenset({8, 9, 10})
_YCBCR, _YCBCR_SUBSAMPLING, _UNCOMPRESSED = 6, 530, 1
_REDUCED = 1
_SENSOR = frozenset({32803, 34892})  # colour filter array, linear RAW
_RAW_COMPRESSIONS = frozenset({32767, 34713, 65535})  # of Sony, Nikon and Pentax
# Tags that say how the bytes become a picture: twice, they are two pictures.
_STRUCTURE = frozenset(
    {*range(254, 260), 262, 266, 273, 274, *range(277, 280), 284, 292, 293, 317, 320, *range(322, 326)}
    | {338, 339, 347, 512, 513, 514, 529, 530, 531, 532}
)
_INTEGERS = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}
_MOST_ENTRIES = 4096
_MOST_SUB_DIRECTORIES = 16
_MOST_PAGES = 5_001  # a file with more is refused for that


@dataclass(frozen=True)
class _Directory:
    """Tags of a directory in their order, the first integers of each, and the offset of the next directory."""

    tags: tuple[int, ...]
    values: Mapping[int, tuple[int, ...]]
    following: int = 0

    def first(self, tag: int) -> int:
        return next(iter(self.values.get(tag, ())), 0)


@dataclass(frozen=True)
class _Layout:
    """Byte order, and the widths of a count, an offset and an entry: those of BigTIFF are larger."""

    order: str
    count: str
    offset: str
    first: int

    @property
    def entry(self) -> int:
        return struct.calcsize(self.order + "HH" + self.offset * 2)


def is_of_structure(tag: int) -> bool:
    """Tell if a tag says how the bytes become a picture."""
    return tag in _STRUCTURE


def raw_kind(data: bytes) -> str | None:
    """Return the name of a RAW photograph, with its article; None for TIFF images and other files."""
    layout = _layout(data)
    if not layout:
        return None
    if data[8:10] == b"CR":
        return "a RAW photograph (CR2)"
    first = _directory(data, layout, _number(data, layout, layout.first))
    if _DNG_VERSION in first.tags:
        return "a RAW photograph (DNG)"
    inner = [_directory(data, layout, at) for at in first.values.get(_SUB_DIRECTORIES, ())]
    of_sensor = any(
        directory.first(_PHOTOMETRIC) in _SENSOR or directory.first(_COMPRESSION) in _RAW_COMPRESSIONS
        for directory in (first, *inner)
    )
    reduced = bool(first.first(_SUBFILE) & _REDUCED and inner)
    return "a RAW photograph (NEF, ARW or alike)" if of_sensor or reduced else None


def refuse_contradictions(data: bytes) -> None:
    """Raise UnreadableImage for a file in which a page is described twice."""
    if not (layout := _layout(data)):
        return
    at = _number(data, layout, layout.first)
    for _ in range(_MOST_PAGES):
        page = _directory(data, layout, at)
        doubled = [tag for tag, times in Counter(page.tags).items() if times > 1 and tag in _STRUCTURE]
        if doubled:
            raise contradictory("TIFF", f"its tag {doubled[0]} occurs twice")
        if why := _ambiguous(page):
            raise contradictory("TIFF", why)
        if not (at := page.following):
            return


def _ambiguous(page: _Directory) -> str:
    """Say which of a page's samples decoders understand in different ways, empty for none."""
    photometric = page.first(_PHOTOMETRIC)
    if _UNSTATED in page.values.get(_EXTRA_SAMPLES, ()):
        return "it has a channel without a stated meaning"
    whole = page.values.get(_YCBCR_SUBSAMPLING) == (1, 1)
    if photometric == _YCBCR and page.first(_COMPRESSION) <= _UNCOMPRESSED and not whole:
        return "it has fewer samples of colour than pixels, without compression"
    if photometric in _LAB:
        return "its colours are Lab"
    if _PHOTOMETRIC in page.values and photometric == _WHITE_IS_ZERO and max(page.values.get(_BITS, (1,))) > _BYTE:
        return "0 is white in its samples of over 8 bits"
    if _SIGNED in page.values.get(_SAMPLE_FORMAT, ()) and max(page.values.get(_BITS, (1,))) <= _SHORT:
        return "its samples have a sign"  # wider ones have no standard range, and are stretched
    return ""


def _layout(data: bytes) -> _Layout | None:
    order = {b"II": "<", b"MM": ">"}.get(data[:2])
    if not order or len(data) < 16:
        return None
    version = struct.unpack_from(order + "H", data, 2)[0]
    return {42: _Layout(order, "H", "I", 4), 43: _Layout(order, "Q", "Q", 8)}.get(version)


def _number(data: bytes, layout: _Layout, at: int) -> int:
    """Read an offset, 0 where the file has ended."""
    form = layout.order + layout.offset
    return int(struct.unpack_from(form, data, at)[0]) if at + struct.calcsize(form) <= len(data) else 0


def _directory(data: bytes, layout: _Layout, at: int) -> _Directory:
    """Read a directory as far as it is there."""
    counted = struct.calcsize(layout.order + layout.count)
    if not at or at + counted > len(data):
        return _Directory((), {})
    (entries,) = struct.unpack_from(layout.order + layout.count, data, at)
    start = at + counted
    tags: list[int] = []
    values: dict[int, tuple[int, ...]] = {}
    for number in range(min(entries, _MOST_ENTRIES, (len(data) - start) // layout.entry)):
        entry = start + layout.entry * number
        tag, kind, count, offset = struct.unpack_from(layout.order + "HH" + layout.offset * 2, data, entry)
        tags.append(tag)
        if kind in _INTEGERS and count:
            width = struct.calcsize("<" + _INTEGERS[kind])
            room = struct.calcsize("<" + layout.offset)
            form = layout.order + _INTEGERS[kind] * min(count, _MOST_SUB_DIRECTORIES)
            where = entry + 4 + room if width * count <= room else offset
            if where + struct.calcsize(form) <= len(data):
                values.setdefault(tag, struct.unpack_from(form, data, where))
    return _Directory(tuple(tags), values, _number(data, layout, start + layout.entry * entries))
