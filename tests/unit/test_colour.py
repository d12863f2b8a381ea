"""Colours as Chromium 150 shows them: the expected numbers are read from its screenshots."""

import struct
from contextlib import nullcontext
from unittest.mock import Mock

import pytest
from PIL import Image, ImageCms

from local.harness.hostile_files import chunk, encode
from moderation.domain.image import prepare
from moderation.errors import UnreadableImage, UnsupportedImage
from scripts.evaluation.ordinary import profiles
from tests.support.colour_files import (
    HIDING,
    INVERTED_CURVE,
    SRGB_XY,
    SRGB_XYZ,
    SWAPPED,
    SWAPPED_XY,
    assembled,
    code_points,
    embedded,
    gamma,
    grey_profile,
    matrix_profile,
    power_curve,
    primaries,
    table_profile,
    with_chunks,
)
from tests.unit.shown import names, pixel

BROWN = (200, 150, 120)
STORED = pytest.approx(BROWN, abs=3)
GREY = pytest.approx((128, 128, 128), abs=3)
JUNK = embedded(b"junk" * 50)
SRGB = chunk(b"sRGB", b"\0")
LINEAR = pytest.approx((229, 202, 183), abs=3)
BLUEISH = pytest.approx((120, 150, 200), abs=5)


def plain(colour: tuple[int, ...] = BROWN, mode: str = "RGB") -> Image.Image:
    return Image.new(mode, (40, 30), colour if len(colour) > 1 else colour[0])


def png(*chunks: bytes, colour: tuple[int, ...] = BROWN) -> bytes:
    return with_chunks(encode(plain(colour), "PNG"), *chunks)


@pytest.mark.parametrize(
    ("chunks", "shown"),
    [
        ([gamma(1)], LINEAR),
        ([gamma(0.03)], pytest.approx((1, 0, 0), abs=2)),
        ([gamma(4)], pytest.approx((248, 241, 235), abs=3)),
        ([gamma(0.45455)], STORED),
        ([gamma(0)], STORED),
        ([gamma(42949)], pytest.approx((255, 255, 255), abs=2)),
        ([chunk(b"gAMA", struct.pack(">I", 1))], pytest.approx((0, 0, 0), abs=2)),
        ([primaries(SWAPPED_XY)], STORED),
        ([gamma(0.45455), primaries(SWAPPED_XY)], BLUEISH),
        ([gamma(1), primaries(SRGB_XY)], LINEAR),
        ([gamma(1), primaries(SRGB_XY, (0.3457, 0.3585))], pytest.approx((232, 202, 184), abs=3)),
        ([gamma(1), primaries((0,) * 6)], STORED),
        ([gamma(1), primaries((2, 0.33, 0.3, 0.6, 0.15, 0.06))], STORED),
        ([gamma(0.03), SRGB], STORED),
        ([chunk(b"sRGB", b"\x09"), gamma(0.03)], pytest.approx((1, 0, 0), abs=2)),
        ([embedded(SWAPPED)], BLUEISH),
        ([embedded(SWAPPED), SRGB], BLUEISH),
        ([embedded(SWAPPED), gamma(0.03)], BLUEISH),
        ([JUNK], STORED),
        ([JUNK, gamma(0.03)], pytest.approx((1, 0, 0), abs=2)),
        ([code_points(1, 8)], LINEAR),
        ([code_points(1, 13), embedded(SWAPPED)], STORED),
        ([embedded(SWAPPED), code_points(1, 13)], STORED),
        ([code_points(2, 2), embedded(SWAPPED)], BLUEISH),
        ([code_points(77, 88), embedded(SWAPPED)], BLUEISH),
        ([code_points(12, 13)], pytest.approx((0xD1, 0x93, 0x73), abs=3)),
        ([code_points(9, 14)], pytest.approx((0xE1, 0x88, 0x6A), abs=3)),
        ([code_points(1, 1)], pytest.approx((0xC5, 0x90, 0x71), abs=3)),
        ([code_points(5, 5)], pytest.approx((0xBF, 0x83, 0x62), abs=3)),
        ([code_points(7, 7)], pytest.approx((0xCC, 0xA2, 0x85), abs=3)),
        ([code_points(8, 13)], pytest.approx((0xD6, 0x94, 0x73), abs=3)),
        ([code_points(11, 17)], pytest.approx((0xD0, 0x8C, 0x67), abs=3)),
        ([code_points(22, 13)], pytest.approx((0xC9, 0x96, 0x78), abs=3)),
        ([code_points(1, 9)], STORED),
        ([code_points(1, 8, full_range=0)], STORED),
        ([chunk(b"cICP", b"\1\x08"), gamma(1)], LINEAR),
    ],
)
def test_the_chunks_of_a_png_are_read_by_precedence(chunks, shown):
    assert pixel(png(*chunks)) == shown


