"""Image files from strangers: decoded as the sample decodes them, or refused in words."""

import base64
import contextlib
import random
import struct
import zlib
from collections.abc import Callable

import pytest
from blip2_serving.image import open_image
from blip2_serving.request import BadRequest
from PIL import Image


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF"])
def test_every_accepted_format_becomes_rgb(
    format: str, picture: Callable[..., Image.Image], encoded: Callable[..., str]
) -> None:
    image = open_image(base64.b64decode(encoded(picture(), format)))
    assert (image.mode, image.size) == ("RGB", (90, 70))


@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGBA", "1", "I;16"])
def test_odd_modes_become_rgb(mode: str, encoded: Callable[..., str]) -> None:
    assert open_image(base64.b64decode(encoded(Image.new(mode, (8, 8))))).mode == "RGB"


@pytest.mark.parametrize("content", [b"", b"not an image", b"%PDF-1.7", b"<svg xmlns='http://www.w3.org/2000/svg'/>"])
def test_anything_else_is_refused(content: bytes) -> None:
    with pytest.raises(BadRequest, match="can't be decoded"):
        open_image(content)


def test_a_bomb_is_refused_by_its_header() -> None:
    # a PNG of 30,000 x 30,000 pixels that holds none of them: decoding it would raise another error
    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + header
    png = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", len(header)) + chunk + struct.pack(">I", zlib.crc32(chunk))

    with pytest.raises(BadRequest, match="more than 50 megapixels"):
        open_image(png + struct.pack(">I", 0) + b"IDAT" + struct.pack(">I", zlib.crc32(b"IDAT")))


def test_just_over_the_limit_is_refused(encoded: Callable[..., str]) -> None:
    big = Image.new("1", (10_001, 5_000))
    with pytest.raises(BadRequest, match="more than 50 megapixels"):
        open_image(base64.b64decode(encoded(big)))


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF"])
def test_a_damaged_file_is_decoded_or_refused_but_never_crashes(
    format: str, picture: Callable[..., Image.Image], encoded: Callable[..., str]
) -> None:
    intact = base64.b64decode(encoded(picture(), format))
    chance = random.Random(format)
    for _ in range(150):
        damaged = bytearray(intact[: chance.randint(1, len(intact))])
        for _ in range(chance.randint(0, 8)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        with contextlib.suppress(BadRequest):
            assert open_image(bytes(damaged)).mode == "RGB"
