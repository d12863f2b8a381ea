"""`make calibrate`: fit temperature and threshold of the demo pack's questions, and write them into the pack.

The procedure works for any pack and model. It needs labelled images, the model's answers about their views, and
`moderation.domain.findings.score`, the function that scores answers in production.

The temperature of a question maximises the likelihood of the true answers, over whole drawings and tiles of scenes.
The threshold of a question maximises recall minus the weighted false positive rate. The weight is the same for all
questions: the lowest one that leaves at most MAX_FALSE_POSITIVE_RATE of the safe images unsafe. An image counts as
flagged if judge and decision rules call it unsafe, so captions count, too: a caption that supports a category makes an
image unsafe even if the answer is only near its threshold.
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
from scripts.evaluation.dataset import CALIBRATION_SCENES_SEED, CALIBRATION_SEED, heldout_drawings, scenes, view_labels
from scripts.evaluation.inprocess_pipeline import DemoModel, decision, demo_pack, png

DRAWINGS, UNSAFE_SCENES, SAFE_SCENES = 400, 160, 320

TEMPERATURES = tuple(step / 10 for step in range(3, 41))
THRESHOLDS = tuple(step / 100 for step in range(30, 100))
FALSE_POSITIVE_COSTS = tuple(2 ** (step / 4) for step in range(-8, 33))  # in false negatives
MAX_FALSE_POSITIVE_RATE = 0.04  # the goal is 0.05: fitted values do slightly worse on other images
_MIN_P = 1e-6  # lower bound of P in the likelihood, as in `score`


@dataclass(frozen=True)
class LabelledAnswer:
    """Answer about one view, and its truth; None if the truth is undefined."""

    answer: Answer
    truth: bool | None


@dataclass(frozen=True)
class CalibrationImage:
    """Labelled drawing or scene with the model's evidence. `labels` and `labelled` are by question."""

    is_scene: bool
    evidence: Evidence
    labels: Mapping[str, bool]
    labelled: Mapping[str, Sequence[LabelledAnswer]]


def main() -> int:
    """Fit the pack, and return 1 if one of its cases fails with the fitted values."""
    torch.set_num_threads(1)
    console = Console()
    pack = demo_pack()
    drawings = track(calibration_set(), "Asking the model", DRAWINGS + UNSAFE_SCENES + SAFE_SCENES, console=console)
    model = DemoModel()
    images = [ask(model, pack, drawing, is_scene) for drawing, is_scene in drawings]
    fitted = fit(pack, images)
    DEMO_PACK.write_text(with_fitted_values(DEMO_PACK.read_text("utf-8"), fitted.questions), "utf-8")
    show(console, fitted, images)
    failed = [result.case.name for result in run_cases(demo_pack()) if not result.passed]
    for name in failed:
        console.print(f'The case "{name}" of the pack fails with the fitted values: correct its answers.')
    return 1 if failed else 0


def calibration_set() -> Iterator[tuple[Drawing, bool]]:
    """Generate drawings (False), then scenes (True), that no evaluation uses."""
    for drawing in heldout_drawings(CALIBRATION_SEED, DRAWINGS):
        yield drawing, False
    for scene in scenes(CALIBRATION_SCENES_SEED, UNSAFE_SCENES, SAFE_SCENES):
        yield scene.drawing, True


def ask(model: DemoModel, pack: Pack, drawing: Drawing, is_scene: bool) -> CalibrationImage:
    """Ask the pack's questions about every view that the pipeline cuts.

    The full view of a scene has no truth: its content is too small to be recognised there.
    """
    truths = view_labels(drawing, pack)
    labelled: dict[str, list[LabelledAnswer]] = {question: [] for question in QUESTIONS}
    evidence = model.evidence(png(drawing.image), pack)
    for answer in evidence.answers:
        known = not is_scene or answer.view.startswith("tile")
        truth = truths[answer.view][answer.question] if known else None
        labelled[answer.question].append(LabelledAnswer(answer, truth))
    return CalibrationImage(is_scene, evidence, dict(zip(QUESTIONS, drawing.labels, strict=True)), labelled)


def fit(pack: Pack, images: Sequence[CalibrationImage]) -> Pack:
    """Return the pack with fitted temperatures and thresholds."""
    scaled = [fit_temperature(question, images) for question in pack.questions]
    highest = {question.id: [flag_threshold(pack, question, image) for image in images] for question in scaled}
    safe = [number for number, image in enumerate(images) if not any(image.labels.values())]
    fitted = scaled
    for cost in FALSE_POSITIVE_COSTS:
        fitted = [
            replace(question, threshold=fit_threshold(highest[question.id], labels_of(question, images), cost))
            for question in scaled
        ]
        false_positives = sum(any(highest[one.id][number] >= one.threshold for one in fitted) for number in safe)
        if false_positives <= MAX_FALSE_POSITIVE_RATE * len(safe):
            break
    return replace(pack, questions=tuple(fitted))


