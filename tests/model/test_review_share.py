"""A sample of the ordinary uploads that `make review-share` counts: its goals hold, its files are what they claim."""

import io
from collections.abc import Iterable, Iterator

import pytest
from PIL import Image

from scripts.evaluation.ordinary.animations import animation
from scripts.evaluation.ordinary.materials import ANIMATIONS, MATERIALS
from scripts.evaluation.ordinary.photos import photo_with_metadata, screenshot
from scripts.evaluation.ordinary.upload import Material, Upload
from scripts.evaluation.review_share import (
    DRAWINGS,
    MAX_ANIMATIONS,
    SAFE,
    ReviewShare,
    goals,
    outcome,
    review_share,
    sample,
    share_table,
    together,
)
from scripts.evaluation.whole_pipeline import in_memory_cloud

KINDS_OF_ANIMATION = 10
# Numbers of small files.
SAMPLE = {
    "signs": (1, 2),
    "memes": (1, 2),
    "stickers and logos with transparency": (1, 2),  # those of 1,024 pixels, one of ten, need more tiles than there are
    "phone photographs without metadata": (2, 3),
    "phone photographs with metadata": (2, 3),
    "panoramas": (4,),
    "screenshots": (4,),
    "scrolling screenshots": (0,),
    "uploads with an SDK's default header": (0, 2, 5, 10),
}
OTHERS = [material for material in MATERIALS if material != ANIMATIONS]


@pytest.fixture(scope="module", autouse=True)
def cloud() -> Iterator[None]:
    with in_memory_cloud():
        yield


def reviewed(material: Material, numbers: Iterable[int]) -> tuple[tuple[int, str, str], ...]:
    return review_share(material, [(number, outcome(material.make(number))) for number in numbers]).reviewed


def test_few_kinds_of_animation_go_to_review() -> None:
    second_turn = range(KINDS_OF_ANIMATION, 2 * KINDS_OF_ANIMATION, 3)  # every third kind: they take long to read

    assert len(reviewed(ANIMATIONS, second_turn)) <= len(second_turn) * MAX_ANIMATIONS


@pytest.mark.parametrize("material", OTHERS, ids=lambda material: material.name)
def test_no_rule_sends_other_ordinary_files_to_review(material: Material) -> None:
    assert reviewed(material, SAMPLE[material.name]) == ()


def test_a_file_that_is_no_picture_is_counted_with_its_cause() -> None:
    broken = Material("broken", 2, lambda number: Upload(b"not a picture", "", "image/png"))

    share = review_share(broken, [(number, outcome(broken.make(number))) for number in range(2)])

    assert (share.share, share.causes) == (1.0, "`UnreadableImage` 2")


@pytest.mark.parametrize("material", [*OTHERS[:5], SAFE], ids=lambda material: material.name)
def test_the_same_number_gives_the_same_file(material: Material) -> None:
    assert material.make(2) == material.make(2)
    assert material.make(2).data != material.make(4).data


def test_animations_have_several_frames_in_each_format() -> None:
    files = [Image.open(io.BytesIO(animation(number).data)) for number in range(5)]

    assert {file.format for file in files} == {"GIF", "PNG", "WEBP"}
    assert all(getattr(file, "n_frames", 1) > 1 for file in files)


def test_photographs_carry_what_phones_write() -> None:
    files = [Image.open(io.BytesIO(photo_with_metadata(number).data)) for number in (2, 4, 6)]

    assert {file.getexif()[0x0112] for file in files} > {6}
    assert all(file.getexif().get_ifd(0x8825) and file.getexif().get_ifd(0x8769)[0x927C] for file in files)
    assert any(file.info.get("icc_profile") for file in files)
    assert [file.format for file in files] == ["MPO" if (n % 4, n % 3) == (2, 0) else "JPEG" for n in (2, 4, 6)]
    assert Image.open(io.BytesIO(screenshot(1).data)).mode == "RGBA"


def share_of(material: Material, reviews: int, files: int = 100) -> ReviewShare:
    return ReviewShare(material.name, files, tuple((number, "unseen", "…") for number in range(reviews)))


def test_the_goals_are_about_everything_but_drawings_and_animations_together_and_about_the_baseline() -> None:
    before = [share_of(DRAWINGS, 1), share_of(SAFE, 0), share_of(ANIMATIONS, 0), share_of(OTHERS[0], 0)]
    within = [share_of(DRAWINGS, 2), share_of(SAFE, 1), share_of(ANIMATIONS, 25), share_of(OTHERS[0], 2)]
    beyond = [share_of(DRAWINGS, 3), share_of(SAFE, 2), share_of(ANIMATIONS, 26), share_of(OTHERS[0], 3)]

    assert [goal.met for goal in goals(within, before)] == [True] * 4
    assert [goal.met for goal in goals(beyond, before)] == [False] * 4
    assert together(within).share == 0.02
    assert "| animations | 100 | 0 | 25 | 25.0% | `unseen` 25 |" in share_table(within, before)


def test_a_sample_is_compared_with_the_same_files_of_the_baseline() -> None:
    every_third = sample(share_of(DRAWINGS, 5), every=3)

    assert (every_third.files, [number for number, _, _ in every_third.reviewed]) == (34, [0, 3])