def test_chunks_behind_the_picture_change_nothing():
    data = png()

    assert pixel(data[:-12] + gamma(0.03) + data[-12:]) == STORED


def test_a_profile_over_a_megabyte_is_read():
    swapped = matrix_profile(power_curve(2.2), SRGB_XYZ[::-1], {b"zzzz": b"text\0\0\0\0" + bytes(900_000)})

    assert pixel(png(embedded(swapped))) == BLUEISH


@pytest.mark.parametrize("image", [plain().quantize(2), plain().convert("RGBA")])
def test_palettes_and_transparent_pictures_are_managed(image):
    assert pixel(with_chunks(encode(image, "PNG"), gamma(1))) == LINEAR


@pytest.mark.parametrize(
    ("profile", "shown"),
    [
        (SWAPPED, BLUEISH),
        (HIDING, pytest.approx((2, 0, 0), abs=2)),
        (matrix_profile(INVERTED_CURVE), pytest.approx((0x80, 0xAC, 0xC0), abs=3)),
        (profiles.display_p3(), pytest.approx((0xD1, 0x93, 0x73), abs=3)),
        (profiles.adobe_rgb(), pytest.approx((0xD9, 0x97, 0x77), abs=3)),
        (profiles.srgb(), STORED),
        (matrix_profile(power_curve(2.2), extra={b"cicp": b"cicp\0\0\0\0\x01\x08\0\x01"}), LINEAR),
        (
            table_profile(b"RGB ", 3, lambda red, green, blue: (100 - 100 * green, 0, 0)),
            pytest.approx((97, 97, 97), abs=3),
        ),
        (struct.pack(">I", 4) + SWAPPED[4:], BLUEISH),
        (SWAPPED + b"more" * 10, BLUEISH),
        (SWAPPED[:12] + b"abst" + SWAPPED[16:], BLUEISH),
        (SWAPPED[:12] + b"link" + SWAPPED[16:], BLUEISH),
        (SWAPPED[:8] + b"\x05" + SWAPPED[9:], STORED),
        (SWAPPED.replace(b"acsp", b"none"), STORED),
        (SWAPPED[:20] + b"RGB " + SWAPPED[24:], STORED),
        (SWAPPED[:300], STORED),
        (b"junk" * 40, STORED),
        (grey_profile(power_curve(8)), STORED),
        (table_profile(b"CMYK", 4, lambda *inks: (0, 0, 0), grid=3), STORED),
    ],
)
@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_profiles_are_converted_and_broken_ones_ignored(format, profile, shown):
    options = {"lossless": True} if format == "WEBP" else {"quality": 95} if format != "PNG" else {}

    assert pixel(encode(plain(), format, icc_profile=profile, **options)) == shown


def test_the_perceptual_table_is_read():
    black = table_profile(b"RGB ", 3, lambda *_: (0, 0, 0))
    both = {b"A2B0": _tag(table_profile(b"RGB ", 3, lambda *_: (100, 0, 0))), b"A2B1": _tag(black)}

    assert min(pixel(png(embedded(assembled(b"RGB ", b"Lab ", both))))) > 250


def test_a_table_of_other_channels_is_read_in_a_png_alone():
    profile = table_profile(b"Lab ", 3, lambda *_: (0, 0, 0))

    assert max(pixel(png(embedded(profile)))) < 5
    assert pixel(encode(plain(), "JPEG", icc_profile=profile)) == STORED


