"""Tiles of large and of long pictures, borders, and how the views are shared."""

import io
import random

import numpy as np
import pytest
from PIL import Image, ImageDraw

from moderation.domain.image import MAX_VIEWS, Box, PreparedImage, prepare, tile_boxes
from moderation.domain.image.cuts import LONGEST, tiles_along
from moderation.domain.image.trim import content

SIZE = 64


def encode(image: Image.Image, format: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def noise(width: int, height: int, seed: int = 1) -> Image.Image:
    pixels = np.random.default_rng(seed).integers(0, 255, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(pixels)


def mosaic(side: int, seed: int) -> Image.Image:
    """Squares of many colours, which no other seed has in the same places."""
    return noise(8, 8, seed).resize((side, side), Image.Resampling.NEAREST)


def names(prepared: PreparedImage) -> list[str]:
    return [view.name for view in prepared.views]


def covered(size: tuple[int, int], boxes: tuple[Box, ...]) -> float:
    pixels = np.zeros(size, dtype=bool)
    for left, top, right, bottom in boxes:
        pixels[left:right, top:bottom] = True
    return float(pixels.mean())


# Large pictures ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(900, 900), (1200, 900), (900, 1600), (1000, 400), (257, 256)])
@pytest.mark.parametrize("most", [4, 5, 9, 11])
def test_a_grid_of_tiles_covers_the_whole_picture(size: tuple[int, int], most: int) -> None:
    boxes = tile_boxes(size, most)

    assert 2 <= len(boxes) <= most
    assert covered(size, boxes) > 0.995


@pytest.mark.parametrize("side", [900, 1000, 1024, 1600, 2047])
def test_a_square_needs_no_more_than_four_tiles(side: int) -> None:
    assert len(tile_boxes((side, side), 4)) == len(tile_boxes((side, side), 5)) == 4


@pytest.mark.parametrize("size", [(1024, 1000), (780, 1024), (900, 1700)])
@pytest.mark.parametrize("most", [4, 5])
def test_tiles_show_a_picture_that_is_nearly_square_closer(size: tuple[int, int], most: int) -> None:
    boxes = tile_boxes(size, most)

    assert len(boxes) == 4
    assert max(right - left for left, _, right, _ in boxes) < 0.7 * size[0]
    assert max(bottom - top for _, top, _, bottom in boxes) < 0.7 * size[1]


@pytest.mark.parametrize("size", [(1024, 1023), (1024, 928), (878, 1024), (1280, 1024)])
@pytest.mark.parametrize("most", [10, 11])
def test_tiles_of_a_picture_that_is_nearly_square_are_as_small_as_a_squares(size: tuple[int, int], most: int) -> None:
    sides = [max(right - left, bottom - top) for left, top, right, bottom in tile_boxes(size, most)]

    assert max(sides) <= max(size) / 2


def test_a_single_tile_would_be_the_picture_itself() -> None:
    assert tile_boxes((900, 900), 3) == ()


# Long pictures ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ratio", [3.1, 4, 6, 10, 17, 22, 25, 28])
@pytest.mark.parametrize("upright", [True, False])
def test_a_long_picture_is_tiled_along_its_length(ratio: float, upright: bool) -> None:
    short, long = 120, round(120 * ratio)
    size = (short, long) if upright else (long, short)

    prepared = prepare(encode(noise(*size)), "auto", SIZE)

    tiles = tuple(view.box for view in prepared.views if view.name.startswith("tile-"))
    assert prepared.unseen == ()
    assert len(prepared.views) <= MAX_VIEWS
    assert covered(size, tiles) == 1
    for left, top, right, bottom in tiles:
        assert max(right - left, bottom - top) <= LONGEST * min(right - left, bottom - top) + 1


def test_what_is_half_as_large_as_a_strip_is_wide_is_whole_in_a_tile() -> None:
    boxes = tiles_along((480, 12_000), 11)
    for top in range(0, 12_000 - 240, 10):
        assert any(box[1] <= top and top + 240 <= box[3] for box in boxes), top


@pytest.mark.parametrize("size", [(400, 60_000), (60_000, 400), (100, 2900), (10, 1000)])
def test_a_picture_too_long_for_the_budget_is_said_to_be_unseen(size: tuple[int, int]) -> None:
    small = noise(max(2, size[0] // 50), max(2, size[1] // 50))
    prepared = prepare(encode(small.resize(size, Image.Resampling.NEAREST)), "auto", SIZE)

    assert len(prepared.views) == MAX_VIEWS
    [said] = prepared.unseen
    assert f"{size[0]:,} x {size[1]:,} pixels has more than the budget of 12 views shows" in said


@pytest.mark.parametrize("size", [(300, 100), (100, 300), (160, 90), (90, 195)])
def test_a_picture_up_to_three_times_as_long_as_wide_needs_no_tiles(size: tuple[int, int]) -> None:
    assert names(prepare(encode(noise(*size)), "auto", SIZE)) == ["full"]


def test_a_line_of_one_colour_has_nothing_to_see() -> None:
    prepared = prepare(encode(Image.new("RGB", (2, 4000), "navy")), "auto", SIZE)

    assert (names(prepared), prepared.unseen) == (["full"], ())


def test_full_squashes_a_long_picture_because_its_pack_chose_the_whole() -> None:
    prepared = prepare(encode(noise(40, 4000)), "full", SIZE)

    assert (names(prepared), prepared.unseen) == (["full"], ())


def test_a_small_picture_on_a_long_page_is_looked_at_without_the_page() -> None:
    page = Image.new("RGB", (300, 6000), "white")
    page.paste(noise(200, 200), (50, 3000))

    prepared = prepare(encode(page), "auto", SIZE)

    assert names(prepared) == ["full", "trimmed"]
    assert prepared.views[1].box == pytest.approx((50, 3000, 250, 3200), abs=12)


def test_a_line_of_writing_on_a_page_is_no_long_picture() -> None:
    page = Image.new("RGB", (255, 255), "white")
    page.paste(noise(200, 8), (20, 120))

    prepared = prepare(encode(page), "auto", SIZE)

    assert (names(prepared), prepared.unseen) == (["full", "trimmed"], ())


def test_a_speck_on_a_long_page_is_in_a_tile() -> None:
    page = Image.new("RGB", (300, 6000), "white")
    page.paste(noise(200, 200), (50, 3000))
    page.paste("black", (4, 100, 12, 108))

    tiles = tuple(view.box for view in prepare(encode(page), "auto", SIZE).views if "tile" in view.name)

    assert any(box[1] <= 100 < box[3] for box in tiles)


@pytest.mark.parametrize("odd", [(0, 0, 60, 40), (40, 20, 100, 60)])
def test_what_stands_in_the_corner_of_a_large_border_is_looked_at_closer(odd: Box) -> None:
    picture = Image.new("RGB", (800, 800), "black")
    picture.paste("red", odd)
    picture.paste(noise(60, 60), (160, 170))

    closer = [view.box for view in prepare(encode(picture), "auto", SIZE).views if view.name != "full"]

    assert any(
        box[0] <= odd[0] and box[1] <= odd[1] and box[2] >= odd[2] and box[3] >= odd[3] and box[2] - box[0] < 256
        for box in closer
    )


@pytest.mark.parametrize("line", [(400, 0, 412, 600), (0, 290, 800, 296), (796, 0, 800, 600)])
def test_a_thin_line_on_a_large_page_is_seen_whole_in_a_few_tiles(line: Box) -> None:
    page = Image.new("RGB", (800, 600), "white")
    page.paste("black", line)

    prepared = prepare(encode(page), "auto", SIZE)

    tiles = [view.box for view in prepared.views if "tile" in view.name]
    assert prepared.unseen == ()
    assert len(tiles) <= 8
    assert all(min(right - left, bottom - top) >= SIZE for left, top, right, bottom in tiles)


def test_no_tile_is_spent_on_a_border_that_has_nothing_in_it() -> None:
    picture = Image.new("RGB", (1024, 1024), "navy")
    picture.paste(noise(500, 500), (400, 400))
    picture.paste("white", (390, 300, 398, 308))

    boxes = [view.box for view in prepare(encode(picture), "auto", SIZE).views if "tile" in view.name]

    assert min(box[0] for box in boxes) == 390
    assert min(box[1] for box in boxes) == 300
    assert max(right - left for left, _, right, _ in boxes) < 300


# Borders ----------------------------------------------------------------------------------------------------------

INNER = (100, 140, 300, 260)


def framed(colour: object = "black") -> Image.Image:
    image = Image.new("RGB", (400, 400), colour)  # type: ignore[arg-type]
    image.paste(noise(200, 120), INNER[:2])
    return image


def odd_pixel(image: Image.Image) -> None:
    image.putpixel((0, 0), (255, 255, 255))


def odd_corners(image: Image.Image) -> None:
    for x in (0, 380):
        for y in (0, 380):
            image.paste("white", (x, y, x + 20, y + 20))


def thin_line(image: Image.Image) -> None:
    image.paste("red", (0, 50, 400, 52))


def crossing_line(image: Image.Image) -> None:
    image.paste("red", (200, 0, 202, 140))


def drawn_frame(image: Image.Image) -> None:
    ImageDraw.Draw(image).rectangle((20, 20, 379, 379), outline="white", width=3)


def specks(image: Image.Image) -> None:
    rng = random.Random(1)
    for _ in range(10):
        image.putpixel((rng.randrange(400), rng.randrange(130)), (200, 200, 200))


def watermark(image: Image.Image) -> None:
    ImageDraw.Draw(image).text((310, 370), "(c) Studio", fill="white")


def logo(image: Image.Image) -> None:
    image.paste("orange", (330, 360, 390, 395))


def black_and_white(image: Image.Image) -> None:
    image.paste("white", (0, 260, 400, 400))


def four_colours(image: Image.Image) -> None:
    image.paste("navy", (0, 0, 400, 140))
    image.paste("olive", (0, 260, 400, 400))


def nested(image: Image.Image) -> None:
    image.paste("white", (30, 30, 370, 370))
    image.paste("gray", (60, 60, 340, 340))
    image.paste(noise(200, 120), INNER[:2])


def rounded(image: Image.Image) -> None:
    mask = Image.new("L", (400, 400), 255)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, 399, 399), 40, fill=0)
    image.paste("white", (0, 0), mask)


def gradient(image: Image.Image) -> None:
    ramp = Image.linear_gradient("L").resize((400, 400)).point(lambda value: 40 + value // 4)
    image.paste(Image.merge("RGB", (ramp, ramp, ramp)))
    image.paste(noise(200, 120), INNER[:2])


def gradient_across(image: Image.Image) -> None:
    ramp = Image.linear_gradient("L").resize((400, 400)).point(lambda value: 40 + value // 4)
    ramp = ramp.transpose(Image.Transpose.TRANSPOSE)
    image.paste(Image.merge("RGB", (ramp, ramp, ramp)))
    image.paste(noise(200, 120), INNER[:2])


BORDERS = [
    odd_pixel, odd_corners, thin_line, crossing_line, drawn_frame, specks, watermark, logo, black_and_white,
    four_colours, nested, rounded, gradient, gradient_across,
]  # fmt: skip


@pytest.mark.parametrize("spoil", BORDERS, ids=lambda spoil: spoil.__name__)
@pytest.mark.parametrize("format", ["PNG", "JPEG"])
def test_the_border_is_cut_off_whatever_stands_in_it(spoil, format: str) -> None:
    image = framed()
    spoil(image)

    prepared = prepare(encode(image, format), "auto", 4 * SIZE)

    assert names(prepared) == ["full", "trimmed"]
    assert prepared.views[1].box == pytest.approx(INNER, abs=16 if format == "JPEG" else 3)


def test_a_border_is_cut_off_to_the_pixel() -> None:
    assert content(framed()).box == INNER


def test_something_in_a_corner_alone_is_the_content() -> None:
    image = Image.new("RGB", (400, 400), "white")
    image.paste(noise(60, 40), (10, 10))

    assert content(image).box == (10, 10, 70, 50)


@pytest.mark.parametrize("image", [noise(300, 200), Image.new("RGB", (300, 200), "red")], ids=["noise", "plain"])
def test_what_has_no_border_stays_whole(image: Image.Image) -> None:
    assert content(image).box == (0, 0, 300, 200)


def test_a_person_before_a_white_wall_keeps_the_head() -> None:
    image = Image.new("RGB", (400, 400), "white")
    image.paste(noise(60, 60), (170, 80))
    image.paste(noise(160, 260), (120, 140))

    assert content(image).box == (120, 80, 280, 400)


def landscape(sky: int, ground: int) -> Image.Image:
    """A drawing of 400 lines between a sky and a ground of one colour each, as many lines high."""
    image = Image.new("RGB", (400, 400), "skyblue")
    image.paste("green", (0, 400 - ground, 400, 400))
    image.paste(noise(400, 400 - sky - ground), (0, sky))
    return image


@pytest.mark.parametrize(
    ("sky", "ground", "kept"),
    [
        (90, 60, (0, 90, 400, 400)),
        (60, 90, (0, 0, 400, 310)),
        (120, 110, (0, 120, 400, 290)),
    ],
    ids=["sky", "ground", "bars"],
)
def test_sky_and_ground_are_no_bars_unless_they_take_half_of_the_picture(sky: int, ground: int, kept: Box) -> None:
    assert content(landscape(sky, ground)).box == kept


def test_the_whole_picture_is_always_a_view() -> None:
    for spoil in BORDERS:
        image = framed()
        spoil(image)
        assert prepare(encode(image), "auto", SIZE).views[0].box == (0, 0, 400, 400)


# The budget -------------------------------------------------------------------------------------------------------


def animation(*frames: Image.Image) -> bytes:
    return encode(frames[0], "PNG", save_all=True, append_images=frames[1:], duration=100)


@pytest.mark.parametrize("format", ["JPEG", "PNG"])
@pytest.mark.parametrize("size", [(255, 255), (320, 200), (700, 255), (200, 600)])
def test_a_plain_picture_below_the_tiling_size_costs_one_view(format: str, size: tuple[int, int]) -> None:
    assert names(prepare(encode(noise(*size), format), "auto", SIZE)) == ["full"]


def test_frames_leave_the_large_first_frame_its_tiles() -> None:
    prepared = prepare(animation(*(mosaic(600, seed) for seed in range(14))), "auto", SIZE)

    assert len(prepared.views) == MAX_VIEWS
    tiles = tuple(view.box for view in prepared.views if view.frame == 0 and view.name.startswith("tile-"))
    assert len(tiles) == 4
    assert covered((600, 600), tiles) == 1


def test_two_large_frames_share_the_tiles() -> None:
    prepared = prepare(animation(mosaic(600, 1), mosaic(600, 2)), "auto", SIZE)

    for frame in (0, 1):
        tiles = tuple(view.box for view in prepared.views if view.frame == frame and "tile" in view.name)
        assert covered((600, 600), tiles) == 1
    assert prepared.unseen == ()


def test_large_frames_without_tiles_are_said() -> None:
    prepared = prepare(animation(*(mosaic(600, seed) for seed in range(4))), "auto", SIZE)

    assert [view.name for view in prepared.views[:4]] == ["full", "frame-1", "frame-2", "frame-3"]
    assert prepared.unseen[0].startswith("A picture of 600 x 600 pixels (and 1 more) has more than the budget")


def test_no_two_views_have_the_same_name() -> None:
    prepared = prepare(animation(*(mosaic(600, seed) for seed in range(3))), "auto", SIZE)

    assert len(set(names(prepared))) == len(prepared.views)
