"""The whole picture as people are shown it: its pixels alone, upright, in sRGB, and larger than the models' views."""

import io
import itertools
import random

import pytest
from PIL import Image

from local.harness.hostile_files import encode, mutants
from moderation.domain.image import prepare, redraw
from moderation.errors import ImageTooLarge, ModerationError, UnreadableImage, UnsupportedImage
from tests.support.colour_files import SWAPPED, exif
from tests.support.images import bomb

RED, GREEN, BLUE = (220, 0, 0), (0, 200, 0), (0, 0, 220)


def opened(jpeg: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(jpeg), formats=["JPEG"])
    image.load()
    return image


def nearest(image: Image.Image, point: tuple[int, int]) -> tuple[int, int, int]:
    """Nearest of the three colours at a point."""
    seen = image.getpixel(point)
    assert isinstance(seen, tuple)
    return min((RED, GREEN, BLUE), key=lambda colour: sum(abs(a - b) for a, b in zip(colour, seen, strict=True)))


def test_nothing_of_the_file_but_its_pixels_is_left() -> None:
    with Image.new("RGB", (300, 200), RED) as drawn:
        uploaded = encode(drawn, "JPEG", comment=b"a secret", exif=b"Exif\0\0" + exif(1), icc_profile=b"x" * 200)

    made = redraw(uploaded)

    image = opened(made)
    assert (image.size, image.mode) == ((300, 200), "RGB")
    assert not image.getexif() and "icc_profile" not in image.info and "comment" not in image.info
    assert b"secret" not in made and b"Exif" not in made


def test_it_is_upright() -> None:
    with Image.new("RGB", (64, 48), RED) as drawn:
        drawn.paste(BLUE, (0, 24, 64, 48))
        uploaded = encode(drawn, "JPEG", exif=b"Exif\0\0" + exif(6))

    image = opened(redraw(uploaded))

    assert image.size == (48, 64)
    assert (nearest(image, (8, 32)), nearest(image, (40, 32))) == (BLUE, RED)


def test_its_colours_are_those_of_srgb() -> None:
    with Image.new("RGB", (40, 40), RED) as drawn:
        assert nearest(opened(redraw(encode(drawn, "PNG", icc_profile=SWAPPED))), (20, 20)) == BLUE


@pytest.mark.parametrize(
    ("size", "at_least"),
    [((300, 200), (300, 200)), ((3000, 2000), (2500, 1650)), ((400, 12000), (350, 11000))],
    ids=["small", "large", "long"],
)
def test_it_is_as_large_as_four_megapixels_allow_and_of_the_same_shape(size, at_least) -> None:
    with Image.new("RGB", size, RED) as drawn:
        image = opened(redraw(encode(drawn, "PNG")))

    assert image.width * image.height <= 2048 * 2048
    assert image.width >= at_least[0] and image.height >= at_least[1]
    assert image.width / image.height == pytest.approx(size[0] / size[1], rel=0.01)


@pytest.mark.parametrize(
    ("view", "colour"), [("full", RED), ("tile-3", RED), ("frame-1", GREEN), ("frame-2-tile-0", BLUE)]
)
def test_it_is_the_frame_that_a_view_is_of(view, colour) -> None:
    frames = [Image.new("RGB", (40, 40), one) for one in (RED, GREEN, BLUE)]
    uploaded = encode(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=500)

    assert nearest(opened(redraw(uploaded, view)), (20, 20)) == colour


def test_it_is_the_rendering_that_a_view_is_in() -> None:
    """White on nothing is seen on black alone."""
    with Image.new("RGBA", (400, 400), (255, 255, 255, 0)) as drawn:
        drawn.paste((255, 255, 255, 255), (100, 100, 300, 300))
        uploaded = encode(drawn, "PNG")
    assert "full-black" in {view.name for view in prepare(uploaded, "auto", 96).views}

    corner = {view: opened(redraw(uploaded, view)).getpixel((5, 5)) for view in ("full", "full-black", "black-tile-2")}

    assert corner == {"full": (255, 255, 255), "full-black": (0, 0, 0), "black-tile-2": (0, 0, 0)}


@pytest.mark.parametrize("view", ["full-raw", "of another release"])
def test_what_has_no_such_rendering_is_shown_as_most_viewers_show_it(view) -> None:
    with Image.new("RGB", (40, 40), BLUE) as drawn:
        assert nearest(opened(redraw(encode(drawn, "PNG"), view)), (20, 20)) == BLUE


def test_even_noise_fits_into_an_answer() -> None:
    with Image.frombytes("RGB", (2200, 2000), random.Random(1).randbytes(2200 * 2000 * 3)) as noise:
        made = redraw(encode(noise, "PNG", compress_level=0))

    assert len(made) <= 4_000_000


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"<html></html>", UnsupportedImage),
        (b"", UnreadableImage),
        (b"\xff\xd8\xff\xe0 nothing else", UnreadableImage),
        (bomb(20_000, 20_000), ImageTooLarge),
        (bomb(500, 500), UnreadableImage),
    ],
    ids=["another kind", "empty", "damaged", "over the limit", "without pixels"],
)
def test_what_the_pipeline_refuses_is_not_shown_either(data, error: type[ModerationError]) -> None:
    with pytest.raises(error):
        redraw(data)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_damaged_files_of_every_format_are_shown_or_refused_in_words() -> None:
    shown = 0
    for name, data in itertools.islice(mutants(seed=3), 300):
        try:
            shown += len(redraw(data)) > 0
        except ModerationError as refused:
            assert str(refused).endswith("."), name

    assert shown
