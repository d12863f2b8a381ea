"""Files of several pictures: the first frame is what a browser shows at first."""

import struct
from collections.abc import Callable

import numpy as np
from PIL import Image

from local.harness.crafted import png, tiff
from local.harness.crafted.png import IEND, assemble, header, idat, packed
from local.harness.crafted.scene import Pixels, scene, shadow_puppet, with_alpha
from local.harness.crafted.webp import ALPHA, ANIMATION, frame, loop, lossless, webp
from local.harness.crafted.webp import stored as stored_webp
from local.harness.hostile_files import chunk, encode

_OTHER = np.asarray(scene()[::-1, ::-1])


def _actl(frames: int, plays: int = 0) -> bytes:
    return chunk(b"acTL", struct.pack(">II", frames, plays))


def _fctl(
    number: int, size: tuple[int, int] = (96, 64), at: tuple[int, int] = (0, 0), dispose: int = 0, blend: int = 0
) -> bytes:
    return chunk(b"fcTL", struct.pack(">IIIIIHHBB", number, *size, *at, 1, 10, dispose, blend))


def _fdat(number: int, pixels: Pixels) -> bytes:
    return chunk(b"fdAT", struct.pack(">I", number) + packed(pixels))


def _apng(*chunks: bytes, pixels: Callable[[], Pixels] = scene) -> Callable[[], bytes]:
    return lambda: assemble(header(pixels()), *chunks, IEND)


def _gif(*pictures: Pixels, **options: object) -> bytes:
    frames = [Image.fromarray(picture).quantize(16, dither=Image.Dither.NONE) for picture in pictures]
    return encode(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=200, **options)


def _gif_see_through(disposal: int) -> bytes:
    """Return an animation whose frames are a figure on nothing, each in another colour."""
    frames = [Image.fromarray(shadow_puppet(shade)) for shade in (255, 0, 128)]
    return encode(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=200, disposal=disposal)


def _mpo() -> bytes:
    return encode(Image.fromarray(scene()), "MPO", save_all=True, append_images=[Image.fromarray(_OTHER)], quality=92)


_ALPHA = with_alpha(scene(), 255)

