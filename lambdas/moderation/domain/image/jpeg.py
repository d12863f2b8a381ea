"""Markers of JPEG files: the effort of decoding, which the format doesn't bound, and contradictions."""

import hashlib
import io
import re
from dataclasses import dataclass

from PIL import Image

from moderation.domain.image.contradiction import contradictory
from moderation.domain.image.size import refuse_size
from moderation.errors import ImageTooLarge, UnreadableImage

MAX_SEGMENTS = 1000  # 20 MB of full segments are 305
MAX_SCANS = 100  # progressive files have about ten; libtiff draws the same line for JPEG inside a TIFF

_START, _END, _SCAN = 0xD8, 0xD9, 0xDA
_EOI = b"\xff\xd9"
_CONTINUATION = b"\x5a\xa5\x3c" * 1000  # as good as any for what a picture lacks
# Segments with a name of their own, and the bytes that they have at least.
_HEADERS = {0xE0: ((b"JFIF\0", 14),), 0xEE: ((b"Adobe", 12),)}
_FRAME_HEADERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
# Markers that a length follows, and the end; among compressed data no other 0xFF byte looks like one.
_SEGMENT = re.compile(rb"\xff[\xc0-\xc7\xc9-\xcf\xd9-\xef\xfe]")


@dataclass(frozen=True)
class Effort:
    """Numbers of segments, scans and frame headers, counted up to one over the limit of segments or scans.

    `ended` tells if the end marker is there.
    """

    segments: int
    scans: int
    frame_headers: int = 0
    ended: bool = False


def effort(data: bytes) -> Effort:
    """Count segments and scans of the first picture in `data`, since later parts (video, pictures) aren't decoded."""
    segments, scans, frame_headers, at = 0, 0, 0, 2
    ended = False
    while segments <= MAX_SEGMENTS and scans <= MAX_SCANS and (found := _SEGMENT.search(data, at)):
        at, kind = found.end(), data[found.start() + 1]
        if kind != _END:
            segments += 1
            scans += kind == _SCAN
            frame_headers += kind in _FRAME_HEADERS
            at += max(2, int.from_bytes(data[at : at + 2], "big"))
        elif scans:
            ended = True
            break
    return Effort(segments, scans, frame_headers, ended)


def picture_only(data: bytes) -> bytes:
    """Return the file without segments that are cut short and an end, so that neither keeps it from being decoded.

    Further pictures behind the first are no matter. Raises UnreadableImage for a file that declares its picture twice,
    or that has no end and lacks pixels, ImageTooLarge over MAX_SEGMENTS or MAX_SCANS.
    """
    asked = effort(data)
    if asked.segments > MAX_SEGMENTS or asked.scans > MAX_SCANS:
        raise ImageTooLarge(
            f"The JPEG file has over {MAX_SEGMENTS:,} segments or {MAX_SCANS} scans: no camera or program "
            "writes so many, and they take minutes to decode."
        )
    if not asked.scans:
        raise UnreadableImage("The JPEG file is damaged or cut short: there is no picture in it.")
    if asked.frame_headers > 1:
        raise contradictory("JPEG", "it has two frame headers")
    data = _without_short_segments(data)
    if asked.ended:
        return data
    data = data.rstrip(b"\xff")  # the first half of an end marker, or filling before it
    if not _has_all_pixels(data):
        raise UnreadableImage("The JPEG file is cut short: a part of its picture is missing.")
    return data + _EOI


def _without_short_segments(data: bytes) -> bytes:
    """Leave out headers that are shorter than their format, as libjpeg does and Pillow doesn't."""
    kept, at = [data[:2]], 2
    while data[at : at + 1] == b"\xff" and (end := at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")) <= len(data):
        kind, body = data[at + 1], data[at + 4 : end]
        if kind in (_SCAN, _END, _START) or end < at + 4:
            break
        if not any(body.startswith(name) and len(body) < least for name, least in _HEADERS.get(kind, ())):
            kept.append(data[at:end])
        at = end
    return b"".join(kept) + data[at:]


def _has_all_pixels(data: bytes) -> bool:
    """Tell if a picture without an end is whole: then it is the same whatever follows."""
    return _decoded(data + _EOI) == _decoded(data + _CONTINUATION + _EOI)


def _decoded(data: bytes) -> bytes:
    with Image.open(io.BytesIO(data), formats=("JPEG",)) as image:
        refuse_size(image)
        return hashlib.sha256(image.tobytes()).digest()