def _tag(profile: bytes) -> bytes:
    start, size = struct.unpack_from(">II", profile, 132 + 12 + 4)
    return profile[start : start + size]


@pytest.mark.parametrize("format", ["JPEG", "PNG"])
def test_grey_pictures_take_profiles_of_grey_and_of_rgb(format):
    grey = plain((128,), "L")

    assert pixel(encode(grey, format, icc_profile=grey_profile(power_curve(4)))) == pytest.approx((71,) * 3, abs=3)
    assert pixel(encode(grey, format, icc_profile=HIDING)) == pytest.approx((0, 0, 0), abs=2)
    assert pixel(encode(grey, format, icc_profile=SWAPPED)) == GREY


def test_inks_take_a_profile_of_inks():
    inks = plain((30, 60, 90, 20), "CMYK")
    white = table_profile(b"CMYK", 4, lambda *_: (100, 0, 0))

    assert min(pixel(encode(inks, "JPEG", icc_profile=white))) > 250
    assert min(pixel(encode(inks, "TIFF", icc_profile=white))) > 250
    assert pixel(encode(inks, "JPEG", icc_profile=SWAPPED)) == pytest.approx((207, 180, 152), abs=5)


def test_a_tiff_is_managed():
    assert pixel(encode(plain(), "TIFF", icc_profile=SWAPPED)) == BLUEISH


def test_an_animated_webp_and_a_gif_are_not_managed():
    second = plain((1, 2, 3))
    animated = encode(
        plain(), "WEBP", lossless=True, icc_profile=SWAPPED, save_all=True, append_images=[second], duration=99
    )
    gif = encode(plain(), "GIF")
    extension = b"!\xff\x0bICCRGBG1012" + bytes([255]) + SWAPPED[:255] + b"\0"
    start = 13 + 3 * (2 << (gif[10] & 7))

    assert pixel(animated) == STORED
    assert pixel(gif[:start] + extension + gif[start:]) == STORED


def _segment(number: int, count: int, part: bytes) -> bytes:
    return b"\xff\xe2" + struct.pack(">H", len(part) + 16) + b"ICC_PROFILE\0" + bytes([number, count]) + part


@pytest.mark.parametrize(
    ("segments", "shown"),
    [
        ([_segment(2, 2, SWAPPED[200:]), _segment(1, 2, SWAPPED[:200])], BLUEISH),
        ([_segment(1, 1, SWAPPED), _segment(1, 1, HIDING)], BLUEISH),
        ([_segment(1, 2, SWAPPED[:200]), _segment(1, 2, SWAPPED[200:])], STORED),
        ([_segment(1, 2, SWAPPED)], STORED),
        ([_segment(0, 1, SWAPPED)], STORED),
        ([b"\xff\xe1" + _segment(1, 1, SWAPPED)[2:]], STORED),
    ],
)
def test_the_parts_of_a_jpegs_profile_are_joined(segments, shown):
    data = encode(plain(), "JPEG", quality=95, subsampling=0)

    assert pixel(data[:2] + b"".join(segments) + data[2:]) == shown


def _bmp(space: int, version: int = 5, gammas: float = 1.0, profile: bytes = b"") -> bytes:
    pixels = encode(plain(), "BMP")[54:]
    size = {4: 108, 5: 124}[version]
    points = [
        round(value * 2**30) for x, y in zip(SWAPPED_XY[::2], SWAPPED_XY[1::2], strict=True) for value in (x, y, 0)
    ]
    header = struct.pack("<IiiHHIIiiII", size, 40, 30, 1, 24, 0, len(pixels), 0, 0, 0, 0) + bytes(16)
    header += struct.pack("<I9i3I", space, *points, *[round(gammas * 65536)] * 3)
    if version == 5:
        header += struct.pack("<4I", 4, size + len(pixels), len(profile), 0)
    return b"BM" + struct.pack("<IHHI", 14 + size + len(pixels), 0, 0, 14 + size) + header + pixels + profile


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        (_bmp(0x73524742), STORED),
        (_bmp(0), pytest.approx((183, 202, 229), abs=3)),
        (_bmp(0, version=4, gammas=2.2), BLUEISH),
        (_bmp(0x4D424544, profile=SWAPPED), BLUEISH),
        (_bmp(0x4D424544, profile=b""), STORED),
        (_bmp(0x57696E20), STORED),
    ],
)
def test_the_colour_space_of_a_bmp_is_read(data, shown):
    assert pixel(data) == shown