FILES: dict[str, Callable[[], bytes]] = {
    "JPEG of several pictures (MPO)": _mpo,
    "APNG, the default picture is the first frame": _apng(
        _actl(2), _fctl(0), idat(scene()), _fctl(1), _fdat(2, _OTHER)
    ),
    "APNG, the default picture is no frame": _apng(
        _actl(2), idat(scene()), _fctl(0), _fdat(1, _OTHER), _fctl(2), _fdat(3, scene())
    ),
    "APNG, the default picture is no frame, one frame": _apng(_actl(1), idat(scene()), _fctl(0), _fdat(1, _OTHER)),
    "APNG, control after the pixels": _apng(
        idat(scene()), _actl(2), _fctl(0), _fdat(1, _OTHER), _fctl(2), _fdat(3, _OTHER)
    ),
    "APNG, control twice": _apng(_actl(2), _actl(1), _fctl(0), idat(scene()), _fctl(1), _fdat(2, _OTHER)),
    "APNG, control twice, hidden default": _apng(
        _actl(1), _actl(2), idat(scene()), _fctl(0), _fdat(1, _OTHER), _fctl(2), _fdat(3, _OTHER)
    ),
    "APNG, control of no frames": _apng(_actl(0), idat(scene()), _fctl(0), _fdat(1, _OTHER)),
    "APNG, no control": _apng(idat(scene()), _fctl(0), _fdat(1, _OTHER)),
    "APNG, frames numbered wrong": _apng(_actl(2), _fctl(5), idat(scene()), _fctl(9), _fdat(3, _OTHER)),
    "APNG, a frame larger than the canvas": _apng(
        _actl(2), _fctl(0), idat(scene()), _fctl(1, size=(200, 200)), _fdat(2, _OTHER)
    ),
    "APNG, the first frame is smaller than the canvas": _apng(
        _actl(2), _fctl(0, size=(48, 32)), idat(scene()), _fctl(1), _fdat(2, _OTHER)
    ),
    "APNG, hidden default, a small first frame": _apng(
        _actl(1), idat(scene()), _fctl(0, size=(48, 32), at=(10, 10)), _fdat(1, _OTHER[:32, :48])
    ),
    "APNG, more frames declared": _apng(_actl(9), _fctl(0), idat(scene()), _fctl(1), _fdat(2, _OTHER)),
    "APNG, fewer frames declared": _apng(_actl(1), _fctl(0), idat(scene()), _fctl(1), _fdat(2, _OTHER)),
    "APNG, pixels of the second frame missing": _apng(_actl(2), _fctl(0), idat(scene()), _fctl(1)),
    "APNG, transparent, cleared to black": _apng(
        _actl(2),
        _fctl(0, dispose=1),
        idat(_ALPHA),
        _fctl(1, dispose=1, blend=1),
        _fdat(2, shadow_puppet(255)),
        pixels=lambda: _ALPHA,
    ),
    "APNG, white figure on nothing": _apng(
        _actl(2),
        _fctl(0),
        idat(shadow_puppet(255)),
        _fctl(1),
        _fdat(2, shadow_puppet(0)),
        pixels=lambda: _ALPHA,
    ),
    "APNG, default picture under gAMA 0.1": _apng(
        png.gama(0.1), _actl(2), _fctl(0), idat(scene()), _fctl(1), _fdat(2, _OTHER)
    ),
    "GIF of two frames": lambda: _gif(scene(), _OTHER),
    "GIF of two frames, shown once": lambda: _gif(scene(), _OTHER, loop=1),
    "GIF, figures on nothing, disposal 1": lambda: _gif_see_through(1),
    "GIF, figures on nothing, disposal 2": lambda: _gif_see_through(2),
    "GIF, figures on nothing, disposal 3": lambda: _gif_see_through(3),
    "WebP of two frames": lambda: webp(
        loop(), frame(lossless()), frame(stored_webp("alpha.webp")), flags=ANIMATION | ALPHA
    ),
    "WebP of two frames, the first off its corner": lambda: webp(
        loop(), frame(lossless(), at=(20, 10)), frame(lossless()), flags=ANIMATION | ALPHA, size=(160, 100)
    ),
    "WebP of two frames, not flagged as animated": lambda: webp(
        loop(), frame(lossless()), frame(stored_webp("alpha.webp")), flags=0
    ),
    "WebP of frames and a still picture": lambda: webp(
        lossless(), loop(), frame(stored_webp("alpha.webp")), flags=ANIMATION | ALPHA
    ),
    "WebP of two frames, the first off its corner, no alpha flagged": lambda: webp(
        loop(), frame(lossless(), at=(20, 10)), frame(lossless()), flags=ANIMATION, size=(160, 100)
    ),
    "WebP of two frames, the first see-through, no alpha flagged": lambda: webp(
        loop(), frame(stored_webp("alpha.webp")), frame(lossless()), flags=ANIMATION
    ),
    "WebP of two frames, no alpha": lambda: webp(loop(), frame(lossless()), frame(lossless()), flags=ANIMATION),
    "WebP of one frame": lambda: webp(loop(), frame(lossless()), flags=ANIMATION),
    "WebP, a frame larger than the canvas": lambda: webp(loop(), frame(lossless()), flags=ANIMATION, size=(50, 40)),
    "TIFF of two pages": lambda: _two_pages(),
    "TIFF, a small preview as its second page": lambda: _two_pages(tag=1),
}


def _two_pages(tag: int = 0) -> bytes:
    """Return a TIFF with a second page, whose subfile type is `tag`."""
    first = tiff.tiff(scene())
    (start,) = struct.unpack("<I", first[4:8])
    (entries,) = struct.unpack("<H", first[start : start + 2])
    second = bytearray(tiff.tiff(_OTHER, tags={254: tag}))
    return _linked(bytearray(first), start + 2 + 12 * entries, second)


def _linked(first: bytearray, link: int, second: bytearray) -> bytes:
    """Append a second file's directory and pixels, with its offsets moved."""
    moved = len(first)
    (start,) = struct.unpack("<I", second[4:8])
    (entries,) = struct.unpack("<H", second[start : start + 2])
    for at in range(start + 2, start + 2 + 12 * entries, 12):
        tag, kind, count, value = struct.unpack("<HHII", second[at : at + 12])
        if tag == 273 or count * (2 if kind == 3 else 4) > 4:
            second[at + 8 : at + 12] = struct.pack("<I", value + moved)
    first[link : link + 4] = struct.pack("<I", start + moved)
    return bytes(first + second)
