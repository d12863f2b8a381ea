"""The picture inside the crafted files: a figure on a ground, with no symmetry and with a patch of each primary."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[Any]
WIDTH, HEIGHT = 96, 64
GROUND, SKIN, INK = (112, 126, 140), (226, 172, 140), (30, 26, 40)


def figure(width: int = WIDTH, height: int = HEIGHT) -> NDArray[np.bool_]:
    """Return the mask of the figure: a head, a body and one raised arm, left of the middle."""
    y, x = np.mgrid[0:height, 0:width]
    x, y = x / width, y / height
    head = ((x - 0.38) / 0.08) ** 2 + ((y - 0.24) / 0.13) ** 2 < 1
    body = ((x - 0.38) / 0.15) ** 2 + ((y - 0.66) / 0.30) ** 2 < 1
    arm = (abs(x - 0.60) < 0.05) & (abs(y - 0.40) < 0.22)
    shoulder = (abs(x - 0.5) < 0.14) & (abs(y - 0.56) < 0.06)
    return np.asarray(head | body | arm | shoulder)


def scene(width: int = WIDTH, height: int = HEIGHT) -> Pixels:
    """Return the picture as (height, width, 3) samples of 8 bits."""
    y, x = np.mgrid[0:height, 0:width]
    x, y = x / width, y / height
    pixels = np.full((height, width, 3), GROUND, np.uint8)
    pixels[figure(width, height)] = SKIN
    pixels[(x < 0.14) & (y < 0.2)] = INK
    for number, colour in enumerate(((220, 30, 30), (30, 180, 40), (40, 50, 220), (250, 250, 245))):
        pixels[(x > 0.78) & (y >= number / 4) & (y < (number + 1) / 4)] = colour
    return pixels


def grey(width: int = WIDTH, height: int = HEIGHT) -> Pixels:
    """Return the picture as (height, width) samples of 8 bits."""
    return np.asarray(scene(width, height).astype(int) @ np.array((77, 151, 28)) // 256).astype(np.uint8)


def with_alpha(pixels: Pixels, alpha: Pixels | int) -> Pixels:
    """Return the samples with a channel for alpha."""
    plane = np.broadcast_to(np.asarray(alpha, pixels.dtype), pixels.shape[:2])
    return np.dstack([pixels, plane])


def shadow_puppet(colour: int, channels: int = 3) -> Pixels:
    """Return the figure in one colour on nothing: seen on any page but one of that colour."""
    pixels = np.full((HEIGHT, WIDTH, channels), colour, np.uint8)
    return with_alpha(pixels, np.where(figure(), 255, 0).astype(np.uint8))
