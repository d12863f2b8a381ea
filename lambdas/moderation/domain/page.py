"""A picture that is read: the steps pass it on through the manifest."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Page:
    """Picture of a frame by its number, all of which `view` shows; a pixel of that is `scale` pixels of the page."""

    view: str
    scale: float = 1.0
    frame: int = 0
