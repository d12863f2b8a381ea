"""The views of an uploaded file, as pictures."""

import io

from PIL import Image

from moderation.domain.image import prepare

SIDE = 64


def shown(data: bytes, name: str = "full") -> Image.Image:
    (view,) = (view for view in prepare(data, "full", SIDE).views if view.name == name)
    return Image.open(io.BytesIO(view.png))


def names(data: bytes) -> list[str]:
    return [view.name for view in prepare(data, "full", SIDE).views]


def pixel(data: bytes, name: str = "full", at: tuple[int, int] = (5, 5)) -> tuple[int, ...]:
    value = shown(data, name).getpixel(at)
    assert isinstance(value, tuple)
    return value
