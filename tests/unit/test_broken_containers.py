"""Containers of pictures that end early, lie about their sizes, or hold nothing: told in words, never shown."""

import io
import json
import struct

import pytest
from PIL import Image

from local.harness.hostile_files import chunk
from moderation.domain.image import prepare
from moderation.domain.image.declared_colours import declared_code_points
from moderation.domain.judge_output import parse_judgement
from moderation.domain.judgement import UnusableJudgement
from moderation.errors import ImageTooLarge, UnreadableImage
from tests.support.colour_files import with_chunks
from tests.unit.packs import PACK

UNSPECIFIED = (2, 2, 2)
PNG = b"\x89PNG\r\n\x1a\n"


def png_that_declares(width: int, height: int) -> bytes:
    return PNG + chunk(b"IHDR", struct.pack(">2I5B", width, height, 8, 2, 0, 0, 0)) + chunk(b"IDAT", b"x\x9c")


def box(kind: bytes, content: bytes, size: int | None = None) -> bytes:
    return struct.pack(">I4s", len(content) + 8 if size is None else size, kind) + content


@pytest.mark.parametrize(("width", "height"), [(10_000, 10_001), (70_000, 1), (1, 66_000)])
def test_a_declared_size_over_the_limit_is_refused_before_decoding(width, height):
    with pytest.raises(ImageTooLarge, match="pixels"):
        prepare(png_that_declares(width, height), "full", 64)


@pytest.mark.parametrize("data", [b"GIF89a", b"GIF89a\1\0\1\0\0\0\0,\0\0", b"GIF89a\1\0\1\0\0\0\0!\xf9\4\0\0\0\0\0,\0"])
def test_a_gif_that_ends_before_its_picture_is_unreadable(data):
    with pytest.raises(UnreadableImage):
        prepare(data, "full", 64)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        box(b"ftyp", b"avif"),
        box(b"ftyp", b"avis") + box(b"moov", b""),
        struct.pack(">I4sQ", 1, b"ftyp", 20) + b"avif" + box(b"meta", b"\0\0\0\0"),
        box(b"ftyp", b"avif") + box(b"meta", b"", size=3),
        box(b"ftyp", b"avif") + box(b"meta", b"\0\0\0\0" + box(b"pitm", b"")),
    ],
)
def test_an_avif_without_readable_code_points_has_unspecified_ones(data):
    assert declared_code_points(data) == UNSPECIFIED


@pytest.mark.parametrize("boxes", [struct.pack(">I4sQ", 1, b"meta", 24) + bytes(8), box(b"meta", b"", size=4)])
def test_a_heif_file_without_a_picture_is_unreadable(boxes):
    with pytest.raises(UnreadableImage):
        prepare(box(b"ftyp", b"heic\0\0\0\0mif1heic") + boxes, "full", 64)


def test_frames_that_grow_beyond_the_limit_of_pixels_are_refused():
    buffer = io.BytesIO()
    Image.new("L", (2, 2)).save(buffer, "TIFF", save_all=True, append_images=[Image.new("L", (66_000, 2))])

    with pytest.raises(ImageTooLarge, match="pixels"):
        prepare(buffer.getvalue(), "full", 64)


@pytest.mark.parametrize(
    "other",
    [{"note": 1}, {"flag": "safe", "extra": [{"category": "Weapons"}]}, {"flag": 1, "category": "", "reason": ""}],
)
def test_another_object_beside_a_safe_answer_is_doubtful(other):
    text = json.dumps({"flag": "safe", "category": None, "reason": "A dog."}) + json.dumps(other)

    with pytest.raises(UnusableJudgement):
        parse_judgement(text, PACK)


def test_a_palette_after_its_transparency_is_unreadable():
    header = chunk(b"IHDR", struct.pack(">2I5B", 1, 1, 8, 2, 0, 0, 0))
    data = PNG + header + chunk(b"tRNS", bytes(6)) + chunk(b"PLTE", bytes(3)) + chunk(b"IDAT", b"x\x9c")

    with pytest.raises(UnreadableImage, match="before its palette"):
        prepare(data, "full", 64)


def test_a_profile_that_does_not_unpack_is_ignored():
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(buffer, "PNG")
    plain = buffer.getvalue()
    broken = with_chunks(plain, chunk(b"iCCP", b"x\0\0" + b"no stream"))

    assert prepare(broken, "full", 64).views == prepare(plain, "full", 64).views
