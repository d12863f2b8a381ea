"""The reader on pictures, with its real models, and in the demo's pipeline."""

import random
import re
from collections.abc import Callable, Iterator

import numpy as np
import pytest
import zxingcpp
from PIL import Image, ImageDraw, ImageFont, ImageOps

from local.harness.hostile_files import encode
from local.samples import small_words
from moderation.adapters.reader.ocr import OcrReader
from moderation.adapters.reader.regions import regions
from moderation.domain.reading.word_list import words_found
from moderation.errors import ReadingFailed
from moderation.usecases.ask import read_text
from scripts.evaluation.inprocess_pipeline import DemoModel, decision, demo_pack, png
from stacks.wheels import READER_MODELS


@pytest.fixture(scope="module")
def reader() -> Iterator[OcrReader]:
    yield OcrReader(READER_MODELS)


def photograph(size: tuple[int, int]) -> Image.Image:
    """Noise, on which nothing is written."""
    rng = random.Random(1)
    return Image.frombytes("L", size, rng.randbytes(size[0] * size[1])).convert("RGB")


def test_a_turned_line_in_a_large_picture_is_read(reader: OcrReader) -> None:
    picture = Image.new("RGB", (3000, 2000), "grey")
    label = Image.new("L", (700, 80), 0)
    ImageDraw.Draw(label).text((10, 10), "jane.doe@example.org", font=ImageFont.load_default(40), fill=255)
    turned = label.rotate(8, expand=True, resample=Image.Resampling.BICUBIC)
    picture.paste((250, 240, 90), (1200, 900), turned)

    reading = reader.read(png(picture))

    assert [(find.detector, find.text) for find in reading.finds] == [("email", "jane.doe@example.org")]
    left, top, right, bottom = reading.finds[0].box
    assert 1190 < left < right < 1920 and 890 < top < bottom < 1110


def test_a_number_as_wide_as_a_large_picture_is_read(reader: OcrReader) -> None:
    picture = Image.new("RGB", (3000, 700), "white")
    ImageDraw.Draw(picture).text((60, 100), "(202) 555-0143", font=ImageFont.load_default(420), fill="black")

    assert "(202) 555-0143" in [find.text for find in reader.read(png(picture)).finds]


def test_like_digits_that_touch_in_a_small_line_are_all_read(reader: OcrReader) -> None:
    picture, label = Image.new("RGB", (800, 740), "grey"), Image.new("RGB", (130, 26), "white")
    ImageDraw.Draw(label).text((12, 6), "(669) 555-3033", font=ImageFont.load_default(12), fill="black")
    plate = Image.new("L", label.size, 255).rotate(-8, expand=True)
    picture.paste(label.rotate(-8, expand=True, resample=Image.Resampling.BICUBIC), (60, 60), plate)

    assert [find.text for find in reader.read(png(picture)).finds] == ["(669) 555-3033"]


@pytest.mark.parametrize("turned", [90, -90, 180])
def test_lines_are_read_whichever_way_the_picture_is_turned(reader: OcrReader, turned: int) -> None:
    picture = Image.new("RGB", (900, 700), "white")
    for row, text in enumerate(("jane.doe@example.org", "you are all complete", "idiots")):
        ImageDraw.Draw(picture).text((100, 200 + 60 * row), text, font=ImageFont.load_default(32), fill="black")

    reading = reader.read(png(picture.rotate(turned, expand=True)))

    assert reading.texts == ("jane.doe@example.org", "you are all complete", "idiots")
    assert [find.detector for find in reading.finds] == ["email"]
    assert words_found(reading, ["complete idiots"])


@pytest.mark.parametrize("seen", [ImageOps.mirror, ImageOps.flip])
def test_mirrored_lines_are_read(reader: OcrReader, seen: Callable[[Image.Image], Image.Image]) -> None:
    picture = Image.new("RGB", (900, 300), "white")
    ImageDraw.Draw(picture).text((100, 60), "jane.doe@example.org", font=ImageFont.load_default(32), fill="black")

    assert [find.detector for find in reader.read(png(seen(picture))).finds] == ["email"]


