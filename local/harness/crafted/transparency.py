"""Transparency: figures that one page shows and the other hides, and each format's way to say so."""

import struct
from collections.abc import Callable

import numpy as np
from PIL import Image

from local.harness.crafted import png, tiff
from local.harness.crafted.bmff import stored
from local.harness.crafted.scene import HEIGHT, WIDTH, Pixels, figure, grey, scene, shadow_puppet, with_alpha
from local.harness.crafted.webp import ALPHA, ANIMATION, frame, loop, lossless, webp
from local.harness.crafted.webp import stored as stored_webp
from local.harness.hostile_files import chunk, encode


def _trns(*samples: int) -> bytes:
    return chunk(b"tRNS", struct.pack(f">{len(samples)}H", *samples))


def _mask(inside: int, outside: int) -> Pixels:
    return np.where(figure(), inside, outside).astype(np.uint8)


def _flat(colour: int) -> Pixels:
    return np.full((HEIGHT, WIDTH, 3), colour, np.uint8)


def _indexed(alphas: Callable[[int, int], bytes], *, early: bool = False) -> bytes:
    """Return a PNG with a palette; `alphas` gives the tRNS chunk's bytes from (entries, the ground's index)."""
    indices, colours = png.indexed(scene())
    transparent = chunk(b"tRNS", alphas(len(colours), int(indices[HEIGHT - 1, 2])))
    chunks = (transparent, png.palette(colours)) if early else (png.palette(colours), transparent)
    return png.png(indices, *chunks, colour=png.PALETTE)


def _gif(transparent: int | None, ground: tuple[int, int, int] = (255, 255, 255)) -> bytes:
    """Return a GIF of two colours: index 1 is the figure."""
    image = Image.fromarray(figure().astype(np.uint8)).convert("P")
    image.putpalette(bytes((*ground, 255, 255, 255)))
    return encode(image, "GIF", **({} if transparent is None else {"transparency": transparent}))


def _bmp(alpha_mask: int, bits: int = 32) -> bytes:
    """Return a BMP with a header of version 4, which may name bits for alpha."""
    blue_first = with_alpha(scene()[..., ::-1], _mask(255, 0))[::-1]
    body = blue_first.astype(np.uint8).tobytes()
    masks = struct.pack("<4I", 0xFF0000, 0xFF00, 0xFF, alpha_mask)
    info = struct.pack("<IiiHHIIiiII", 108, WIDTH, HEIGHT, 1, bits, 3, len(body), 2835, 2835, 0, 0) + masks
    info += b"BGRs" + bytes(48)
    return b"BM" + struct.pack("<IHHI", 14 + len(info) + len(body), 0, 0, 14 + len(info)) + info + body


def _premultiplied() -> Pixels:
    alpha = _mask(128, 0)
    return with_alpha((scene() * (alpha[..., None] / 255)).astype(np.uint8), alpha)


