"""Markers of JPEG files: the effort of decoding, which the format doesn't bound, and contradictions."""

import re
from dataclasses import dataclass

from moderation.domain.image.contradiction import contradictory
from moderation.errors import ImageTooLarge

MAX_SEGMENTS = 1000  # 20 MB of full segments are 305
MAX_SCANS = 100  # progressive files have about ten; libtiff draws the same line for JPEG inside a TIFF

_END, _SCAN = 0xD9, 0xDA
_FRAME_HEADERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
# Markers that a length follows, and the end; among compressed data no other 0xFF byte looks like one.
_SEGMENT = re.compile(rb"\xff[\xc0-\xc7\xc9-\xcf\xd9-\xef\xfe]")


@dataclass(frozen=True)
class Effort:
    """Numbers of segments, scans and frame headers, counted up to one over the limit of segments or scans."""

    segments: int
    scans: int
    frame_headers: int = 0


def effort(data: bytes) -> Effort:
    """Count segments and scans of the first picture in `data`, since later parts (video, pictures) aren't decoded."""
    segments, scans, frame_headers, at = 0, 0, 0, 2
    while segments <= MAX_SEGMENTS and scans <= MAX_SCANS and (found := _SEGMENT.search(data, at)):
        at, kind = found.end(), data[found.start() + 1]
        if kind != _END:
            segments += 1
            scans += kind == _SCAN
            frame_headers += kind in _FRAME_HEADERS
            at += max(2, int.from_bytes(data[at : at + 2], "big"))
        elif scans:
            break
    return Effort(segments, scans, frame_headers)


def refuse_contradictions(data: bytes) -> None:
    """Raise UnreadableImage for a file that declares its picture twice; further pictures behind it are no matter.

    Raises ImageTooLarge over MAX_SEGMENTS or MAX_SCANS.
    """
    asked = effort(data)
    if asked.segments > MAX_SEGMENTS or asked.scans > MAX_SCANS:
        raise ImageTooLarge(
            f"The JPEG file has over {MAX_SEGMENTS:,} segments or {MAX_SCANS} scans: no camera or program "
            "writes so many, and they take minutes to decode."
        )
    if asked.frame_headers > 1:
        raise contradictory("JPEG", "it has two frame headers")
