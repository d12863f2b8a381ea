"""Lines of a page: of the ways in which one can be read, the surest stays."""

from collections.abc import Sequence

import numpy as np
import pytest
from PIL import Image

from moderation.adapters.reader.page import read_page
from moderation.adapters.reader.pp_ocr import PpOcr
from moderation.adapters.reader.regions import Map, Region


class OneLine(PpOcr):
    """Models that find one line, and read it upright, on its head and mirrored as they are told."""

    def __init__(self, upright: tuple[str, float], on_its_head: tuple[str, float], mirrored: tuple[str, float]) -> None:
        self._read_as = {(0, False): upright, (2, False): on_its_head}
        self._mirrored = mirrored

    def probabilities(self, picture: Image.Image) -> Map:
        found = np.zeros((picture.height, picture.width), dtype=np.float32)
        found[100:140, 100:500] = 1
        return found

    def read(self, picture: Image.Image, lines: Sequence[Region]) -> list[tuple[str, float]]:
        return [self._read_as.get((line.turned, line.mirrored), self._mirrored) for line in lines]


@pytest.mark.parametrize(
    ("upright", "on_its_head", "mirrored", "shown"),
    [
        (("idiot", 0.8), ("long nonsense", 0.62), ("longer nonsense", 0.5), "idiot"),
        (("idiot", 0.95), ("long nonsense", 0.99), ("longer nonsense", 0.99), "idiot"),
        (("nonsense", 0.65), ("idiot", 0.93), ("", 0.0), "idiot"),
        (("long nonsense", 0.7), ("", 0.0), ("idiot", 0.92), "idiot"),
        (("idiot", 0.61), ("nonsense", 0.6), ("long nonsense", 0.89), "idiot"),
    ],
)
def test_the_surest_way_of_a_line_stays(
    upright: tuple[str, float], on_its_head: tuple[str, float], mirrored: tuple[str, float], shown: str
) -> None:
    lines = read_page(OneLine(upright, on_its_head, mirrored), Image.new("RGB", (800, 800)), lambda: None)

    assert [line.text for line in lines] == [shown]


class LargeLetters(PpOcr):
    """Models that find parts of a line at full resolution, and all of it in the picture as a whole."""

    def __init__(self, part: tuple[str, float], whole: tuple[str, float]) -> None:
        self._looks, self._part, self._whole = 0, part, whole

    def probabilities(self, picture: Image.Image) -> Map:
        found = np.zeros((picture.height, picture.width), dtype=np.float32)
        across, down = picture.width / 100, picture.height / 100
        self._looks += 1
        left, right = (10, 40) if self._looks <= 3 else (10, 90)
        found[round(40 * down) : round(60 * down), round(left * across) : round(right * across)] = 1
        return found

    def read(self, picture: Image.Image, lines: Sequence[Region]) -> list[tuple[str, float]]:
        return [self._whole if line.width > 1500 else self._part for line in lines]


def test_a_part_that_is_read_surely_at_full_resolution_keeps_nothing_from_the_whole_line() -> None:
    models = LargeLetters(("555", 0.99), ("(202) 555-0143", 0.99))

    lines = read_page(models, Image.new("RGB", (3000, 700)), lambda: None)

    assert "(202) 555-0143" in [line.text for line in lines]


def test_no_doubtful_line_displaces_a_part_that_is_read_surely() -> None:
    models = LargeLetters(("shut up", 0.99), ("shutuo xmas at the", 0.7))

    lines = read_page(models, Image.new("RGB", (3000, 700)), lambda: None)

    assert "shut up" in [line.text for line in lines]
