"""Metrics of verdicts against labels: confusion counts, precision-recall curves, misclassifications, calibration."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Literal, Protocol, TypeVar

from moderation.domain.intervals import Interval, wilson

BINS = 10


class Evaluated(Protocol):
    """Judged picture whose true categories are known."""

    @property
    def truth(self) -> tuple[str, ...]:
        """Categories that apply to it."""
        ...

    @property
    def verdict(self) -> str: ...

    @property
    def flagged(self) -> frozenset[str]:
        """Categories that an unsafe verdict rests on."""
        ...

    def score(self, category: str) -> float:
        """The highest score of an answer that speaks for a category, 0 without one."""
        ...


Picture = TypeVar("Picture", bound=Evaluated)


@dataclass(frozen=True)
class CategoryMetrics:
    """Confusion counts of one category. Ratios with a denominator of 0 are 0."""

    true_positives: int
    false_positives: int
    false_negatives: int
    true_negatives: int = 0

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

    @property
    def precision_interval(self) -> Interval:
        return wilson(self.true_positives, self.true_positives + self.false_positives)

    @property
    def recall_interval(self) -> Interval:
        return wilson(self.true_positives, self.positives)


@dataclass(frozen=True)
class Misclassification(Generic[Picture]):
    """False negative or false positive of one category on a picture."""

    picture: Picture
    category: str
    kind: Literal["false negative", "false positive"]

    @property
    def error(self) -> float:
        """Distance between the score and the truth, in [0, 1]."""
        score = self.picture.score(self.category)
        return 1 - score if self.kind == "false negative" else score


@dataclass(frozen=True)
class Bin:
    """Bin of a reliability diagram: number of answers, mean predicted P, and share of true answers."""

    count: int
    predicted: float
    observed: float


@dataclass(frozen=True)
class CurvePoint:
    """Precision and recall of the answers alone if a score counts from `threshold` on."""

    threshold: float
    precision: float
    recall: float


def flagged_categories(verdict: str, category: str | None, findings: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """Return what an unsafe verdict rests on: the category it names, and those of answers over a threshold."""
    if verdict != "unsafe" or category is None:
        return frozenset()
    over = (finding["categories"] for finding in findings if finding["over"])
    return frozenset({category}.union(*over))


def category_metrics(pictures: Iterable[Evaluated], category: str) -> CategoryMetrics:
    """Count one category. A review counts as negative: the machine alone didn't stop the image."""
    pairs = [(category in picture.flagged, category in picture.truth) for picture in pictures]
    counts = (pairs.count(pair) for pair in ((True, True), (True, False), (False, True), (False, False)))
    return CategoryMetrics(*counts)


def share(pictures: Sequence[Evaluated], verdict: str) -> float:
    """Return the share of pictures with a verdict; 0 of none."""
    return sum(picture.verdict == verdict for picture in pictures) / max(1, len(pictures))


def misclassifications(pictures: Iterable[Picture]) -> list[Misclassification[Picture]]:
    """Return all misclassifications, the largest errors first; pictures sent to review are left out."""
    decided = [picture for picture in pictures if picture.verdict != "review"]
    negatives = [(p, category) for p in decided for category in p.truth if category not in p.flagged]
    positives = [(p, category) for p in decided for category in sorted(p.flagged) if category not in p.truth]
    found = [Misclassification(picture, category, "false negative") for picture, category in negatives]
    found += [Misclassification(picture, category, "false positive") for picture, category in positives]
    return sorted(found, key=lambda one: one.error, reverse=True)


def curve(predictions: Iterable[tuple[float, bool]]) -> list[CurvePoint]:
    """Return a point for each score in (score, truth) as threshold, the highest first; none without a true one."""
    ranked = sorted(predictions, key=lambda one: one[0], reverse=True)
    positives = sum(truth for _, truth in ranked)
    points: list[CurvePoint] = []
    right = 0
    for number, (score, truth) in enumerate(ranked, 1):
        right += truth
        last_of_score = number == len(ranked) or ranked[number][0] != score
        if positives and last_of_score:
            points.append(CurvePoint(score, right / number, right / positives))
    return points


def average_precision(points: Iterable[CurvePoint]) -> float:
    """Return the area under a curve as steps: the mean precision at which each true one is found."""
    area = before = 0.0
    for point in points:
        area += (point.recall - before) * point.precision
        before = point.recall
    return area


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
    return sum(one.count * abs(one.predicted - one.observed) for one in bins) / max(1, sum(one.count for one in bins))