def test_a_line_across_a_page_hides_none_beside_it(reader: OcrReader) -> None:
    stamp = Image.new("L", (1100, 90), 0)
    ImageDraw.Draw(stamp).text((10, 10), "CONFIDENTIAL - STRICTLY A DRAFT", font=ImageFont.load_default(56), fill=255)
    turned = stamp.rotate(40, expand=True, resample=Image.Resampling.BICUBIC)
    picture = Image.new("RGB", turned.size, "white")
    picture.paste((200, 40, 40), (0, 0), turned)
    for place in ((60, 60), (560, 640)):
        ImageDraw.Draw(picture).text(place, "jane@example.org", font=ImageFont.load_default(28), fill="black")

    assert [find.detector for find in reader.read(png(picture)).finds] == ["email", "email"]


def test_upright_letters_beside_a_picture_on_its_head_are_read(reader: OcrReader) -> None:
    picture = Image.new("RGB", (900, 300), "white")
    ImageDraw.Draw(picture).text((100, 60), "call 555-0143", font=ImageFont.load_default(32), fill="black")
    picture = picture.rotate(180)
    ImageDraw.Draw(picture).text((100, 60), "a quiet street", font=ImageFont.load_default(32), fill="black")

    assert reader.read(png(picture)).texts == ("a quiet street", "call 555-0143")


def test_nothing_is_found_where_nothing_is_written(reader: OcrReader) -> None:
    assert reader.read(png(photograph((400, 300)))).finds == ()


def test_a_number_that_one_frame_of_many_alike_shows_is_found(reader: OcrReader) -> None:
    frames = [Image.new("RGB", (480, 360), "steelblue") for _ in range(4)]
    ImageDraw.Draw(frames[2]).text((60, 90), "Call 202-555-0143", font=ImageFont.load_default(16), fill="white")

    reading, _ = read_text(reader, encode(frames[0], "GIF", save_all=True, append_images=frames[1:]), 224)

    found = [find for find in reading.finds if find.view == "frame-1"]
    assert [(find.detector, find.text) for find in found] == [("phone", "Call 202-555-0143")]


def test_small_white_letters_on_transparency_are_found(reader: OcrReader) -> None:
    picture = Image.new("RGBA", (1200, 900), (0, 0, 0, 0))
    ImageDraw.Draw(picture).text((700, 500), "Call 202-555-0143", font=ImageFont.load_default(16), fill="white")

    reading, _ = read_text(reader, encode(picture, "PNG"), 224)

    assert [find.view for find in reading.finds] == ["full-black"]


def test_the_end_of_a_long_code_is_searched_as_well(reader: OcrReader) -> None:
    text = "lorem ipsum " * 170 + "call 202-555-0143"
    code = Image.fromarray(np.array(zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode).to_image(scale=4)))

    reading = reader.read(png(code.convert("RGB")))

    assert [read.text for read in reading.codes] == [text]
    assert {find.detector for find in reading.finds} == {"qr", "phone"}


def test_more_places_than_are_read_are_missing_evidence() -> None:
    probabilities = np.zeros((800, 800), dtype=np.float32)
    for top in range(0, 800, 20):
        for left in range(0, 800, 20):
            probabilities[top : top + 8, left : left + 12] = 1

    with pytest.raises(ReadingFailed, match=r"more than 1,000 places"):
        regions(probabilities)


def test_a_large_picture_is_given_up_when_time_is(reader: OcrReader) -> None:
    times = iter([None, None])

    def check() -> None:
        if next(times, "over") == "over":
            raise ReadingFailed("Time is up.")

    with pytest.raises(ReadingFailed, match=r"Time is up\."):
        reader.read(png(Image.new("RGB", (3000, 1300))), check)


def test_a_file_that_is_no_picture_is_refused(reader: OcrReader) -> None:
    with pytest.raises(ReadingFailed):
        reader.read(b"no picture")


def test_the_words_decide_on_the_demos_small_insult() -> None:
    sample, pack = small_words(), demo_pack()

    ruling = decision(pack, DemoModel().evidence(png(sample.image), pack))

    assert (ruling.verdict, ruling.category) == (sample.expected, "Harassment")
    assert re.search(r'Read in the image: "[a-z ]+" on the view "full" at \d+, \d+\.$', ruling.reason), ruling.reason
    assert not any(found.over for found in ruling.findings if found.read is None), "the checkpoint alone finds it, too"
