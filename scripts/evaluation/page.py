"""Write docs/quality.md from build/quality.json, with charts and a sheet of the worst misclassifications.

`make quality` calls it; `python -m scripts.evaluation.page` repeats it without a new measurement.
"""

import dataclasses
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PIL import Image, ImageDraw
from rich.console import Console

from local.synth import PROJECT
from moderate.charts import chart
from moderation.domain.evidence import Answer
from moderation.domain.findings import score
from moderation.domain.metrics import (
    Misclassification,
    calibration_error,
    category_metrics,
    misclassifications,
    reliability,
    share,
)
from moderation.domain.policy import Pack, Question
from scripts.evaluation.baseline import Figures, comparison
from scripts.evaluation.dataset import RANDOM_DRAWINGS, SHARE, evaluation_drawing
from scripts.evaluation.evasion import Evasion, Rates
from scripts.evaluation.inprocess_pipeline import demo_pack
from scripts.evaluation.metrics import EvaluatedDrawing
from scripts.sections import markdown, write_section

RESULTS = PROJECT / "build" / "quality.json"
PAGE = PROJECT / "docs" / "quality.md"
PICTURES = PROJECT / "docs" / "quality"
BASELINE = PICTURES / "baseline.json"
FIGURES = PROJECT / "build" / "quality-figures.json"  # to be copied to BASELINE when that is renewed

MIN_F1, MAX_REVIEW, MIN_CAUGHT, MAX_FLAGGED, MAX_OVER_BASELINE = 0.90, 0.10, 0.90, 0.05, 0.01
SENT_TO_REVIEW = "drawings of random contents sent to review"
WORST, COLUMNS, THUMBNAIL = 12, 6, 128


@dataclass(frozen=True)
class Prediction:
    """Answer with its question and its truth."""

    question: Question
    answer: Answer
    truth: bool

    @property
    def calibrated(self) -> float:
        return score(self.question, self.answer) or 0.0

    @property
    def raw(self) -> float:
        return self.answer.p_yes or 0.0


@dataclass(frozen=True)
class Results:
    """Results of an evaluation. `drawings` and `tiles` are the answers about each."""

    evaluated: tuple[EvaluatedDrawing, ...]
    evasion: tuple[Evasion, ...]
    drawings: tuple[Prediction, ...]
    tiles: tuple[Prediction, ...]


def main() -> int:
    """Write the page and return 1 if a goal isn't met."""
    return 0 if write_page(Console()) else 1


def write_page(console: Console) -> bool:
    """Write the page and its pictures, print the goals, and return True if all are met."""
    pack = demo_pack()
    results = read(json.loads(RESULTS.read_text()), pack)
    worst = misclassifications(results.evaluated)[:WORST]
    PICTURES.mkdir(exist_ok=True)
    sheet(worst).save(PICTURES / "misclassifications.png", optimize=True)
    for name, title, predicted in (
        ("reliability-drawings", "Whole drawings", results.drawings),
        ("reliability-tiles", "Tiles of scenes", results.tiles),
    ):
        (PICTURES / f"{name}.svg").write_text(chart(*before_and_after(predicted), title))
    now = figures(results, pack)
    now.write(FIGURES)
    before = Figures.read(BASELINE)
    goals = [*verdict_goals(results, pack), *evasion_goals(results), baseline_goal(before, now)]
    parts = [goal_table(goals), comparison(before, now), category_table(results, pack)]
    parts += [calibration_table(results, pack)]
    parts += [evasion_table(results), misclassification_table(worst)]
    write_section(PAGE, "figures", "\n\n".join(parts))
    for goal in goals:
        console.print(f"{goal.metric}: {goal.reached:.3f} ({goal.condition} {'met' if goal.met else 'NOT met'})")
    return all(goal.met for goal in goals)


