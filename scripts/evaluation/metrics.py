"""Verdicts held against the truth: precision, recall and F1 per category, reviews, misses, calibration error."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from model_artifacts.demo.drawings import QUESTIONS, Drawing
from moderation.domain.policy import Pack

BINS = 10


@dataclass(frozen=True)
class Outcome:
    """What became of one drawing. `truth` names the categories that it breaks, `findings` are its record's evidence."""

    number: int
    truth: tuple[str, ...]
    verdict: str
    category: str | None
    decided_by: str
    caption: str
    findings: tuple[Mapping[str, Any], ...]

    @property
    def flagged(self) -> frozenset[str]:
        """The categories that an unsafe verdict stands on: the one it names, and those of answers over a threshold."""
        if self.verdict != "unsafe" or self.category is None:
            return frozenset()
        over = (finding["categories"] for finding in self.findings if finding["over"])
        return frozenset({self.category}.union(*over))

    def evidence(self, category: str) -> Mapping[str, Any]:
        """The likeliest of the answers that speak for a category."""
        speaking = (finding for finding in self.findings if category in finding["categories"])
        return max(speaking, key=lambda finding: float(finding["score"]))


@dataclass(frozen=True)
class Score:
    """How well one category is found. Ratios are 0 where there is nothing to divide by."""

    hits: int
    false: int
    missed: int

    @property
    def precision(self) -> float:
        return self.hits / max(1, self.hits + self.false)

    @property
    def recall(self) -> float:
        return self.hits / max(1, self.hits + self.missed)

    @property
    def f1(self) -> float:
        return 2 * self.hits / max(1, 2 * self.hits + self.false + self.missed)


@dataclass(frozen=True)
class Miss:
    """A category that was overlooked, or one that was found where it isn't. `wrong` in [0, 1] says how sure."""

    outcome: Outcome
    category: str
    overlooked: bool

    @property
    def wrong(self) -> float:
        p = float(self.outcome.evidence(self.category)["score"])
        return 1 - p if self.overlooked else p


@dataclass(frozen=True)
class Bin:
    """Answers whose P is about the same: how many, their mean P, and how many of them were true."""

    count: int
    predicted: float
    observed: float


def true_categories(pack: Pack, drawing: Drawing) -> tuple[str, ...]:
    """The categories of the questions whose true answer about a drawing is yes."""
    labels = dict(zip(QUESTIONS, drawing.labels, strict=True))
    return tuple(name for question in pack.questions if labels[question.text] for name in question.categories)


def score(outcomes: Iterable[Outcome], category: str) -> Score:
    """A review counts as not found: the machine alone didn't stop the image."""
    pairs = [(category in outcome.flagged, category in outcome.truth) for outcome in outcomes]
    return Score(pairs.count((True, True)), pairs.count((True, False)), pairs.count((False, True)))


def share(outcomes: Sequence[Outcome], verdict: str) -> float:
    """The share of outcomes with a verdict; 0 of none."""
    return sum(outcome.verdict == verdict for outcome in outcomes) / max(1, len(outcomes))


def misses(outcomes: Iterable[Outcome]) -> list[Miss]:
    """Everything that was overlooked or wrongly found, the surest first; what goes to a person isn't a miss."""
    decided = [outcome for outcome in outcomes if outcome.verdict != "review"]
    overlooked = [Miss(o, category, True) for o in decided for category in o.truth if category not in o.flagged]
    imagined = [Miss(o, category, False) for o in decided for category in o.flagged if category not in o.truth]
    return sorted(overlooked + imagined, key=lambda miss: miss.wrong, reverse=True)


def reliability(predictions: Iterable[tuple[float, bool]]) -> list[Bin]:
    """(P, truth) in `BINS` bins of equal width; empty ones are left out."""
    bins: list[list[tuple[float, bool]]] = [[] for _ in range(BINS)]
    for p, truth in predictions:
        bins[min(BINS - 1, int(p * BINS))].append((p, truth))
    return [
        Bin(len(content), sum(p for p, _ in content) / len(content), sum(t for _, t in content) / len(content))
        for content in bins
        if content
    ]


def calibration_error(bins: Sequence[Bin]) -> float:
    """Expected calibration error: how far P is from what happens, over all answers."""
    return sum(one.count * abs(one.predicted - one.observed) for one in bins) / sum(one.count for one in bins)
