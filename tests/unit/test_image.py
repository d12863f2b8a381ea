"""Uploaded files: views of the images among them, and errors that say what is wrong with the others."""

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw

from moderation.domain.image import MAX_VIEWS, prepare
from moderation.errors import ImageTooLarge, UnreadableImage
from tests.support.images import bomb

SIZE = 64


def encode(image: Image.Image, format: str, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def picture(width: int = 320, height: int = 200) -> Image.Image:
    """Left half red, right half blue: enough to see what was turned, lost or inverted."""
    image = Image.new("RGB", (width, height), (220, 20, 20))
    ImageDraw.Draw(image).rectangle([width // 2, 0, width, height], fill=(20, 20, 220))
    return image


def seen(data: bytes, mode: str = "full", view: int = 0) -> Image.Image:
    return Image.open(io.BytesIO(prepare(data, mode, SIZE).views[view].png))


def rgb(view: Image.Image, point: tuple[int, int]) -> tuple[int, ...]:
    pixel = view.getpixel(point)
    assert isinstance(pixel, tuple)
    return pixel


def is_red(pixel) -> bool:
    return pixel[0] > 150 and pixel[2] < 100


def is_blue(pixel) -> bool:
    return pixel[2] > 150 and pixel[0] < 100


@pytest.mark.parametrize("format", ["JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "AVIF"])
def test_every_accepted_format_becomes_one_square_view(format):
    accepted = prepare(encode(picture(), format), "full", SIZE)

    assert [view.name for view in accepted.views] == ["full"]
    assert (accepted.width, accepted.height, accepted.format) == (320, 200, format)
    view = Image.open(io.BytesIO(accepted.views[0].png))
    assert (view.size, view.mode, view.format) == ((SIZE, SIZE), "RGB", "PNG")
    assert is_red(view.getpixel((8, 32)))
    assert is_blue(view.getpixel((56, 32)))


def test_cmyk_jpeg_keeps_its_colours():
    assert is_red(seen(encode(picture().convert("CMYK"), "JPEG")).getpixel((8, 32)))


def test_a_rotated_photograph_is_turned_upright():
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held on its side: show it turned 90 degrees clockwise
    view = seen(encode(picture(), "JPEG", exif=exif))

    assert is_red(view.getpixel((32, 8)))
    assert is_blue(view.getpixel((32, 56)))


def test_palette_png_with_transparency_is_laid_on_white():
    image = picture().quantize(4)
    transparent = image.getpixel((0, 0))
    view = seen(encode(image, "PNG", transparency=transparent))

    assert min(rgb(view, (8, 32))) > 240
    assert is_blue(view.getpixel((56, 32)))


def test_sixteen_bit_png_is_not_blown_out():
    ramp = np.linspace(0, 65535, 256, dtype=np.uint16).reshape(1, 256).repeat(64, axis=0)
    view = seen(encode(Image.fromarray(ramp), "PNG"))

    greys = [rgb(view, (x, 32))[0] for x in (4, 32, 60)]
    assert greys[0] < 40 < 100 < greys[1] < 155 < 215 < greys[2]


def test_float_tiff_is_mapped_to_its_own_range():
    ramp = np.linspace(-3.0, 7.0, 256, dtype=np.float32).reshape(1, 256).repeat(64, axis=0)
    view = seen(encode(Image.fromarray(ramp), "TIFF"))

    assert rgb(view, (1, 32))[0] < 20
    assert rgb(view, (62, 32))[0] > 235


def test_grey_with_alpha_is_accepted():
    view = seen(encode(Image.new("LA", (90, 90), (10, 0)), "PNG"))

    assert min(rgb(view, (32, 32))) > 240


def test_a_view_is_what_the_models_own_processor_would_make_of_the_picture():
    transformers = pytest.importorskip("transformers")
    noisy = Image.fromarray(np.random.default_rng(1).integers(0, 255, (333, 517, 3), dtype=np.uint8))
    processor = transformers.BlipImageProcessor(size={"height": SIZE, "width": SIZE})

    ours = processor(seen(encode(noisy, "PNG")), return_tensors="np")["pixel_values"]
    theirs = processor(noisy, return_tensors="np")["pixel_values"]

    assert np.array_equal(ours, theirs)


def test_small_content_in_a_large_picture_gets_a_tile_of_its_own():
    scene = Image.new("RGB", (800, 800))
    scene.paste(Image.effect_noise((800, 800), 90).convert("RGB"))
    ImageDraw.Draw(scene).rectangle([610, 630, 690, 710], fill=(230, 0, 0))

    def redness(png: bytes) -> float:
        pixels = np.asarray(Image.open(io.BytesIO(png)), dtype=int)
        return float(((pixels[..., 0] - pixels[..., 1]) > 100).mean())

    views = {view.name: redness(view.png) for view in prepare(encode(scene, "PNG"), "auto", SIZE).views}
    assert len(views) <= MAX_VIEWS
    assert max(views.values()) > 3 * views["full"]


@pytest.mark.parametrize("width, height", [(10_000, 5_001), (60_000, 60_000)])
def test_a_bomb_is_refused_by_its_header(width, height):
    with pytest.raises(ImageTooLarge, match="pixels"):
        prepare(bomb(width, height), "full", SIZE)


def test_over_twenty_megabytes_is_refused():
    with pytest.raises(ImageTooLarge, match="20,000,001 bytes"):
        prepare(b"\xff" * 20_000_001, "full", SIZE)


@pytest.mark.parametrize(
    "data, says",
    [
        (b"", "empty"),
        (b"just some text, not a picture", "accepted format"),
        (bomb(500, 500), "damaged or cut short"),
    ],
)
def test_what_is_not_an_image_is_said(data, says):
    with pytest.raises(UnreadableImage, match=says):
        prepare(data, "full", SIZE)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "AVIF"])
@pytest.mark.parametrize("kept", [0.02, 0.5, 0.9])
def test_a_truncated_image_is_unreadable_or_still_whole(format, kept):
    noisy = Image.fromarray(np.random.default_rng(2).integers(0, 255, (120, 120, 3), dtype=np.uint8))
    data = encode(noisy, format)
    with pytest.raises(UnreadableImage):
        prepare(data[: int(len(data) * kept)], "auto", SIZE)