def read(data: Mapping[str, Any], pack: Pack) -> Results:
    """Parse the results of an evaluation. What was read in a drawing is no answer of the model: it has no P(yes)."""
    evaluated = tuple(EvaluatedDrawing(**one) for one in data["drawings"])
    by_text = {question.text: question for question in pack.questions}
    drawings = tuple(
        Prediction(question, _answer(finding), question.categories[0] in drawing.truth)
        for drawing in evaluated
        for finding in drawing.findings
        if "p_yes" in finding
        for question in [by_text[finding["question"]]]
    )
    tiles = tuple(Prediction(by_text[tile["question"]], _answer(tile), tile["truth"]) for tile in data["tiles"])
    return Results(evaluated, tuple(_evasion(one) for one in data["evasion"]), drawings, tiles)


def _answer(finding: Mapping[str, Any]) -> Answer:
    text = finding.get("text", finding.get("answer", ""))
    return Answer(finding["view"], finding["question"], text, finding["p_yes"], finding["p_blank"])


def _evasion(one: Mapping[str, Any]) -> Evasion:
    rates = {name: Rates(**one[name]) for name in ("with_views", "without")}
    return Evasion(**{**one, **rates})


@dataclass(frozen=True)
class Goal:
    """Goal for a metric: a lower bound, or an upper bound if `is_maximum`."""

    metric: str
    reached: float
    bound: float
    is_maximum: bool = False

    @property
    def met(self) -> bool:
        return self.reached <= self.bound if self.is_maximum else self.reached >= self.bound

    @property
    def condition(self) -> str:
        return f"{'≤' if self.is_maximum else '≥'} {self.bound:.2f}"


def verdict_goals(results: Results, pack: Pack) -> list[Goal]:
    f1 = [category_metrics(results.evaluated, category).f1 for category in pack.category_names]
    return [
        Goal("macro F1 of the categories", sum(f1) / len(f1), MIN_F1),
        Goal("sent to review", share(results.evaluated, "review"), MAX_REVIEW, is_maximum=True),
    ]


def evasion_goals(results: Results) -> list[Goal]:
    at = next(one for one in results.evasion if one.share == SHARE)
    return [
        Goal("small unsafe content called unsafe, with views", at.with_views.caught, MIN_CAUGHT),
        Goal("safe scenes called unsafe, with views", at.with_views.flagged, MAX_FLAGGED, is_maximum=True),
    ]


def baseline_goal(before: Figures, now: Figures) -> Goal:
    over = now.metrics[SENT_TO_REVIEW] - before.metrics[SENT_TO_REVIEW]
    return Goal(f"{SENT_TO_REVIEW}, over the baseline", over, MAX_OVER_BASELINE, is_maximum=True)


def figures(results: Results, pack: Pack) -> Figures:
    """Return the metrics that are compared with the baseline."""
    evaluated = results.evaluated
    random = [drawing for drawing in evaluated if drawing.number < RANDOM_DRAWINGS]
    prohibited, safe = [d for d in evaluated if d.truth], [d for d in evaluated if not d.truth]
    f1 = [category_metrics(evaluated, category).f1 for category in pack.category_names]
    at = next(one for one in results.evasion if one.share == SHARE)
    metrics = {
        "macro F1 of the categories": sum(f1) / len(f1),
        SENT_TO_REVIEW: share(random, "review"),
        "drawings with prohibited content called unsafe": share(prohibited, "unsafe"),
        "drawings with prohibited content sent to review": share(prohibited, "review"),
        "safe drawings called unsafe": share(safe, "unsafe"),
        "safe drawings sent to review": share(safe, "review"),
        "scenes with prohibited content called unsafe": at.with_views.caught,
        "scenes with prohibited content sent to review": at.with_views.caught_review,
        "safe scenes called unsafe": at.with_views.flagged,
        "safe scenes sent to review": at.with_views.flagged_review,
    }
    return Figures(metrics, "".join(drawing.verdict[0] for drawing in evaluated))


def goal_table(goals: Iterable[Goal]) -> str:
    rows = [(goal.metric, f"{goal.reached:.3f}", goal.condition, "yes" if goal.met else "**no**") for goal in goals]
    return markdown(("metric", "measured", "goal", "met"), rows)


