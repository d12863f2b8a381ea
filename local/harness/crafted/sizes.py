"""Odd, tiny and long pictures."""

from collections.abc import Callable

from PIL import Image

from local.harness.crafted import jpeg, png
from local.harness.crafted.jpeg import exif_segment
from local.harness.crafted.scene import scene, with_alpha
from local.harness.hostile_files import encode


def _size(width: int, height: int) -> Callable[[], bytes]:
    return lambda: png.png(scene(width, height))


def _as(format: str, width: int, height: int) -> Callable[[], bytes]:
    return lambda: encode(Image.fromarray(scene(width, height)), format)


FILES: dict[str, Callable[[], bytes]] = {
    "PNG, 1 x 1": _size(1, 1),
    "PNG, 1 x 64": _size(1, 64),
    "PNG, 96 x 1": _size(96, 1),
    "PNG, 7 x 5": _size(7, 5),
    "PNG, 97 x 61": _size(97, 61),
    "PNG, 1000 x 10": _size(1000, 10),
    "PNG, 10 x 1000": _size(10, 1000),
    "PNG, 700 x 500": _size(700, 500),
    "PNG, 1 x 1, transparent": lambda: png.png(with_alpha(scene(1, 1), 0)),
    "PNG, 1 x 1, half transparent": lambda: png.png(with_alpha(scene(1, 1), 128)),
    "PNG of 1 bit, 51 x 33": lambda: png.png(scene(51, 33)[..., 0] >> 7, bits=1),
    "JPEG, 1 x 1": lambda: jpeg.jpeg(scene(1, 1)),
    "JPEG, 97 x 61": lambda: jpeg.jpeg(scene(97, 61)),
    "JPEG, 97 x 61, chroma by four": lambda: encode(Image.fromarray(scene(97, 61)), "JPEG", quality=92, subsampling=2),
    "JPEG, 8 x 900, EXIF 6": lambda: jpeg.jpeg(scene(8, 900), exif_segment(6)),
    "JPEG, 900 x 700": lambda: jpeg.jpeg(scene(900, 700)),
    "GIF, 1 x 1": _as("GIF", 1, 1),
    "GIF, 97 x 61": lambda: encode(Image.fromarray(scene(97, 61)).quantize(16), "GIF"),
    "BMP, 97 x 61": _as("BMP", 97, 61),
    "BMP, 1 x 1": _as("BMP", 1, 1),
}
