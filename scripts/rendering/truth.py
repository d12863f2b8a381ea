"""Ground truth of files: what the browser shows, of HEIF and TIFF by way of a second decoder."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from scripts.rendering import chromium, second_decoders

THUMBNAIL = 32  # pixels a side: each is the mean of 7 x 7
Thumbnail = NDArray[np.uint8]


@dataclass(frozen=True)
class Truth:
    """Thumbnails of a file as shown on a white and on a black page."""

    white: Thumbnail
    black: Thumbnail


def truths(files: Mapping[str, bytes]) -> dict[str, Truth | None]:
    """Return what is shown of each file, None for nothing."""
    shown = chromium.shown({name: second_decoders.as_png(data) or b"" for name, data in files.items()})
    return {name: Truth(thumbnail(seen.white), thumbnail(seen.black)) if seen else None for name, seen in shown.items()}


def thumbnail(picture: Image.Image) -> Thumbnail:
    """Return the means over squares of a picture of the model's size."""
    return np.asarray(picture.convert("RGB").reduce(chromium.SIZE // THUMBNAIL))
