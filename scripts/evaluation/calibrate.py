"""`make calibrate`: fits temperature and threshold of the demo pack's questions, and writes them into the pack.

The procedure is the one for any pack and any model: pictures whose contents are known, the model's answers about their
views, and `moderation.domain.findings.score`, the very function that scores answers in production.

Temperature: the one under which the true answers are likeliest, over whole drawings and over tiles of scenes.
Thresholds: each question takes the one that misses least for a price on false flags; the price is one for all, the
lowest at which no more than BUDGET of the harmless pictures are called unsafe. What counts is what judge and rules make
of all views, captions among them: a caption that speaks of something makes a picture unsafe where the answer is merely
near its threshold.
"""

import bisect
import math
import re
import statistics
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from rich.console import Console
from rich.progress import track
from rich.table import Table

from model_artifacts.demo import DEMO_PACK
from model_artifacts.demo.drawings import QUESTIONS, Drawing
from moderation.domain.evidence import Answer, Evidence
from moderation.domain.findings import score
from moderation.domain.pack_cases import run_cases
from moderation.domain.policy import Pack, Question
from scripts.evaluation.dataset import CALIBRATION_SCENES_SEED, CALIBRATION_SEED, heldout_drawings, scenes, view_truths
from scripts.evaluation.inprocess_pipeline import Looker, decision, demo_pack, png

DRAWINGS, UNSAFE_SCENES, SAFE_SCENES = 400, 160, 320

TEMPERATURES = tuple(step / 10 for step in range(3, 41))
THRESHOLDS = tuple(step / 100 for step in range(30, 100))
PRICES = tuple(2 ** (step / 4) for step in range(-8, 33))  # of a false flag, in misses
BUDGET = 0.04  # of 0.05 that are asked for: what is fitted does a little worse on other pictures
_LEAST = 1e-6  # the least P that likelihood is computed from, as in `score`


@dataclass(frozen=True)
class Told:
    """An answer about one view, and whether yes is true there: None where that can't be said."""

    answer: Answer
    truth: bool | None


@dataclass(frozen=True)
class Picture:
    """A drawing or a scene: what the model says of it, and by question if it shows that and what was told of it."""

    is_scene: bool
    evidence: Evidence
    labels: Mapping[str, bool]
    told: Mapping[str, Sequence[Told]]


def main() -> int:
    torch.set_num_threads(1)
    console = Console()
    pack = demo_pack()
    drawings = track(calibration_set(), "Looking", DRAWINGS + UNSAFE_SCENES + SAFE_SCENES, console=console)
    looker = Looker()
    pictures = [look(looker, pack, drawing, is_scene) for drawing, is_scene in drawings]
    fitted = fit(pack, pictures)
    DEMO_PACK.write_text(rewritten(DEMO_PACK.read_text("utf-8"), fitted.questions), "utf-8")
    show(console, fitted, pictures)
    failed = [result.case.name for result in run_cases(demo_pack()) if not result.passed]
    for name in failed:
        console.print(f'The case "{name}" of the pack fails with these numbers: put its answers right.')
    return 1 if failed else 0


def calibration_set() -> Iterator[tuple[Drawing, bool]]:
    """Drawings, then scenes (True), that no evaluation uses."""
    for drawing in heldout_drawings(CALIBRATION_SEED, DRAWINGS):
        yield drawing, False
    for scene in scenes(CALIBRATION_SCENES_SEED, UNSAFE_SCENES, SAFE_SCENES):
        yield scene.drawing, True


def look(looker: Looker, pack: Pack, drawing: Drawing, is_scene: bool) -> Picture:
    """Ask the pack's questions about every view that the pipeline cuts.

    A scene's whole view has no truth: what the scene holds is too small there to be seen.
    """
    truths = view_truths(drawing, pack)
    told: dict[str, list[Told]] = {question: [] for question in QUESTIONS}
    evidence = looker.evidence(png(drawing.image), pack)
    for answer in evidence.answers:
        known = not is_scene or answer.view.startswith("tile")
        truth = truths[answer.view][answer.question] if known else None
        told[answer.question].append(Told(answer, truth))
    return Picture(is_scene, evidence, dict(zip(QUESTIONS, drawing.labels, strict=True)), told)


def fit(pack: Pack, pictures: Sequence[Picture]) -> Pack:
    """The pack with its questions' temperatures, then their thresholds, fitted."""
    tempered = [temper(question, pictures) for question in pack.questions]
    reaches = {question.id: [reach(pack, question, picture) for picture in pictures] for question in tempered}
    harmless = [number for number, picture in enumerate(pictures) if not any(picture.labels.values())]
    fitted = tempered
    for price in PRICES:
        fitted = [
            replace(question, threshold=threshold(reaches[question.id], shown(question, pictures), price))
            for question in tempered
        ]
        flags = sum(any(reaches[one.id][number] >= one.threshold for one in fitted) for number in harmless)
        if flags <= BUDGET * len(harmless):
            break
    return replace(pack, questions=tuple(fitted))


