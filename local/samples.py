"""The demo's images: drawings that show nothing of note, one thing that the demo pack forbids, or it can't be said."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from PIL import Image

from model_artifacts.demo.drawings import SUBJECTS, Subject, draw, embed_small

PIXELS = 320  # below four times what the model sees, so that only the large scene is cut into tiles
MORE_SAFE: tuple[Subject, ...] = ("safe", "safe")  # besides the one that is first among SUBJECTS


@dataclass(frozen=True)
class SampleDrawing:
    """`name` says what it shows; `expected` is the verdict that it should get."""

    name: str
    image: Image.Image
    expected: str


def sample_drawings(seed: int) -> Iterator[SampleDrawing]:
    """Twelve: three safe, one for each kind of unsafe content, one with small unsafe content in a large picture.

    Their layouts are ones that the checkpoint wasn't trained on; the same seed draws the same twelve.
    """
    rng = random.Random(seed)
    for number, subject in enumerate((*MORE_SAFE, *SUBJECTS), start=1):
        image = draw(rng, split="heldout", only=subject, size=PIXELS).image
        yield SampleDrawing(f"{number:02}-{subject}", image, "safe" if subject == "safe" else "unsafe")
    yield SampleDrawing("12-small-weapon", embed_small(rng, split="heldout", only="weapon").image, "unsafe")


def doubtful_drawing() -> SampleDrawing:
    """A double exposure in which an address can just about be read: judge and answer disagree, so a person must look.

    Always the same: what the checkpoint hesitates about had to be searched for.
    """
    address = draw(random.Random(1), split="heldout", only="contact", size=PIXELS).image
    harmless = draw(random.Random(1), split="heldout", only="safe", size=PIXELS).image
    return SampleDrawing("13-double-exposure", Image.blend(harmless, address, 0.55), "review")