FILES: dict[str, Callable[[], bytes]] = {
    "PNG, white figure on nothing": lambda: png.png(shadow_puppet(255)),
    "PNG, black figure on nothing": lambda: png.png(shadow_puppet(0)),
    "PNG, grey figure on nothing": lambda: png.png(shadow_puppet(128)),
    "PNG, near-white figure on nothing": lambda: png.png(shadow_puppet(246)),
    "PNG, near-black figure on nothing": lambda: png.png(shadow_puppet(9)),
    "PNG of grey and alpha, white figure": lambda: png.png(with_alpha(_flat(255)[..., 0], _mask(255, 0))),
    "PNG of grey and alpha, black figure": lambda: png.png(with_alpha(_flat(0)[..., 0], _mask(255, 0))),
    "PNG, figure in alpha 255 on alpha 200, white": lambda: png.png(with_alpha(_flat(255), _mask(255, 200))),
    "PNG, figure in alpha 60 on nothing, white": lambda: png.png(with_alpha(_flat(255), _mask(60, 0))),
    "PNG, figure in alpha 60 on nothing, black": lambda: png.png(with_alpha(_flat(0), _mask(60, 0))),
    "PNG, figure in alpha 1": lambda: png.png(with_alpha(scene(), _mask(1, 255))),
    "PNG, picture at alpha 40": lambda: png.png(with_alpha(scene(), 40)),
    "PNG, picture at alpha 250": lambda: png.png(with_alpha(scene(), 250)),
    "PNG, hidden picture at alpha 0": lambda: png.png(with_alpha(scene(), 0)),
    "PNG, hidden picture at alpha 0 but for one corner": lambda: png.png(
        with_alpha(scene(), np.pad(np.full((8, 8), 255, np.uint8), ((0, HEIGHT - 8), (0, WIDTH - 8))))
    ),
    "PNG, white at alpha 0 around a picture": lambda: png.png(
        with_alpha(np.where(figure()[..., None], scene(), 255), _mask(255, 0))
    ),
    "PNG, premultiplied samples": lambda: png.png(_premultiplied()),
    "PNG, light samples over full alpha": lambda: png.png(with_alpha(scene(), 255)),
    "PNG of 16 bits with alpha, white figure": lambda: png.png(shadow_puppet(255) * 257.0, bits=16),
    "PNG of 16 bits, grey and alpha": lambda: png.png(with_alpha(_flat(255)[..., 0], _mask(255, 0)) * 257.0, bits=16),
    "PNG of 16 bits, alpha in its low bytes": lambda: png.png(
        with_alpha(scene() * 257.0, np.where(figure(), 255, 0)), bits=16
    ),
    "PNG, tRNS for grey": lambda: png.png(np.where(figure(), 255, 254).astype(np.uint8), _trns(254)),
    "PNG, tRNS for grey, black figure": lambda: png.png(np.where(figure(), 0, 1).astype(np.uint8), _trns(1)),
    "PNG, tRNS for grey over its range": lambda: png.png(grey(), _trns(0x0100 + int(grey()[-1, 2]))),
    "PNG, tRNS for grey of 16 bits": lambda: png.png(np.where(figure(), 65_535, 65_000), _trns(65_000), bits=16),
    "PNG, tRNS for grey of 16 bits, black figure": lambda: png.png(np.where(figure(), 0, 300), _trns(300), bits=16),
    "PNG, tRNS for grey of 16 bits, near misses": lambda: png.png(
        np.where(figure(), 65_280, 65_281), _trns(65_281), bits=16
    ),
    "PNG, tRNS for grey of 1 bit": lambda: png.png(figure().astype(np.uint8), _trns(0), bits=1),
    "PNG, tRNS for grey of 2 bits": lambda: png.png(np.where(figure(), 3, 2).astype(np.uint8), _trns(2), bits=2),
    "PNG, tRNS for grey of 4 bits": lambda: png.png(np.where(figure(), 15, 14).astype(np.uint8), _trns(14), bits=4),
    "PNG, tRNS for RGB": lambda: png.png(
        np.where(figure()[..., None], 255, 254).astype(np.uint8).repeat(3, 2), _trns(254, 254, 254)
    ),
    "PNG, tRNS for RGB, the ground": lambda: png.png(scene(), _trns(112, 126, 140)),
    "PNG, tRNS for RGB of 16 bits": lambda: png.png(
        np.where(figure()[..., None], 65_535, 65_534).repeat(3, 2), _trns(65_534, 65_534, 65_534), bits=16
    ),
    "PNG, tRNS for RGB of 16 bits, by the high byte": lambda: png.png(
        np.where(figure()[..., None], 65_535, 65_290).repeat(3, 2), _trns(65_290, 65_290, 65_290), bits=16
    ),
    "PNG, tRNS for a palette": lambda: _indexed(
        lambda count, ground: bytes(255 * (at != ground) for at in range(count))
    ),
    "PNG, tRNS for a palette, half": lambda: _indexed(lambda count, ground: bytes([128] * count)),
    "PNG, tRNS for a palette, one entry": lambda: _indexed(lambda count, ground: b"\0"),
    "PNG, tRNS longer than the palette": lambda: _indexed(lambda count, ground: bytes([90] * 200)),
    "PNG, tRNS before the palette": lambda: _indexed(lambda count, ground: bytes([60] * count), early=True),
    "PNG, tRNS with alpha in the pixels": lambda: png.png(with_alpha(scene(), 255), _trns(112, 126, 140)),
    "PNG, tRNS after the pixels": lambda: png.png(scene(), after=[_trns(112, 126, 140)]),
    "PNG, tRNS of one byte": lambda: png.png(grey(), chunk(b"tRNS", b"\0")),
    "PNG, tRNS twice": lambda: png.png(scene(), _trns(112, 126, 140), _trns(226, 172, 140)),
    "PNG, white palette, figure by tRNS alone": lambda: png.png(
        figure().astype(np.uint8), png.palette([(255,) * 3] * 2), chunk(b"tRNS", b"\0\xff"), colour=png.PALETTE
    ),
    "GIF, white figure on nothing": lambda: _gif(0),
    "GIF, figure cut out of white": lambda: _gif(1),
    "GIF, transparent black": lambda: _gif(0, (0, 0, 0)),
    "GIF, opaque": lambda: _gif(None, (40, 60, 90)),
    "WebP with alpha": lambda: webp(stored_webp("alpha.webp"), flags=ALPHA),
    "WebP with alpha that the flags deny": lambda: webp(stored_webp("alpha.webp"), flags=0),
    "WebP with alpha, no extended header": lambda: webp(stored_webp("alpha.webp")),
    "WebP, lossy, with an alpha chunk": lambda: webp(
        (b"ALPH", b"\0" + _mask(255, 0).tobytes()), stored_webp("lossy.webp"), flags=ALPHA
    ),
    "WebP, lossy, with an alpha chunk that the flags deny": lambda: webp(
        (b"ALPH", b"\0" + _mask(255, 0).tobytes()), stored_webp("lossy.webp"), flags=0
    ),
    "WebP, opaque, flagged as alpha": lambda: webp(lossless(), flags=ALPHA),
    "WebP, animated, a frame smaller than its canvas": lambda: webp(
        loop(b"\0\0\xff\xff"), frame(lossless(), at=(40, 20)), flags=ANIMATION | ALPHA, size=(180, 120)
    ),
    "AVIF with alpha": lambda: stored("alpha.avif"),
    "HEIC with alpha": lambda: stored("alpha.heic"),
    "TIFF, unassociated alpha": lambda: tiff.tiff(with_alpha(scene(), _mask(255, 40)), tags={338: 2}),
    "TIFF, associated alpha": lambda: tiff.tiff(_premultiplied(), tags={338: 1}),
    "TIFF, white figure on nothing": lambda: tiff.tiff(shadow_puppet(255), tags={338: 2}),
    "TIFF, fourth channel of no meaning": lambda: tiff.tiff(with_alpha(scene(), _mask(255, 0)), tags={338: 0}),
    "TIFF of grey and alpha": lambda: tiff.tiff(with_alpha(grey(), _mask(255, 0)), tags={338: 2}),
    "BMP of 32 bits with alpha": lambda: _bmp(0xFF000000),
    "BMP of 32 bits without alpha": lambda: _bmp(0),
}