def temper(question: Question, pictures: Sequence[Picture]) -> Question:
    """The question with the temperature under which the true answers about single views are likeliest."""
    told = [told for picture in pictures for told in picture.told[question.text]]
    candidates = (replace(question, temperature=temperature) for temperature in TEMPERATURES)
    return min(candidates, key=lambda candidate: surprise(candidate, told))


def reach(pack: Pack, question: Question, picture: Picture) -> float:
    """The highest of THRESHOLDS with which the picture is called unsafe because of this question; 0 if with none.

    The judge hears of nothing else than this question and its categories, and the captions.
    """
    categories = tuple(category for category in pack.categories if category.name in question.categories)

    def passes(at: float) -> bool:
        alone = replace(pack, categories=categories, questions=(replace(question, threshold=at),))
        return decision(alone, picture.evidence).verdict != "unsafe"

    first_passed = bisect.bisect_left(THRESHOLDS, True, key=passes)
    return THRESHOLDS[first_passed - 1] if first_passed else 0.0


def threshold(reaches: Sequence[float], truths: Sequence[bool], price: float) -> float:
    """The threshold with the highest recall, less `price` times its share of false flags; of several the middle one."""
    yes = [at for at, truth in zip(reaches, truths, strict=True) if truth]
    no = [at for at, truth in zip(reaches, truths, strict=True) if not truth]
    worth = {at: share_over(yes, at) - price * share_over(no, at) for at in THRESHOLDS}
    best = [at for at, value in worth.items() if value == max(worth.values())]
    return best[len(best) // 2]


def shown(question: Question, pictures: Sequence[Picture]) -> list[bool]:
    """Whether each picture shows what the question asks for."""
    return [picture.labels[question.text] for picture in pictures]


def share_over(reaches: Sequence[float], at: float) -> float:
    """The share of pictures that reach a threshold."""
    return sum(reached >= at for reached in reaches) / max(1, len(reaches))


def surprise(question: Question, told: Sequence[Told]) -> float:
    """Mean negative log-likelihood of the true answers."""
    return statistics.fmean(
        -math.log(max(_LEAST, p if one.truth else 1 - p))
        for one in told
        if one.truth is not None and (p := score(question, one.answer)) is not None
    )


def strongest(question: Question, picture: Picture) -> float:
    """The highest P over a picture's views."""
    return max(score(question, one.answer) or 0.0 for one in picture.told[question.text])


def rewritten(text: str, fitted: Sequence[Question]) -> str:
    """The pack's file with the fitted numbers in its questions' lines and everything else as it was."""
    for question in fitted:
        line = re.compile(rf"(- {{id: {re.escape(question.id)}, .*?categories: \[[^\]]*\])[^}}]*}}")
        numbers = f", threshold: {question.threshold:.2f}, temperature: {question.temperature:g}"
        text, found = line.subn(rf"\g<1>{numbers}}}", text)
        if found != 1:
            raise ValueError(f"{DEMO_PACK.name} has {found} lines for question {question.id}: write it on one line.")
    return text


def show(console: Console, fitted: Pack, pictures: Sequence[Picture]) -> None:
    """What was fitted, and what it does on the pictures it was fitted on."""
    table = Table(
        "question", "temperature", "threshold", "flagged: shown", "not shown", "shown in a scene", "not shown"
    )
    for question in fitted.questions:
        table.add_row(
            question.id,
            f"{question.temperature:g}",
            f"{question.threshold:.2f}",
            *(
                f"{flagged(question, pictures, is_scene, label):.3f}"
                for is_scene in (False, True)
                for label in (True, False)
            ),
        )
    console.print(table)
    for kind, is_safe in (("unsafe", False), ("safe", True)):
        seen = [picture for picture in pictures if picture.is_scene and is_safe != any(picture.labels.values())]
        called = statistics.fmean(decision(fitted, picture.evidence).verdict == "unsafe" for picture in seen)
        console.print(f"Of {len(seen)} {kind} scenes {called:.1%} are called unsafe.")


def flagged(question: Question, pictures: Sequence[Picture], is_scene: bool, label: bool) -> float:
    """The share of pictures of a kind that the question's threshold flags."""
    kind = [p for p in pictures if p.is_scene == is_scene and p.labels[question.text] == label]
    return statistics.fmean(strongest(question, picture) >= question.threshold for picture in kind)


if __name__ == "__main__":
    sys.exit(main())
