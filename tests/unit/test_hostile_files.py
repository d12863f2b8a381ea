"""Files that are made to hurt: each is refused in a sentence or decoded, in bounded time and memory."""

import itertools
import mmap
import re

import pytest

from local.harness.hostile_files import QUICK, SLOW, jpeg_of_scans, mutants, sound_files
from moderation.domain.image import jpeg, prepare
from scripts.evaluation.isolated_decoder import MEMORY_MB, Decoder

MOST_MB = 1000  # of the 2,048 that the function has, and of the 1,792 of the one that reads
MOST_SECONDS = 20  # of processor time, of the 60 that the function has
MUTANTS = 800
# Pillow warns of what it reads over; the function logs that, and the decoder's process inherits this one's filters.
pytestmark = [
    pytest.mark.filterwarnings("ignore::UserWarning"),
    pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning"),
]


@pytest.mark.parametrize("name", QUICK)
def test_a_hostile_file_is_refused_in_words_or_decoded_within_bounds(name):
    make, expected = QUICK[name]
    with Decoder() as decoder:
        outcome = decoder.decode(make())

    assert re.fullmatch(rf"({expected}).*", outcome.result), outcome
    assert outcome.peak_mb < MOST_MB, outcome
    assert outcome.seconds < MOST_SECONDS, outcome


@pytest.mark.parametrize("name", ["PNG, 50 megapixels, 16 bits, transparent", "WebP, 50 megapixels, transparent"])
def test_the_pictures_that_take_most_memory_take_half_of_the_functions(name: str) -> None:
    make, _ = SLOW[name]
    with Decoder(read=True) as decoder:
        outcome = decoder.decode(make())

    assert outcome.result == "accepted"
    assert outcome.peak_mb < MOST_MB, outcome


def test_what_the_tests_process_has_mapped_takes_no_memory_from_the_decoder():
    with mmap.mmap(-1, MEMORY_MB << 20), Decoder() as decoder:
        outcome = decoder.decode(sound_files()["jpeg, progressive"])

    assert outcome.result == "accepted"


def test_damaged_files_of_every_format_raise_nothing_but_named_errors():
    with Decoder(read=True) as decoder:
        unnamed = {
            name: outcome.result
            for name, data in itertools.islice(mutants(seed=1), MUTANTS)
            if not (outcome := decoder.decode(data)).named
        }

    assert not unnamed


def test_what_the_damaged_files_are_made_from_is_sound():
    for name, data in sound_files().items():
        assert prepare(data, "auto", 64).views, name


def test_pictures_behind_a_jpegs_end_are_not_looked_at():
    several = sound_files()["jpeg, several pictures"]

    assert [view.name for view in prepare(several, "auto", 64).views] == ["full"]
    assert jpeg.effort(several) == jpeg.effort(several[: several.index(b"\xff\xd9") + 2])


@pytest.mark.parametrize("marker", [b"\xff\xd8", b"\xff\xd9", b"\xff\xd0", b"\xff\xf0\xff\xff", b"\xff\xff", b"junk"])
def test_no_filling_hides_a_jpegs_scans(marker):
    data = jpeg_of_scans((8, 8), 200)

    assert jpeg.effort(data[:2] + marker + data[2:]).scans > jpeg.MAX_SCANS


def test_a_progressive_photograph_is_nowhere_near_the_limits():
    data = sound_files()["jpeg, progressive"]

    assert jpeg.effort(data).scans < jpeg.MAX_SCANS / 5
    assert jpeg.effort(data).segments < jpeg.MAX_SEGMENTS / 5
