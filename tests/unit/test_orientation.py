"""Orientation as Chromium 150 applies it for each format: what it ignores, nothing turns."""

import struct
import zlib

import pytest
from PIL import Image

from local.harness.hostile_files import chunk, encode
from tests.support.colour_files import exif, with_chunks
from tests.unit.shown import pixel

RED, GREEN, BLUE, WHITE = (220, 0, 0), (0, 200, 0), (0, 0, 220), (255, 255, 255)
XMP = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:Description tiff:Orientation=\"6\"/></x:xmpmeta>"
RAW_PROFILE = (b"Exif\0\0" + exif(6)).hex().encode()


def quarters() -> Image.Image:
    image = Image.new("RGB", (64, 48), RED)
    image.paste(GREEN, (32, 0, 64, 24))
    image.paste(BLUE, (0, 24, 32, 48))
    image.paste(WHITE, (32, 24, 64, 48))
    return image


def corners(data: bytes) -> list[tuple[int, int, int]]:
    """Nearest of the four colours in each corner: upper left and right, lower left and right."""
    pixels = [pixel(data, at=point) for point in ((12, 12), (52, 12), (12, 52), (52, 52))]
    colours = (RED, GREEN, BLUE, WHITE)
    return [
        min(colours, key=lambda colour: sum(abs(a - b) for a, b in zip(colour, seen, strict=True))) for seen in pixels
    ]


AS_STORED = [RED, GREEN, BLUE, WHITE]
TURNED = {
    1: AS_STORED,
    2: [GREEN, RED, WHITE, BLUE],
    3: [WHITE, BLUE, GREEN, RED],
    4: [BLUE, WHITE, RED, GREEN],
    5: [RED, BLUE, GREEN, WHITE],
    6: [BLUE, RED, WHITE, GREEN],
    7: [WHITE, GREEN, BLUE, RED],
    8: [GREEN, WHITE, RED, BLUE],
}
JPEG = encode(quarters(), "JPEG", quality=95)
PNG = encode(quarters(), "PNG")


def app1(*contents: bytes) -> bytes:
    return b"".join(b"\xff\xe1" + struct.pack(">H", len(content) + 2) + content for content in contents)


def jpeg(*contents: bytes) -> bytes:
    return JPEG[:2] + app1(*contents) + JPEG[2:]


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("order", ["<", ">"])
def test_exif_turns_a_jpeg_and_a_png(orientation, order):
    turned = exif(orientation, order=order)

    assert corners(jpeg(b"Exif\0\0" + turned)) == TURNED[orientation]
    assert corners(with_chunks(PNG, chunk(b"eXIf", turned))) == TURNED[orientation]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_tiff_and_avif_are_turned_by_their_own_fields(orientation):
    tag = Image.Exif()
    tag[0x0112] = orientation

    assert corners(encode(quarters(), "TIFF", exif=tag)) == TURNED[orientation]
    # Pillow writes the orientation as the file's own rotation and mirroring.
    assert corners(encode(quarters(), "AVIF", quality=95, exif=tag.tobytes())) == TURNED[orientation]


@pytest.mark.parametrize(
    ("contents", "expected"),
    [
        ([b"Exif\0\0" + exif(0)], 1),
        ([b"Exif\0\0" + exif(9)], 1),
        ([b"Exif\0\0" + exif(6, kind=4)], 1),
        ([b"Exif\0\0" + exif(6, kind=1)], 1),
        ([b"Exif\0\0" + exif(6, count=2)], 1),
        ([b"Exif\0\0" + exif(6, count=0)], 1),
        ([b"Exif\0\0" + exif(6), b"Exif\0\0" + exif(3)], 6),
        ([b"Exif\0\0" + exif(1), b"Exif\0\0" + exif(3)], 1),
        ([b"Exif\0\0junk", b"Exif\0\0" + exif(3)], 1),
        ([b"Exif\0\1" + exif(6)], 6),
        ([b"Exif\0\0" + exif(6)[:-4]], 6),
        ([b"Exif\0\0" + exif(6)[:12]], 1),
        ([b"Exif\0\0II*\0\xff\xff\xff\x7f"], 1),
        ([b"http://ns.adobe.com/xap/1.0/\0" + XMP], 1),
        ([b"http://ns.adobe.com/xap/1.0/\0" + XMP, b"Exif\0\0" + exif(3)], 3),
    ],
)
@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")  # Pillow reads it as well, for the resolution
def test_exif_of_a_jpeg_that_says_nothing_valid_turns_nothing(contents, expected):
    assert corners(jpeg(*contents)) == TURNED[expected]


@pytest.mark.parametrize(
    ("chunks", "expected"),
    [
        ([chunk(b"eXIf", b"Exif\0\0" + exif(6))], 1),
        ([chunk(b"eXIf", exif(6)), chunk(b"eXIf", exif(3))], 6),
        ([chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + XMP)], 1),
        ([chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(b"\nexif\n%8d\n%s\n" % (30, RAW_PROFILE)))], 1),
    ],
)
def test_a_png_is_turned_by_its_first_chunk_alone(chunks, expected):
    assert corners(with_chunks(PNG, *chunks)) == TURNED[expected]


def test_a_chunk_behind_the_picture_turns_nothing():
    assert corners(PNG[:-12] + chunk(b"eXIf", exif(6)) + PNG[-12:]) == AS_STORED


def test_webp_is_never_turned():
    assert corners(encode(quarters(), "WEBP", lossless=True, exif=exif(6), xmp=XMP)) == AS_STORED
    assert corners(encode(quarters(), "WEBP", lossless=True, exif=b"Exif\0\0" + exif(6))) == AS_STORED


def test_xmp_turns_no_avif():
    assert corners(encode(quarters(), "AVIF", quality=95, xmp=XMP)) == AS_STORED


@pytest.mark.parametrize("marker", [b"\xff\xe2", b"\xff\xe3", b"\xff\xfe"])
def test_exif_in_another_segment_turns_nothing(marker):
    segment = app1(b"Exif\0\0" + exif(6))

    assert corners(JPEG[:2] + marker + segment[2:] + JPEG[2:]) == AS_STORED
