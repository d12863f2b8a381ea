"""An uploaded picture for people to look at: its pixels alone, encoded anew, larger than the models' views."""

import io
import math
import re

from PIL import Image

from moderation.domain.image.appearance import Appearance, appearance
from moderation.domain.image.file import decoding, open_file
from moderation.domain.image.frames import count_frames, decoded_frames
from moderation.domain.image.renderings import renderings

MAX_REDRAWN_PIXELS = 2_048 * 2_048
MAX_REDRAWN_BYTES = 4_000_000  # in base64 well within the 6 MB that a Lambda function may answer with
_QUALITIES = (90, 75, 50, 25)  # the last one suffices even for noise
# As `prepare` names views: of a frame, in a rendering, and which part of it.
_VIEW = re.compile(r"(?:full|frame-(\d+))?-?(.*?)-?(?:trimmed|tile-\d+)?")


def redraw(data: bytes, view: str = "full") -> bytes:
    """Return the whole frame that a view is of, in the view's rendering, as a JPEG of at most 4 megapixels.

    It is upright, in sRGB, and has no metadata. Raises what `prepare` raises.
    """
    number, rendering = _shown_in(view)
    source = open_file(data)
    with decoding(source):
        count_frames(source)
        seen_as = appearance(source, data)
        [(_, frame)] = decoded_frames(source, {number})
        picture = _rendered(frame, seen_as, rendering)
        picture.thumbnail(_size(picture), Image.Resampling.LANCZOS)
    return _encoded(picture)


def _shown_in(view: str) -> tuple[int, str]:
    """Return the number of a view's frame, and its rendering."""
    named = _VIEW.fullmatch(view)
    return (int(named[1] or 0), named[2]) if named else (0, "")


def _rendered(frame: Image.Image, seen_as: Appearance, rendering: str) -> Image.Image:
    """Return a frame in a rendering, else in the main one. None is kept while the next is made, for memory."""
    found = next(filter(lambda one: one.name == rendering, renderings(frame, seen_as)), None)
    return (found or next(renderings(frame, seen_as))).picture


def _size(picture: Image.Image) -> tuple[int, int]:
    """Return the sides: limited by area, so that a long picture can still be read."""
    scale = min(1.0, math.sqrt(MAX_REDRAWN_PIXELS / (picture.width * picture.height)))
    return max(1, int(picture.width * scale)), max(1, int(picture.height * scale))


def _encoded(picture: Image.Image) -> bytes:
    """Encode as well as fits."""
    jpeg = b""
    for quality in _QUALITIES:
        buffer = io.BytesIO()
        picture.save(buffer, "JPEG", quality=quality)
        jpeg = buffer.getvalue()
        if len(jpeg) <= MAX_REDRAWN_BYTES:
            break
    return jpeg
