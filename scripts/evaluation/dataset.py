"""Labelled drawings and scenes for calibration and evaluation.

The seed ranges are disjoint from each other and from those of training (`model_artifacts.demo.train`), so that values
fitted on one set are evaluated on another. All drawings have layouts that were kept out of training.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from PIL import Image

from model_artifacts.demo.drawings import QUESTIONS, SUBJECTS, Drawing, Subject, draw, embed_small
from model_artifacts.demo.evaluate import EVALUATION_SEED
from moderation.domain.image import MAX_VIEWS, Box, closer_looks
from moderation.domain.policy import Pack
from scripts.evaluation.inprocess_pipeline import INPUT_SIZE

SAFE_SEED = 6_500_000_000
CALIBRATION_SEED = 8_000_000_000
CALIBRATION_SCENES_SEED = 8_500_000_000
SCENES_SEED = 9_000_000_000
TEST_SCENES_SEED = 9_500_000_000

UNSAFE_SUBJECTS: tuple[Subject, ...] = SUBJECTS[1:]
RANDOM_DRAWINGS = 1000  # of the evaluation: those of the checkpoint's own, of which only one in seventeen is safe
SCENE_SIZE = (1024, 1024)
SHARE = 0.4  # of the scene's side that a pasted drawing takes: a sixth of its area


# The kinds of box that make the answer to each question of `drawings.QUESTIONS` a yes.
_YES_KINDS = (
    {"naked"},
    {"naked", "topless"},
    {"weapon"},
    {"contact"},
    {"cigarette"},
    {"blood"},
    {"fight"},
    {"insult"},
)
# Visible share of a box from which its content counts as shown, and up to which it counts as not shown.
_SHOWN, _HIDDEN = 0.9, 0.1


@dataclass(frozen=True)
class Scene:
    """Large picture with a small drawing of one subject pasted into it."""

    subject: Subject
    drawing: Drawing

    @property
    def image(self) -> Image.Image:
        return self.drawing.image

    @property
    def is_safe(self) -> bool:
        return self.subject == "safe"


def heldout_drawings(first_seed: int, count: int) -> Iterator[Drawing]:
    """Generate drawings with random contents, in layouts that training never used."""
    return (draw(random.Random(first_seed + n), split="heldout") for n in range(count))


def evaluation_drawing(number: int) -> Drawing:
    """Draw a drawing of the evaluation: random contents up to `RANDOM_DRAWINGS`, only safe contents from there on."""
    if number < RANDOM_DRAWINGS:
        return draw(random.Random(EVALUATION_SEED + number), split="heldout")
    return draw(random.Random(SAFE_SEED + number - RANDOM_DRAWINGS), split="heldout", only="safe")


def scenes(first_seed: int, unsafe: int, safe: int, share: float = SHARE) -> Iterator[Scene]:
    """Generate `unsafe` scenes that cycle through the unsafe subjects, then `safe` ones.

    `share` is the pasted drawing's side as a share of the scene's shorter side.
    """
    subjects = [UNSAFE_SUBJECTS[n % len(UNSAFE_SUBJECTS)] for n in range(unsafe)]
    harmless: list[Subject] = ["safe"] * safe
    for number, subject in enumerate([*subjects, *harmless]):
        rng = random.Random(first_seed + number)
        yield Scene(subject, embed_small(rng, only=subject, size=SCENE_SIZE, share=share))


def view_labels(drawing: Drawing, pack: Pack) -> dict[str, dict[str, bool | None]]:
    """Return the true answer by view and question; None if the content is partly visible."""
    closer = closer_looks(drawing.image, pack.views, INPUT_SIZE, MAX_VIEWS - 1)
    views = {"full": (0, 0, *drawing.image.size)} | dict(closer.parts)
    return {name: dict(zip(QUESTIONS, _truths(drawing, box), strict=True)) for name, box in views.items()}


def _truths(drawing: Drawing, box: Box) -> Iterator[bool | None]:
    left, top, right, bottom = box
    inside = [(mark.kind, mark.moved(-left, -top).visible(right - left, bottom - top)) for mark in drawing.boxes]
    for kinds in _YES_KINDS:
        most = max((share for kind, share in inside if kind in kinds), default=0.0)
        yield True if most >= _SHOWN else False if most <= _HIDDEN else None
