"""JPEG colour spaces: CMYK, inverted and not, YCCK, and RGB with and without Adobe's segment."""

from collections.abc import Callable

import numpy as np
from PIL import Image

from local.harness.crafted import jpeg
from local.harness.crafted.jpeg import adobe, cmyk, cmyk_jpeg
from local.harness.crafted.scene import Pixels, scene


def _ycck(inks: Pixels) -> Pixels:
    """Return the stored samples of YCCK: the inks' complements as YCbCr, and black inverted."""
    light = Image.fromarray(np.ascontiguousarray(255 - inks[..., :3])).convert("YCbCr")
    return np.dstack([np.asarray(light), 255 - inks[..., 3]])


def _rgb_components(names: bytes, *segments: bytes) -> bytes:
    """Return a JPEG of three untransformed components of the given names."""
    data = jpeg.without(jpeg.jpeg(scene(), keep_rgb=True), 0xEE, 0xE0)
    for each in (b"%c\x11\0%c\x11\0%c\x11\0", b"\x03%c\0%c\0%c\0"):
        data = data.replace(each % tuple(b"RGB"), each % tuple(names))
    return data[:2] + b"".join(segments) + data[2:]


FILES: dict[str, Callable[[], bytes]] = {
    "CMYK, inverted, Adobe": lambda: cmyk_jpeg(255 - cmyk(scene()), adobe(0)),
    "CMYK, not inverted, Adobe": lambda: cmyk_jpeg(cmyk(scene()), adobe(0)),
    "CMYK, inverted, no Adobe segment": lambda: cmyk_jpeg(255 - cmyk(scene())),
    "CMYK, not inverted, no Adobe segment": lambda: cmyk_jpeg(cmyk(scene())),
    "YCCK": lambda: cmyk_jpeg(_ycck(cmyk(scene())), adobe(2)),
    "YCCK, no Adobe segment": lambda: cmyk_jpeg(_ycck(cmyk(scene()))),
    "CMYK, declared as YCCK": lambda: cmyk_jpeg(255 - cmyk(scene()), adobe(2)),
    "YCCK, declared as CMYK": lambda: cmyk_jpeg(_ycck(cmyk(scene())), adobe(0)),
    "four components, declared as YCbCr": lambda: cmyk_jpeg(255 - cmyk(scene()), adobe(1)),
    "CMYK, a figure in black alone": lambda: cmyk_jpeg(_black_only(), adobe(0)),
    "CMYK, two Adobe segments": lambda: cmyk_jpeg(255 - cmyk(scene()), adobe(0), adobe(2)),
    "RGB, components named R G B": lambda: _rgb_components(b"RGB"),
    "RGB, components 1 2 3, no segment": lambda: _rgb_components(b"\1\2\3"),
    "RGB, components 1 2 3, Adobe": lambda: _rgb_components(b"\1\2\3", adobe(0)),
    "RGB, declared as YCbCr": lambda: _rgb_components(b"RGB", adobe(1)),
    "RGB, components 0 1 2": lambda: _rgb_components(b"\0\1\2"),
    "YCbCr, declared as RGB": lambda: jpeg.jpeg(scene(), adobe(0)),
    "YCbCr, no JFIF, no Adobe": lambda: jpeg.without(jpeg.jpeg(scene()), 0xE0),
}


def _black_only() -> Pixels:
    samples = 255 - cmyk(scene())
    samples[..., :3] = 255
    return samples
