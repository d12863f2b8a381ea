"""Transparency, depth and contrast: what a viewer may see on one page, on one display, and not on another."""

import gc
import struct
import sys
import weakref
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image, ImageDraw

from local.harness.hostile_files import chunk, encode
from moderation.domain.image import prepare
from moderation.domain.image.appearance import Appearance
from moderation.domain.image.renderings import Rendering, renderings
from tests.support.colour_files import gamma, png_of_samples, with_chunks
from tests.unit.shown import names, pixel, shown

SIZE = (96, 64)
FIGURE, GROUND = (32, 32), (3, 3)  # places in a view of 64 pixels a side


def with_figure(mode: str, ground: object, figure: object, size: tuple[int, int] = SIZE) -> Image.Image:
    image = Image.new(mode, size, ground)  # type: ignore[arg-type]
    width, height = size
    ImageDraw.Draw(image).ellipse([width // 4, height // 4, width * 3 // 4, height * 3 // 4], fill=figure)  # type: ignore[arg-type]
    return image


def samples(ground: object, figure: object, kind: type = np.uint16) -> np.ndarray:
    mask = np.asarray(with_figure("L", 0, 1))[..., None]
    return np.where(mask, np.array(figure, dtype=kind), np.array(ground, dtype=kind)).astype(kind).squeeze()


def contrast(data: bytes, name: str = "full") -> int:
    return max(
        abs(one - other) for one, other in zip(pixel(data, name, FIGURE), pixel(data, name, GROUND), strict=True)
    )


def colour_png(ground: tuple[int, ...], figure: tuple[int, ...], colour: int = 2) -> bytes:
    """Make a PNG of 16-bit colours, which Pillow can't write: the figure is the middle third of each row."""
    row = b"".join(struct.pack(f">{len(ground)}H", *(figure if 32 <= x < 64 else ground)) for x in range(96))
    return png_of_samples(SIZE, 16, colour, row)


@pytest.mark.parametrize(
    "image",
    [
        with_figure("RGBA", (0, 0, 0, 0), (255, 255, 255, 255)),
        with_figure("RGBA", (255, 255, 255, 0), (250, 250, 250, 255)),
        with_figure("RGBA", (255, 255, 255, 255), (255, 255, 255, 120)),
        with_figure("RGBA", (255, 255, 255, 255), (255, 255, 255, 235)),
        with_figure("LA", (255, 255), (255, 0)),
        with_figure("P", 0, 1),
    ],
)
def test_a_figure_that_only_a_black_page_shows_is_looked_at(image):
    options = {}
    if image.mode == "P":
        image.putpalette([255] * 6)
        options = {"transparency": 1}
    data = encode(image, "PNG", **options)

    assert "full-black" in names(data)
    assert contrast(data) < 6
    assert contrast(data, "full-black") > 15


@pytest.mark.parametrize("format", ["WEBP", "TIFF", "GIF", "AVIF"])
def test_transparency_of_other_formats_is_laid_on_both_pages(format):
    image = with_figure("RGBA", (0, 0, 0, 0), (255, 255, 255, 255))
    data = encode(image, format, **({"lossless": True} if format == "WEBP" else {}))

    assert min(pixel(data, at=GROUND)) > 250
    assert max(pixel(data, "full-black", GROUND)) < 5


def test_hidden_colours_under_full_transparency_stay_hidden():
    data = encode(with_figure("RGBA", (10, 200, 10, 0), (200, 10, 10, 0)), "PNG")

    assert (contrast(data), contrast(data, "full-black")) == (0, 0)


@pytest.mark.parametrize(
    "image",
    [
        Image.new("RGBA", SIZE, (90, 20, 20, 255)),
        Image.new("RGBA", SIZE, (90, 20, 20, 254)),
        with_figure("RGB", "white", "red"),
        with_figure("RGBA", (0, 0, 0, 255), (0, 0, 0, 254)),
    ],
)
def test_an_opaque_picture_is_looked_at_once(image):
    assert names(encode(image, "PNG")) == ["full"]


def test_rounded_corners_are_no_reason_to_look_twice():
    window = Image.new("RGBA", (800, 600), (0, 0, 0, 0))
    ImageDraw.Draw(window).rounded_rectangle([0, 0, 799, 599], 10, fill=(230, 230, 240, 255))
    ImageDraw.Draw(window).rectangle([50, 50, 400, 300], fill=(20, 20, 40, 255))

    assert names(encode(window, "PNG")) == ["full"]


@pytest.mark.parametrize(
    ("ground", "figure"),
    [
        ((255, 255, 255), (250, 250, 250)),
        ((0, 0, 0), (5, 5, 5)),
        ((126, 126, 126), (122, 122, 122)),
        ((200, 150, 100), (203, 150, 97)),
        ((128, 128, 128), (128, 128, 131)),
        ((255, 255, 255), (255, 255, 252)),
    ],
)
def test_a_faint_figure_gets_a_view_with_more_contrast(ground, figure):
    data = encode(with_figure("RGB", ground, figure), "PNG")

    assert names(data) == ["full", "full-stretched"]
    assert contrast(data) < 10
    assert contrast(data, "full-stretched") > 100


def test_odd_pixels_and_a_frame_hide_no_faint_figure():
    image = with_figure("RGB", (255, 255, 255), (250, 250, 250), (960, 640))
    for point in [(0, 0), (959, 0), (0, 639), (959, 639), (400, 300)]:
        image.putpixel(point, (0, 0, 0))
    framed = with_figure("RGB", (255, 255, 255), (250, 250, 250), (960, 640))
    ImageDraw.Draw(framed).rectangle([0, 0, 959, 639], outline="black", width=40)

    assert contrast(encode(image, "PNG"), "full-stretched") > 100
    assert (
        min(pixel(encode(framed, "PNG"), "full-stretched", (10, 10)))
        > pixel(encode(framed, "PNG"), "full-stretched", FIGURE)[0] + 100
    )


def test_a_faint_figure_on_a_black_page_gets_more_contrast_as_well():
    data = encode(with_figure("RGBA", (255, 255, 255, 0), (255, 255, 255, 10)), "PNG")

    assert names(data) == ["full", "full-black", "full-black-stretched"]
    assert contrast(data, "full-black-stretched") > 100


def test_a_transparent_background_hides_no_faint_figure():
    image = Image.new("RGBA", (300, 200), (0, 0, 0, 0))
    ImageDraw.Draw(image).rectangle([50, 30, 250, 170], fill=(100, 100, 100, 255))
    ImageDraw.Draw(image).ellipse([120, 70, 180, 130], fill=(105, 105, 105, 255))
    data = encode(image, "PNG")

    assert pixel(data, "full-stretched", FIGURE)[0] - pixel(data, "full-stretched", (18, 20))[0] > 100


@pytest.mark.parametrize(
    "image",
    [
        Image.new("RGB", (300, 200), (7, 7, 7)),
        Image.new("RGB", (300, 200), "white"),
        with_figure("RGB", (255, 255, 255), (200, 200, 200)),
        with_figure("RGB", "black", (60, 0, 0)),
        Image.fromarray(np.random.default_rng(1).normal(90, 2, (600, 800, 3)).clip(0, 255).astype(np.uint8)),
    ],
)
@pytest.mark.parametrize("format", ["PNG", "JPEG"])
def test_plain_and_contrasting_pictures_are_looked_at_once(image, format):
    assert names(encode(image, format)) == ["full"]


@pytest.mark.parametrize("most", [255, 1023, 4095, 16383])
@pytest.mark.parametrize("format", ["PNG", "TIFF"])
def test_sixteen_bits_that_hold_fewer_get_a_view_of_their_range(most, format):
    data = encode(Image.fromarray(samples(0, most)), format)

    assert max(pixel(data, at=FIGURE)) == most >> 8
    assert names(data) == ["full", "full-stretched"]
    assert contrast(data, "full-stretched") > 200


@pytest.mark.parametrize("order", ["<", ">"])
def test_the_byte_order_of_a_tiff_changes_nothing(order):
    data = encode(Image.fromarray(samples(0, 1023).astype(f"{order}u2")), "TIFF")

    assert contrast(data, "full-stretched") > 200


def test_sixteen_bits_that_use_their_range_are_looked_at_once():
    assert names(encode(Image.fromarray(samples(0, 60_000)), "PNG")) == ["full"]
    assert names(encode(Image.fromarray(samples(30_000, 30_000)), "PNG")) == ["full"]


def test_lettering_in_a_medical_picture_hides_no_figure():
    picture = samples(0, 4095)
    picture[:2] = 65_535

    assert contrast(encode(Image.fromarray(picture), "PNG"), "full-stretched") > 200


@pytest.mark.parametrize(
    ("ground", "figure", "colour"),
    [
        ((0, 0, 0), (1023, 1023, 1023), 2),
        ((0, 0, 0), (200, 0, 0), 2),
        ((60_000, 30_000, 30_000), (60_000, 30_000, 30_700), 2),
        ((0, 0, 0, 65_535), (255, 255, 255, 65_535), 6),
        ((0, 65_535), (200, 65_535), 4),
    ],
)
def test_sixteen_bit_colours_that_use_a_fraction_get_a_view_of_it(ground, figure, colour):
    data = colour_png(ground, figure, colour)

    assert "full-stretched" in names(data)
    assert contrast(data) < 5
    assert contrast(data, "full-stretched") > 150


def test_thirty_two_bits_are_shown_over_their_range_and_over_most_of_it():
    faint = samples(0.0, 5.0, np.float32)
    assert names(encode(Image.fromarray(faint), "TIFF")) == ["full"]
    faint[0, 0] = 1e9
    hidden = encode(Image.fromarray(faint), "TIFF")
    whole = samples(1, 5, np.int32)
    whole[5, 5] = 2**30

    assert contrast(hidden) == 0
    assert contrast(hidden, "full-stretched") > 200
    assert contrast(encode(Image.fromarray(whole), "TIFF"), "full-stretched") > 200


@pytest.mark.parametrize("odd", [np.inf, -np.inf, np.nan])
def test_numbers_that_are_none_hide_nothing(odd):
    picture = samples(0.0, 5.0, np.float32)
    picture[0, 0] = odd

    data = encode(Image.fromarray(picture), "TIFF")
    assert max(contrast(data, name) for name in names(data)) > 200


@pytest.mark.parametrize(
    ("png", "sample"),
    [
        (encode(Image.fromarray(samples(1000, 40_000)), "PNG"), (40_000,)),
        (encode(Image.fromarray(samples(1000, 1001)), "PNG"), (1001,)),
        (colour_png((10, 20, 30), (10, 20, 31)), (10, 20, 31)),
        (colour_png((10, 20, 30), (50_000, 20, 31)), (50_000, 20, 31)),
        (encode(with_figure("RGB", (9, 9, 9), (1, 2, 3)), "PNG"), (1, 2, 3)),
        (encode(with_figure("RGB", (9, 9, 9), (1, 2, 3)), "PNG"), (0x101, 0x202, 0x303)),
        (encode(with_figure("L", 9, 3), "PNG"), (3,)),
    ],
)
def test_the_transparent_sample_of_a_png_is_transparent(png, sample):
    data = with_chunks(png, chunk(b"tRNS", struct.pack(f">{len(sample)}H", *sample)))

    assert min(pixel(data, at=FIGURE)) > 250
    assert max(pixel(data, at=GROUND)) < 20
    assert max(pixel(data, "full-black", FIGURE)) < 5


def test_a_sample_of_sixteen_bits_is_transparent_only_if_all_of_them_agree():
    data = with_chunks(encode(Image.fromarray(samples(1000, 40_000)), "PNG"), chunk(b"tRNS", struct.pack(">H", 40_001)))

    assert names(data) == ["full"]


def test_the_transparent_sample_of_four_bits_is_found():
    row = bytes([0x11] * 16 + [0x55] * 16 + [0x11] * 16)
    data = png_of_samples(SIZE, 4, 0, row, chunk(b"tRNS", b"\0\5"))

    assert min(pixel(data, at=FIGURE)) > 250
    assert pixel(data, at=GROUND) == (17, 17, 17)


def test_sixteen_bit_samples_are_cut_to_eight_before_their_gamma_is_applied():
    data = with_chunks(encode(Image.fromarray(samples(200, 300)), "PNG"), gamma(4))

    assert pixel(data, at=GROUND) == (0, 0, 0)
    assert pixel(data, at=FIGURE) == pytest.approx((0x89,) * 3, abs=3)


def test_a_transparent_sample_is_not_written_into_a_view():
    picture = encode(Image.fromarray(samples(1000, 1100)), "PNG")
    data = with_chunks(picture, chunk(b"tRNS", struct.pack(">H", 5)))

    assert names(data) == ["full", "full-stretched"]
    assert "transparency" not in shown(data).info


@pytest.mark.parametrize("unit", [1, 257])
@pytest.mark.parametrize("pages", [1, 2])
def test_a_palette_of_8_bits_in_a_tiff_is_read_as_such_on_every_page(unit: int, pages: int) -> None:
    page = Image.new("P", SIZE, 7)
    page.putpalette([number for number in range(256) for _ in range(3)])
    data = encode(page, "TIFF", save_all=True, append_images=[page.copy()] * (pages - 1))
    written, meant = (struct.pack("<768H", *[scale * number for number in range(256)] * 3) for scale in (256, unit))

    assert data.count(written) == pages
    assert pixel(data.replace(written, meant)) == (7, 7, 7)


@pytest.mark.parametrize(
    ("mode", "side", "kept"), [("full", 300, 0), ("auto", 250, 0), ("auto", 300, 1), ("tiles", 250, 1)]
)  # the main one of a picture with tiles is kept while the others are counted
def test_renderings_are_not_in_memory_together(monkeypatch, mode: str, side: int, kept: int) -> None:
    made: list[weakref.ref[Image.Image]] = []
    alive: list[int] = []

    def followed(frame: Image.Image, appearance: Appearance, *, read: bool) -> Iterator[Rendering]:
        for rendering in renderings(frame, appearance, read=read):
            gc.collect(1)  # pictures are young
            alive.append(sum(one() is not None for one in made))
            made.append(weakref.ref(rendering.picture))
            yield rendering
            del rendering

    monkeypatch.setattr(sys.modules["moderation.domain.image.prepare"], "renderings", followed)
    faint = with_figure("RGBA", (128, 128, 128, 0), (128, 128, 128, 10), (side, side))
    data = with_chunks(encode(faint, "PNG"), gamma(0.2))

    assert len(prepare(data, mode, 64, read=True).views) >= 3
    assert len(made) >= 3
    assert max(alive) <= kept
