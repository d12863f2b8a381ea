"""A picture that is read: the steps pass it on through the manifest."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Page:
    """What `view` shows whole of the frame of that number; a pixel of it is `scale` pixels of the page."""

    view: str
    scale: float = 1.0
    frame: int = 0