def fit_temperature(question: Question, images: Sequence[CalibrationImage]) -> Question:
    """Return the question with the temperature that maximises the likelihood of its labelled answers."""
    labelled = [answer for image in images for answer in image.labelled[question.text]]
    candidates = (replace(question, temperature=temperature) for temperature in TEMPERATURES)
    return min(candidates, key=lambda candidate: negative_log_likelihood(candidate, labelled))


def flag_threshold(pack: Pack, question: Question, image: CalibrationImage) -> float:
    """Return the highest of THRESHOLDS at which this question makes the image unsafe; 0 if there is none.

    The judge is given this question, its categories and the captions only.
    """
    categories = tuple(category for category in pack.categories if category.name in question.categories)

    def passes(at: float) -> bool:
        alone = replace(pack, categories=categories, questions=(replace(question, threshold=at),))
        return decision(alone, image.evidence).verdict != "unsafe"

    first_passed = bisect.bisect_left(THRESHOLDS, True, key=passes)
    return THRESHOLDS[first_passed - 1] if first_passed else 0.0


def fit_threshold(highest: Sequence[float], labels: Sequence[bool], cost: float) -> float:
    """Return the threshold that maximises recall minus `cost` times the false positive rate; of several the median."""
    positives = [at for at, label in zip(highest, labels, strict=True) if label]
    negatives = [at for at, label in zip(highest, labels, strict=True) if not label]
    values = {at: share_at_least(positives, at) - cost * share_at_least(negatives, at) for at in THRESHOLDS}
    best = [at for at, value in values.items() if value == max(values.values())]
    return best[len(best) // 2]


def labels_of(question: Question, images: Sequence[CalibrationImage]) -> list[bool]:
    """Return the label of each image for a question."""
    return [image.labels[question.text] for image in images]


def share_at_least(highest: Sequence[float], threshold: float) -> float:
    """Return the share of images that are flagged at a threshold."""
    return sum(one >= threshold for one in highest) / max(1, len(highest))


def negative_log_likelihood(question: Question, labelled: Sequence[LabelledAnswer]) -> float:
    """Return the mean negative log-likelihood of the true answers."""
    return statistics.fmean(
        -math.log(max(_MIN_P, p if one.truth else 1 - p))
        for one in labelled
        if one.truth is not None and (p := score(question, one.answer)) is not None
    )


def top_score(question: Question, image: CalibrationImage) -> float:
    """Return the highest score over an image's views."""
    return max(score(question, one.answer) or 0.0 for one in image.labelled[question.text])


def with_fitted_values(text: str, fitted: Sequence[Question]) -> str:
    """Return the pack's file with the fitted values in the lines of its questions, and otherwise unchanged."""
    for question in fitted:
        line = re.compile(rf"(- {{id: {re.escape(question.id)}, .*?categories: \[[^\]]*\])[^}}]*}}")
        numbers = f", threshold: {question.threshold:.2f}, temperature: {question.temperature:g}"
        text, found = line.subn(rf"\g<1>{numbers}}}", text)
        if found != 1:
            raise ValueError(
                f"{DEMO_PACK.name} has {found} lines for question {question.id}: write the question on one line."
            )
    return text


def show(console: Console, fitted: Pack, images: Sequence[CalibrationImage]) -> None:
    """Print the fitted values and their effect on the calibration images."""
    table = Table(
        "question",
        "temperature",
        "threshold",
        "drawings: true positive rate",
        "false positive rate",
        "scenes: true positive rate",
        "false positive rate",
    )
    for question in fitted.questions:
        table.add_row(
            question.id,
            f"{question.temperature:g}",
            f"{question.threshold:.2f}",
            *(
                f"{flagged(question, images, is_scene, label):.3f}"
                for is_scene in (False, True)
                for label in (True, False)
            ),
        )
    console.print(table)
    for kind, is_safe in (("unsafe", False), ("safe", True)):
        kind_of = [image for image in images if image.is_scene and is_safe != any(image.labels.values())]
        unsafe = statistics.fmean(decision(fitted, image.evidence).verdict == "unsafe" for image in kind_of)
        console.print(f"{unsafe:.1%} of {len(kind_of)} {kind} scenes are called unsafe.")


def flagged(question: Question, images: Sequence[CalibrationImage], is_scene: bool, label: bool) -> float:
    """Return the share of images of a kind that the question's threshold flags."""
    kind = [image for image in images if image.is_scene == is_scene and image.labels[question.text] == label]
    return statistics.fmean(top_score(question, image) >= question.threshold for image in kind)


if __name__ == "__main__":
    sys.exit(main())
