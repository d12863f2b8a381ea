"""Sample images of the demo: safe drawings, drawings with one kind of unsafe content, and an ambiguous one."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from model_artifacts.demo.drawings import SUBJECTS, Subject, draw, embed_small

SMALL_WORDS = "14-small-words"
PIXELS = 320  # below four times the model's input size, so that only the large scene is cut into tiles
MORE_SAFE: tuple[Subject, ...] = ("safe", "safe")  # besides the one that is first among SUBJECTS


@dataclass(frozen=True)
class SampleDrawing:
    """Drawing with a name for its content and its expected verdict."""

    name: str
    image: Image.Image
    expected: str


def sample_drawings(seed: int) -> Iterator[SampleDrawing]:
    """Generate twelve drawings: three safe, one per kind of unsafe content, one with it small in a large picture.

    The checkpoint wasn't trained on their layouts; the same seed gives the same drawings.
    """
    rng = random.Random(seed)
    for number, subject in enumerate((*MORE_SAFE, *SUBJECTS), start=1):
        image = draw(rng, split="heldout", only=subject, size=PIXELS).image
        yield SampleDrawing(f"{number:02}-{subject}", image, "safe" if subject == "safe" else "unsafe")
    yield SampleDrawing("12-small-weapon", embed_small(rng, split="heldout", only="weapon").image, "unsafe")


def small_words() -> SampleDrawing:
    """Return an insult in a large picture, too small for the checkpoint: the words that are read decide.

    It is always the same drawing.
    """
    scene = embed_small(random.Random(1), split="heldout", only="insult", share=0.25)
    return SampleDrawing(SMALL_WORDS, scene.image, "unsafe")


def doubtful_drawing() -> SampleDrawing:
    """Return a double exposure with a barely legible address: judge and answer disagree, so the verdict is `review`.

    It is always the same drawing, found by searching for one on which the checkpoint is undecided.
    """
    address = draw(random.Random(16), split="heldout", only="contact", size=PIXELS).image
    harmless = draw(random.Random(16), split="heldout", only="safe", size=PIXELS).image
    return SampleDrawing("13-double-exposure", Image.blend(harmless, address, 0.575), "review")


def write_samples(folder: Path, seed: int) -> None:
    """Write the drawings of a seed, the doubtful one and the one with small words into a folder, as PNG."""
    folder.mkdir(parents=True, exist_ok=True)
    for sample in (*sample_drawings(seed), doubtful_drawing(), small_words()):
        sample.image.save(folder / f"{sample.name}.png")