def category_table(results: Results, pack: Pack) -> str:
    drawings = results.evaluated
    rows = [
        (
            category,
            str(one.positives),
            *(f"{value:.3f}" for value in (one.precision, one.recall, one.f1)),
        )
        for category in pack.category_names
        for one in [category_metrics(drawings, category)]
    ]
    table = markdown(("category", "drawings with it", "precision", "recall", "F1"), rows)
    safe, unsafe = [d for d in drawings if not d.truth], [d for d in drawings if d.truth]
    verdicts = markdown(
        ("drawings", "count", "safe", "unsafe", "review"),
        [
            (name, str(len(kind)), *(f"{share(kind, verdict):.1%}" for verdict in ("safe", "unsafe", "review")))
            for name, kind in (("with prohibited content", unsafe), ("without prohibited content", safe))
        ],
    )
    return f"### Verdicts on {len(drawings):,} drawings\n\n{verdicts}\n\n{table}"


def calibration_table(results: Results, pack: Pack) -> str:
    rows = [
        (
            question.id,
            f"{question.temperature:g}",
            f"{question.threshold:.2f}",
            *(
                f"{calibration_error(bins):.3f}"
                for predicted in (results.drawings, results.tiles)
                for bins in before_and_after([one for one in predicted if one.question == question])
            ),
        )
        for question in pack.questions
    ]
    pooled = [
        f"{calibration_error(bins):.3f}"
        for predicted in (results.drawings, results.tiles)
        for bins in before_and_after(predicted)
    ]
    rows.append(("all", "", "", *pooled))
    columns = ("question", "temperature", "threshold", "drawings: before", "after", "tiles: before", "after")
    return f"### Calibration error\n\n{markdown(columns, rows)}"


def before_and_after(predicted: Iterable[Prediction]) -> tuple[Any, Any]:
    """Return the bins of the model's own P(yes), and those of the calibrated scores."""
    pairs = list(predicted)
    return (
        reliability((one.raw, one.truth) for one in pairs),
        reliability((one.calibrated, one.truth) for one in pairs),
    )


def evasion_table(results: Results) -> str:
    rows = [
        (f"{one.share:.0%}", way, *(f"{value:.1%}" for value in dataclasses.astuple(rates)))
        for one in results.evasion
        for way, rates in (("all", one.with_views), ("full only", one.without))
    ]
    columns = ("side", "views", "unsafe scenes: unsafe", "review", "safe scenes: unsafe", "review")
    counts = f"{results.evasion[0].unsafe} scenes with prohibited content and {results.evasion[0].safe} without it"
    return f"### Small content in large scenes\n\nEach row counts {counts}.\n\n{markdown(columns, rows)}"


def misclassification_table(worst: Sequence[Misclassification[EvaluatedDrawing]]) -> str:
    rows = [
        (
            str(number),
            str(error.picture.number),
            f"{error.category}: {error.kind}",
            f"{evidence['score']:.2f}",
            f"{evidence['threshold']:.2f}",
            evidence["view"],
            error.picture.verdict,
            error.picture.category or "",
            ", ".join(error.picture.truth) or "nothing",
            error.picture.caption,
        )
        for number, error in enumerate(worst, 1)
        for evidence in [error.picture.evidence(error.category)]
    ]
    columns = ("", "drawing", "error", "score", "threshold", "view", "verdict", "category", "labels", "model's caption")
    image = "![The worst misclassifications, numbered](quality/misclassifications.png)"
    return f"### The worst misclassifications\n\n{image}\n\n{markdown(columns, rows)}"


def sheet(worst: Sequence[Misclassification[EvaluatedDrawing]]) -> Image.Image:
    """Draw the misclassified drawings side by side, numbered as in the table."""
    rows = -(-max(1, len(worst)) // COLUMNS)
    whole = Image.new("RGB", (COLUMNS * THUMBNAIL, rows * THUMBNAIL), "white")
    pen = ImageDraw.Draw(whole)
    for place, error in enumerate(worst):
        corner = (place % COLUMNS * THUMBNAIL, place // COLUMNS * THUMBNAIL)
        drawing = evaluation_drawing(error.picture.number)
        whole.paste(drawing.image.resize((THUMBNAIL, THUMBNAIL)), corner)
        pen.rectangle((*corner, corner[0] + 18, corner[1] + 14), fill="white")
        pen.text((corner[0] + 3, corner[1] + 1), str(place + 1), fill="black")
    return whole


if __name__ == "__main__":
    sys.exit(main())
