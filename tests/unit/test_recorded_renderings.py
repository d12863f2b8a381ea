"""Crafted files: the pipeline looks at what a browser shows, by recorded screenshots, or answers with `review`."""

from functools import cache

import numpy as np
import PIL
import pytest
from PIL import Image

from local.harness.crafted import crafted_files
from local.harness.crafted.png import png
from local.harness.crafted.scene import scene, shadow_puppet
from scripts.rendering import comparison
from scripts.rendering.comparison import AGREES, DISAGREES, NOT_SHOWN, REVIEW, distance, outcome
from scripts.rendering.pillow_images import VERSION
from scripts.rendering.record import RECORDING
from scripts.rendering.recording import Recorded, digest, read_recording
from scripts.rendering.truth import THUMBNAIL, Truth, thumbnail

# Pillow warns of what it reads over.
pytestmark = [
    pytest.mark.filterwarnings("ignore::UserWarning"),
    pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning"),
]


@cache
def files() -> dict[str, dict[str, bytes]]:
    return crafted_files()


@cache
def recorded() -> dict[str, Recorded]:
    return read_recording(RECORDING)


CLASSES = list(files())


def shown(pixels: np.ndarray) -> np.ndarray:
    return thumbnail(Image.fromarray(pixels).resize((224, 224)))


def test_the_recording_is_of_these_files():
    today = {f"{name}: {file}": digest(data) for name, made in files().items() for file, data in made.items()}

    assert {file: each.sha256 for file, each in recorded().items()} == today, "Run `make record-renderings`."
    assert len(today) >= 150


@pytest.mark.parametrize("name", CLASSES)
def test_crafted_files_are_seen_as_a_browser_shows_them_or_go_to_review(name):
    outcomes = {file: outcome(data, recorded()[f"{name}: {file}"].seen) for file, data in files()[name].items()}

    assert not {file: found.detail for file, found in outcomes.items() if found.word == DISAGREES}


def test_plain_files_of_every_format_agree():
    made = files()["structure"]
    plain = [file for file in made if file.endswith("as encoded")]

    assert len(plain) == 6
    assert {outcome(made[file], recorded()[f"structure: {file}"].seen).word for file in plain} == {AGREES}


def test_a_file_that_looks_different_on_either_page_disagrees():
    picture, other = shown(scene()), shown(scene()[::-1])

    assert outcome(png(scene()), Truth(picture, picture)).word == AGREES
    assert outcome(png(scene()), Truth(picture, other)).word == DISAGREES
    assert outcome(png(scene()), Truth(other, picture)).word == DISAGREES


def test_a_small_figure_is_a_difference():
    ground = np.full((THUMBNAIL, THUMBNAIL, 3), 128, np.uint8)
    spot = ground.copy()
    spot[4:8, 4:8] += 17

    found = distance(ground, spot)

    assert found.mean < 1
    assert not found.close


def test_rows_that_a_browser_leaves_empty_are_not_compared_and_others_are():
    picture = shown(scene())
    on_white, on_black = picture.copy(), picture.copy()
    on_white[20:], on_black[20:] = 255, 0

    assert outcome(png(scene()), Truth(on_white, on_black)).word == AGREES
    assert outcome(png(scene()), Truth(on_white, on_white)).word == DISAGREES


def test_a_refused_file_is_for_review_and_a_file_that_is_not_shown_says_so():
    assert outcome(b"no image", None).word == REVIEW
    assert outcome(png(scene()), None).word == NOT_SHOWN


def test_an_unnamed_error_disagrees(monkeypatch):
    monkeypatch.setattr(comparison, "prepare", lambda data, mode, size: 1 // 0)

    assert outcome(png(scene()), None).word == DISAGREES


def test_transparency_shows_in_the_recording():
    seen = recorded()["transparency: PNG, white figure on nothing"].seen

    assert seen is not None
    assert seen.white.min() == 255
    assert distance(seen.black, shown(shadow_puppet(255)[..., 3:].repeat(3, 2))).close


def test_pillows_images_are_those_of_the_pinned_version():
    assert PIL.__version__ == VERSION