def _avif(primaries: int, transfer: int, **options: object) -> bytes:
    data = bytearray(encode(plain(), "AVIF", quality=95, subsampling="4:4:4", **options))
    at = data.index(b"colrnclx") + 8
    data[at : at + 4] = struct.pack(">HH", primaries, transfer)
    return bytes(data)


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ((1, 8), LINEAR),
        ((12, 13), pytest.approx((0xD1, 0x94, 0x73), abs=3)),
        ((9, 14), pytest.approx((0xE2, 0x90, 0x72), abs=3)),
        ((1, 1), STORED),
        ((2, 2), STORED),
        ((77, 13), STORED),
        ((1, 17), pytest.approx((0xC8, 0x90, 0x6D), abs=3)),
    ],
)
def test_the_code_points_of_an_avif_are_read(code, shown):
    assert pixel(_avif(*code)) == shown


def test_the_code_points_of_an_animated_avif_are_read():
    data = encode(plain(), "AVIF", quality=95, save_all=True, append_images=[plain((9, 9, 9))], duration=99)
    linear = data.replace(b"colrnclx\0\x01\0\x0d", b"colrnclx\0\x01\0\x08")

    assert linear != data
    assert pixel(linear) == LINEAR


def test_an_avifs_profile_comes_before_its_code_points():
    assert pixel(_avif(9, 16, icc_profile=SWAPPED)) == BLUEISH


@pytest.mark.parametrize(
    "data",
    [
        png(code_points(9, 16)),
        png(code_points(9, 18)),
        png(embedded(matrix_profile(power_curve(2.2), extra={b"cicp": b"cicp\0\0\0\0\x09\x10\0\x01"}))),
        encode(
            plain(), "JPEG", icc_profile=matrix_profile(power_curve(2), extra={b"cicp": b"cicp\0\0\0\0\x09\x12\0\x01"})
        ),
        _avif(9, 16),
        _avif(1, 18),
    ],
)
def test_a_high_dynamic_range_is_not_accepted(data):
    with pytest.raises(UnsupportedImage, match=r"high dynamic range \((PQ|HLG)\)"):
        prepare(data, "full", 64)


def test_brightness_and_colour_difference_in_a_png_is_no_picture():
    with pytest.raises(UnreadableImage, match="cICP"):
        prepare(png(code_points(1, 13, matrix=1)), "full", 64)


@pytest.mark.parametrize("chunks", [[gamma(0.03)], [gamma(1)], [embedded(SWAPPED)], [embedded(HIDING)]])
def test_the_samples_are_looked_at_too_where_a_profile_changes_them_much(chunks):
    assert names(png(*chunks)) == ["full", "full-raw"]
    assert pixel(png(*chunks), "full-raw") == STORED


@pytest.mark.parametrize("profile", [profiles.srgb(), profiles.display_p3(), profiles.adobe_rgb()])
def test_a_photograph_in_a_cameras_space_costs_no_view_more(profile):
    gradient = Image.merge(
        "RGB", (Image.linear_gradient("L"), Image.radial_gradient("L"), Image.linear_gradient("L").rotate(90))
    )
    muted = Image.blend(gradient, Image.new("RGB", gradient.size, (128, 120, 110)), 0.3)

    assert names(encode(muted, "JPEG", icc_profile=profile)) == ["full"]


