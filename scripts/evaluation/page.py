"""Writes what `scripts.evaluation` measured into docs/quality.md, with charts and a sheet of the worst misses.

`python -m scripts.evaluation.page` writes it anew from build/quality.json.
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
from model_artifacts.demo.evaluate import EVALUATION_SEED
from moderation.domain.evidence import Answer
from moderation.domain.findings import score as probability
from moderation.domain.policy import Pack, Question
from scripts.evaluation.dataset import SHARE, heldout_drawings
from scripts.evaluation.evasion import Evasion, Rates
from scripts.evaluation.inprocess_pipeline import demo_pack
from scripts.evaluation.metrics import Miss, Outcome, calibration_error, misses, reliability, score, share
from scripts.evaluation.reliability_chart import chart
from scripts.sections import markdown, write_section

RESULTS = PROJECT / "build" / "quality.json"
PAGE = PROJECT / "docs" / "quality.md"
PICTURES = PROJECT / "docs" / "quality"

LEAST_F1, MOST_REVIEW, LEAST_CAUGHT, MOST_FLAGGED = 0.90, 0.10, 0.90, 0.05
WORST, COLUMNS, THUMBNAIL = 12, 6, 128


@dataclass(frozen=True)
class Predicted:
    """An answer, the question it answers, and whether yes was true."""

    question: Question
    answer: Answer
    truth: bool

    @property
    def calibrated(self) -> float:
        return probability(self.question, self.answer) or 0.0

    @property
    def raw(self) -> float:
        return self.answer.p_yes or 0.0


@dataclass(frozen=True)
class Results:
    """All that was measured."""

    outcomes: tuple[Outcome, ...]
    evasion: tuple[Evasion, ...]
    drawings: tuple[Predicted, ...]
    tiles: tuple[Predicted, ...]


def main() -> int:
    return 0 if write_page(Console()) else 1


def write_page(console: Console) -> bool:
    """Write page and pictures, say what was reached; whether every goal was."""
    pack = demo_pack()
    results = read(json.loads(RESULTS.read_text()), pack)
    worst = misses(results.outcomes)[:WORST]
    PICTURES.mkdir(exist_ok=True)
    sheet(worst).save(PICTURES / "misses.png", optimize=True)
    for name, title, predicted in (
        ("reliability-drawings", "Whole drawings", results.drawings),
        ("reliability-tiles", "Tiles of scenes", results.tiles),
    ):
        (PICTURES / f"{name}.svg").write_text(chart(*before_and_after(predicted), title))
    goals = [*verdict_goals(results, pack), *evasion_goals(results)]
    parts = [goal_table(goals), category_table(results, pack), calibration_table(results, pack)]
    parts += [evasion_table(results), miss_table(worst)]
    write_section(PAGE, "figures", "\n\n".join(parts))
    for goal in goals:
        console.print(f"{goal.what}: {goal.reached:.3f} ({goal.asked} {'met' if goal.met else 'NOT met'})")
    return all(goal.met for goal in goals)


def read(data: Mapping[str, Any], pack: Pack) -> Results:
    """The results of a run, from its JSON."""
    outcomes = tuple(Outcome(**one) for one in data["drawings"])
    by_text = {question.text: question for question in pack.questions}
    drawings = tuple(
        Predicted(question, _answer(finding), question.categories[0] in outcome.truth)
        for outcome in outcomes
        for finding in outcome.findings
        for question in [by_text[finding["question"]]]
    )
    tiles = tuple(Predicted(by_text[told["question"]], _answer(told), told["truth"]) for told in data["tiles"])
    return Results(outcomes, tuple(_evasion(one) for one in data["evasion"]), drawings, tiles)


def _answer(told: Mapping[str, Any]) -> Answer:
    text = told.get("text", told.get("answer", ""))
    return Answer(told["view"], told["question"], text, told["p_yes"], told["p_blank"])


def _evasion(one: Mapping[str, Any]) -> Evasion:
    rates = {name: Rates(**one[name]) for name in ("with_views", "without")}
    return Evasion(**{**one, **rates})


@dataclass(frozen=True)
class Goal:
    """Something that was to be reached: `most` if less is better."""

    what: str
    reached: float
    bound: float
    most: bool = False

    @property
    def met(self) -> bool:
        return self.reached <= self.bound if self.most else self.reached >= self.bound

    @property
    def asked(self) -> str:
        return f"{'≤' if self.most else '≥'} {self.bound:.2f}"


def verdict_goals(results: Results, pack: Pack) -> list[Goal]:
    f1 = [score(results.outcomes, category).f1 for category in pack.category_names]
    return [
        Goal("macro F1 of the categories", sum(f1) / len(f1), LEAST_F1),
        Goal("sent to review", share(results.outcomes, "review"), MOST_REVIEW, most=True),
    ]


def evasion_goals(results: Results) -> list[Goal]:
    at = next(one for one in results.evasion if one.share == SHARE)
    return [
        Goal("small unsafe content called unsafe, with views", at.with_views.caught, LEAST_CAUGHT),
        Goal("safe scenes called unsafe, with views", at.with_views.flagged, MOST_FLAGGED, most=True),
    ]


def goal_table(goals: Iterable[Goal]) -> str:
    rows = [
        (
            goal.what,
            f"{goal.reached:.3f}",
            f"{'≤' if goal.most else '≥'} {goal.bound:.2f}",
            "yes" if goal.met else "**no**",
        )
        for goal in goals
    ]
    return markdown(("what", "measured", "goal", "met"), rows)


def category_table(results: Results, pack: Pack) -> str:
    outcomes = results.outcomes
    rows = [
        (category, str(one.hits + one.missed), *(f"{value:.3f}" for value in (one.precision, one.recall, one.f1)))
        for category in pack.category_names
        for one in [score(outcomes, category)]
    ]
    table = markdown(("category", "drawings with it", "precision", "recall", "F1"), rows)
    safe, unsafe = [o for o in outcomes if not o.truth], [o for o in outcomes if o.truth]
    verdicts = markdown(
        ("drawings", "count", "safe", "unsafe", "review"),
        [
            (name, str(len(kind)), *(f"{share(kind, verdict):.1%}" for verdict in ("safe", "unsafe", "review")))
            for name, kind in (("that show something forbidden", unsafe), ("that show nothing forbidden", safe))
        ],
    )
    return f"### Verdicts on {len(outcomes):,} drawings\n\n{verdicts}\n\n{table}"


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


def before_and_after(predicted: Iterable[Predicted]) -> tuple[Any, Any]:
    """The bins of the model's own P(yes), and of what calibration makes of it."""
    pairs = list(predicted)
    return (
        reliability((one.raw, one.truth) for one in pairs),
        reliability((one.calibrated, one.truth) for one in pairs),
    )


