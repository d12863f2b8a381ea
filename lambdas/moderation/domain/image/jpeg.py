"""Decoding effort of a JPEG, read from its markers alone: the format bounds neither segments nor scans."""

import re
from dataclasses import dataclass

MAX_SEGMENTS = 1000  # 20 MB of full segments are 305
MAX_SCANS = 100  # progressive files have about ten; libtiff draws the same line for JPEG inside a TIFF

_END, _SCAN = 0xD9, 0xDA
# Markers that a length follows, and the end; among compressed data no other 0xFF byte looks like one.
_SEGMENT = re.compile(rb"\xff[\xc0-\xc7\xc9-\xcf\xd9-\xef\xfe]")


@dataclass(frozen=True)
class Effort:
    """Numbers of segments and scans, counted up to one over the limit."""

    segments: int
    scans: int


def effort(data: bytes) -> Effort:
    """Count segments and scans of the first picture in `data`, since later parts (video, pictures) aren't decoded."""
    segments, scans, at = 0, 0, 2
    while segments <= MAX_SEGMENTS and scans <= MAX_SCANS and (found := _SEGMENT.search(data, at)):
        at, kind = found.end(), data[found.start() + 1]
        if kind != _END:
            segments += 1
            scans += kind == _SCAN
            at += max(2, int.from_bytes(data[at : at + 2], "big"))
        elif scans:
            break
    return Effort(segments, scans)