@pytest.mark.parametrize(("space", "mode", "channels"), [(b"RGB ", "RGB", 3), (b"CMYK", "CMYK", 4)])
@pytest.mark.parametrize(("grid", "refused"), [(2, True), (5, True), (9, False)])
def test_a_table_whose_colours_depend_on_the_interpolation_is_refused(space, mode, channels, grid, refused):
    profile = table_profile(space, channels, lambda *ink: (100 * (1 - max(ink)), 0, 0), grid=grid)
    data = encode(Image.new(mode, (8, 8)), "JPEG", icc_profile=profile)

    outcome = pytest.raises(UnreadableImage, match="depend on how they are interpolated") if refused else nullcontext()
    with outcome:
        prepare(data, "full", 64)


@pytest.mark.parametrize("grid", [2, 3, 9, 17, 33])
def test_a_smooth_table_is_converted_without_a_view_more(grid):
    table = table_profile(b"RGB ", 3, lambda *rgb: (100 * sum(rgb) / 3, 0, 0), grid=grid)

    assert names(png(embedded(table), colour=(128, 128, 128))) == ["full"]
    assert pixel(png(embedded(table), colour=(128, 128, 128))) == pytest.approx((119,) * 3, abs=3)


def test_the_curves_of_a_table_that_jump_are_refused_where_the_picture_has_the_colours():
    alternating = bytes(255 * (level // 16 % 2) for level in range(256))
    profile = table_profile(b"RGB ", 3, lambda *rgb: (100 * sum(rgb) / 3, 0, 0))
    behind = profile.replace(bytes(range(256)) * 3, alternating * 3, 1)
    gradient = Image.linear_gradient("L").convert("RGB")

    assert behind != profile
    with pytest.raises(UnreadableImage, match="curves that jump"):
        prepare(encode(gradient, "PNG", icc_profile=behind), "full", 64)


def test_the_frames_of_a_file_share_what_is_made_of_its_profile(monkeypatch):
    made = Mock(wraps=ImageCms.ImageCmsTransform)
    monkeypatch.setattr(ImageCms, "ImageCmsTransform", made)
    table = embedded(table_profile(b"RGB ", 3, lambda *rgb: (100 * sum(rgb) / 3, 0, 0)))
    others = [plain((level, 9, 9)) for level in range(10, 100, 10)]
    frames = encode(plain(), "PNG", save_all=True, append_images=others, duration=99)

    assert prepare(with_chunks(frames, table), "full", 64).frames == 10
    assert made.call_count == 2


def test_a_table_of_xyz_is_refused():
    profile = table_profile(b"RGB ", 3, lambda *rgb: (100 * sum(rgb) / 3, 0, 0))

    with pytest.raises(UnreadableImage, match="table of XYZ"):
        prepare(png(embedded(profile[:20] + b"XYZ " + profile[24:])), "full", 64)


def test_a_table_larger_than_that_of_any_device_is_refused():
    profile = table_profile(b"RGB ", 3, lambda *_: (50, 0, 0), grid=67)

    with pytest.raises(UnreadableImage, match="more tags or points"):
        prepare(png(embedded(profile)), "full", 64)


@pytest.mark.parametrize("format", ["JPEG", "PNG"])
def test_a_curve_of_grey_is_exact_at_every_level(format):
    alternating = b"curv\0\0\0\0" + struct.pack(">I256H", 256, *(65535 * (level % 2) for level in range(256)))
    ramp = Image.frombytes("L", (32, 32), bytes(100 + (x // 16) for _ in range(32) for x in range(32)))
    data = encode(ramp, format, icc_profile=grey_profile(alternating), **({"quality": 100} if format == "JPEG" else {}))

    assert max(pixel(data, at=(8, 32))) < 5
    assert min(pixel(data, at=(56, 32))) > 250


def test_a_curve_that_leaves_srgb_between_the_usual_samples_is_seen():
    levels = [round(65535 * sample / 255) for sample in range(256)]
    levels[100:140] = [levels[120]] * 40
    spiked = b"curv\0\0\0\0" + struct.pack(">I256H", 256, *levels)
    image = Image.new("RGB", (64, 64), (102, 102, 102))
    image.paste((138, 138, 138), (16, 16, 48, 48))
    data = encode(image, "PNG", icc_profile=matrix_profile(curve=spiked))

    assert pixel(data, at=(32, 32)) == pixel(data, at=(2, 2))
