"""Pictures for the reader: whole frames, as views show them, at full resolution."""

import io
from collections.abc import Sequence

from PIL import Image

from moderation.domain.image.appearance import appearance
from moderation.domain.image.file import decoding, open_file
from moderation.domain.image.frames import count_frames, decoded_frames
from moderation.domain.image.renderings import renderings
from moderation.domain.page import Page
from moderation.errors import UnreadableImage


def whole_name(frame: int, rendering: str) -> str:
    """Return the name of the view that shows all of a rendering of a frame."""
    return "-".join(filter(None, (f"frame-{frame}" if frame else "full", rendering)))


def page_pictures(data: bytes, pages: Sequence[Page]) -> list[bytes]:
    """Return the picture of each page as a lossless PNG, decoded as it was for the page's view.

    All are made before the first is read: they are smaller than the decoded file, which is let go. Raises as `prepare`
    does, UnreadableImage also for a page that the file doesn't have.
    """
    if not pages:
        return []
    wanted = {page.view: page for page in pages}
    made: dict[str, bytes] = {}
    source = open_file(data)
    with decoding(source):
        count_frames(source)
        seen_as = appearance(source, data)
        for number, frame in decoded_frames(source, {page.frame for page in pages}):
            for rendering in renderings(frame, seen_as, read=True):
                if page := wanted.get(whole_name(number, rendering.name)):
                    made[page.view] = _png(rendering.picture, page.scale)
    if missing := wanted.keys() - made.keys():
        raise UnreadableImage(f"The file has no picture {', '.join(sorted(missing))} when it is decoded again.")
    return [made[page.view] for page in pages]


def _png(picture: Image.Image, scale: float) -> bytes:
    if scale < 1:
        size = max(1, int(picture.width * scale)), max(1, int(picture.height * scale))
        picture = picture.resize(size, Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", compress_level=0)  # it is read at once, in the same process
    return buffer.getvalue()
