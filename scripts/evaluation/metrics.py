"""Metrics of verdicts against labels: precision, recall, F1, misclassifications and calibration error."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from model_artifacts.demo.drawings import QUESTIONS, Drawing
from moderation.domain.policy import Pack

BINS = 10


@dataclass(frozen=True)
class EvaluatedDrawing:
    """Moderated drawing. `truth` names the categories that apply to it, `findings` is the evidence on its record."""

    number: int
    truth: tuple[str, ...]
    verdict: str
    category: str | None
    decided_by: str
    caption: str
    findings: tuple[Mapping[str, Any], ...]

    @property
    def flagged(self) -> frozenset[str]:
        """Categories that an unsafe verdict rests on: the one it names, and those of answers over a threshold."""
        if self.verdict != "unsafe" or self.category is None:
            return frozenset()
        over = (finding["categories"] for finding in self.findings if finding["over"])
        return frozenset({self.category}.union(*over))

    def evidence(self, category: str) -> Mapping[str, Any]:
        """Return the answer with the highest score for a category."""
        answers = (finding for finding in self.findings if category in finding["categories"])
        return max(answers, key=lambda finding: float(finding["score"]))


@dataclass(frozen=True)
class CategoryMetrics:
    """Confusion counts of one category. Ratios with a denominator of 0 are 0."""

    true_positives: int
    false_positives: int
    false_negatives: int

    @property
    def positives(self) -> int:
        return self.true_positives + self.false_negatives

    @property
    def precision(self) -> float:
        return self.true_positives / max(1, self.true_positives + self.false_positives)

    @property
    def recall(self) -> float:
        return self.true_positives / max(1, self.positives)

    @property
    def f1(self) -> float:
        return 2 * self.true_positives / max(1, 2 * self.true_positives + self.false_positives + self.false_negatives)


@dataclass(frozen=True)
class Misclassification:
    """False negative or false positive of one category on a drawing."""

    drawing: EvaluatedDrawing
    category: str
    kind: Literal["false negative", "false positive"]

    @property
    def error(self) -> float:
        """Distance between the score and the truth, in [0, 1]."""
        score = float(self.drawing.evidence(self.category)["score"])
        return 1 - score if self.kind == "false negative" else score


@dataclass(frozen=True)
class Bin:
    """Bin of a reliability diagram: number of answers, mean predicted P, and share of true answers."""

    count: int
    predicted: float
    observed: float


def true_categories(pack: Pack, drawing: Drawing) -> tuple[str, ...]:
    """Return the categories of the questions whose true answer about a drawing is yes."""
    labels = dict(zip(QUESTIONS, drawing.labels, strict=True))
    return tuple(name for question in pack.questions if labels[question.text] for name in question.categories)


def category_metrics(drawings: Iterable[EvaluatedDrawing], category: str) -> CategoryMetrics:
    """Count one category. A review counts as negative: the machine alone didn't stop the image."""
    pairs = [(category in drawing.flagged, category in drawing.truth) for drawing in drawings]
    return CategoryMetrics(pairs.count((True, True)), pairs.count((True, False)), pairs.count((False, True)))


def share(drawings: Sequence[EvaluatedDrawing], verdict: str) -> float:
    """Return the share of drawings with a verdict; 0 of none."""
    return sum(drawing.verdict == verdict for drawing in drawings) / max(1, len(drawings))


def misclassifications(drawings: Iterable[EvaluatedDrawing]) -> list[Misclassification]:
    """Return all misclassifications, the largest errors first; drawings sent to review are left out."""
    decided = [drawing for drawing in drawings if drawing.verdict != "review"]
    negatives = [(d, category) for d in decided for category in d.truth if category not in d.flagged]
    positives = [(d, category) for d in decided for category in d.flagged if category not in d.truth]
    found = [Misclassification(drawing, category, "false negative") for drawing, category in negatives]
    found += [Misclassification(drawing, category, "false positive") for drawing, category in positives]
    return sorted(found, key=lambda one: one.error, reverse=True)


def reliability(predictions: Iterable[tuple[float, bool]]) -> list[Bin]:
    """Sort (P, truth) into `BINS` bins of equal width, without the empty ones."""
    bins: list[list[tuple[float, bool]]] = [[] for _ in range(BINS)]
    for p, truth in predictions:
        bins[min(BINS - 1, int(p * BINS))].append((p, truth))
    return [
        Bin(len(content), sum(p for p, _ in content) / len(content), sum(t for _, t in content) / len(content))
        for content in bins
        if content
    ]


def calibration_error(bins: Sequence[Bin]) -> float:
    """Return the expected calibration error: the mean distance between P and the share of true answers."""
    return sum(one.count * abs(one.predicted - one.observed) for one in bins) / sum(one.count for one in bins)