def evasion_table(results: Results) -> str:
    rows = [
        (f"{one.share:.0%}", way, *(f"{value:.1%}" for value in dataclasses.astuple(rates)))
        for one in results.evasion
        for way, rates in (("views", one.with_views), ("whole", one.without))
    ]
    columns = ("side", "looked at", "unsafe scenes: unsafe", "review", "safe scenes: unsafe", "review")
    counts = f"{results.evasion[0].unsafe} scenes with something forbidden and {results.evasion[0].safe} without"
    return f"### Small content in large scenes\n\nFor each side {counts}.\n\n{markdown(columns, rows)}"


def miss_table(worst: Sequence[Miss]) -> str:
    rows = [
        (
            str(number),
            str(miss.outcome.number),
            f"{miss.category} {'overlooked' if miss.overlooked else 'imagined'}",
            f"{evidence['score']:.2f}",
            f"{evidence['threshold']:.2f}",
            evidence["view"],
            miss.outcome.verdict,
            miss.outcome.category or "",
            ", ".join(miss.outcome.truth) or "nothing",
            miss.outcome.caption,
        )
        for number, miss in enumerate(worst, 1)
        for evidence in [miss.outcome.evidence(miss.category)]
    ]
    columns = ("", "drawing", "miss", "P", "threshold", "view", "verdict", "category", "shows", "caption of the model")
    return f"### The worst misses\n\n![The worst misses, numbered](quality/misses.png)\n\n{markdown(columns, rows)}"


def sheet(worst: Sequence[Miss]) -> Image.Image:
    """The misses' drawings side by side, numbered as in the table."""
    rows = -(-max(1, len(worst)) // COLUMNS)
    whole = Image.new("RGB", (COLUMNS * THUMBNAIL, rows * THUMBNAIL), "white")
    pen = ImageDraw.Draw(whole)
    for place, miss in enumerate(worst):
        corner = (place % COLUMNS * THUMBNAIL, place // COLUMNS * THUMBNAIL)
        drawing = next(heldout_drawings(EVALUATION_SEED + miss.outcome.number, 1))
        whole.paste(drawing.image.resize((THUMBNAIL, THUMBNAIL)), corner)
        pen.rectangle((*corner, corner[0] + 18, corner[1] + 14), fill="white")
        pen.text((corner[0] + 3, corner[1] + 1), str(place + 1), fill="black")
    return whole


if __name__ == "__main__":
    sys.exit(main())
