"""Drift: what changed from one week to the next in scores, in overturned verdicts and in flags by category."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from moderation.domain.record import Record

# A change counts from here on if chance alone makes it so large in fewer than one of a thousand weeks.
_CRITICAL_Z = 3.29
_KS_FACTOR = 1.95  # of the two-sided Kolmogorov-Smirnov test at 0.001
_LEAST_DISTANCE = 0.1  # of two distributions of scores
_LEAST_RATIO = 1.5  # of two shares
LEAST_RECORDS = 20

Kind = Literal["scores", "overturned", "flags"]


@dataclass
class Week:
    """Verdicts of a week: numbers by category, decisions on the machine's verdicts, and a random part of the records.

    `flags` counts the verdicts `unsafe` by category among `verdicts`; `overturned` those of `decided` that people
    reversed.
    """

    verdicts: int = 0
    flags: Counter[str] = field(default_factory=Counter)
    decided: int = 0
    overturned: int = 0
    records: list[Record] = field(default_factory=list)

    @property
    def scores(self) -> dict[str, list[float]]:
        """Each record's highest score for a question, by question."""
        found: dict[str, list[float]] = defaultdict(list)
        for record in self.records:
            highest: dict[str, float] = {}
            for finding in record.evidence or ():
                name, score = str(finding["question_id"]), finding.get("score")
                if score is not None and "read" not in finding:  # the text's answers are no scores of the model
                    highest[name] = max(highest.get(name, 0.0), float(score))
            for name, score in highest.items():
                found[name].append(score)
        return found

    @property
    def made_by(self) -> frozenset[str]:
        """Models, prompt, preprocessing and packs behind the verdicts, in words."""
        return frozenset(name for record in self.records for name in _made_by(record))


@dataclass(frozen=True)
class Change:
    """Change of a quantity: `before` and `after` are shares, or the median scores; `is_drift` if it is no chance.

    `distance` is that of the distributions (Kolmogorov-Smirnov), or the difference of the shares.
    """

    kind: Kind
    name: str
    before: float
    after: float
    distance: float
    is_drift: bool


@dataclass(frozen=True)
class Drift:
    """The report. `appeared` and `vanished` name models, prompts and packs that explain a change: read them first."""

    appeared: Sequence[str]
    vanished: Sequence[str]
    changes: Sequence[Change]

    @property
    def drifted(self) -> list[Change]:
        return [change for change in self.changes if change.is_drift]


def compare(before: Week, after: Week) -> Drift:
    """Return what changed between two weeks, the largest changes of each kind first."""
    changes = [*_scores(before, after), *_flags(before, after), *_overturned(before, after)]
    return Drift(
        appeared=sorted(after.made_by - before.made_by) if before.records else [],
        vanished=sorted(before.made_by - after.made_by) if after.records else [],
        changes=sorted(changes, key=lambda change: (not change.is_drift, -abs(change.distance))),
    )


def distance(one: Sequence[float], other: Sequence[float]) -> float:
    """Return the Kolmogorov-Smirnov distance of two samples: the largest difference of their shares up to any score."""
    ordered = sorted({*one, *other})
    first, second = sorted(one), sorted(other)
    largest, i, j = 0.0, 0, 0
    for score in ordered:
        while i < len(first) and first[i] <= score:
            i += 1
        while j < len(second) and second[j] <= score:
            j += 1
        largest = max(largest, abs(i / len(first) - j / len(second)))
    return largest


def _scores(before: Week, after: Week) -> Iterator[Change]:
    old, new = before.scores, after.scores
    for name in sorted(old.keys() & new.keys()):
        one, other = old[name], new[name]
        if min(len(one), len(other)) < LEAST_RECORDS:
            continue
        apart = distance(one, other)
        chance = _KS_FACTOR * math.sqrt((len(one) + len(other)) / (len(one) * len(other)))
        yield Change("scores", name, _median(one), _median(other), apart, apart > max(chance, _LEAST_DISTANCE))


def _flags(before: Week, after: Week) -> Iterator[Change]:
    for category in sorted({*before.flags, *after.flags}):
        yield from _share(
            "flags", category, (before.flags[category], before.verdicts), (after.flags[category], after.verdicts)
        )


def _overturned(before: Week, after: Week) -> Iterator[Change]:
    yield from _share(
        "overturned", "people's decisions", (before.overturned, before.decided), (after.overturned, after.decided)
    )


def _share(kind: Kind, name: str, before: tuple[int, int], after: tuple[int, int]) -> Iterator[Change]:
    """Compare two shares by the pooled two-proportion test."""
    if min(before[1], after[1]) < LEAST_RECORDS:
        return
    old, new = before[0] / before[1], after[0] / after[1]
    pooled = (before[0] + after[0]) / (before[1] + after[1])
    error = math.sqrt(pooled * (1 - pooled) * (1 / before[1] + 1 / after[1]))
    is_large = max(old, new) >= _LEAST_RATIO * min(old, new)
    yield Change(kind, name, old, new, new - old, is_large and error > 0 and abs(new - old) > _CRITICAL_Z * error)


def _median(scores: Sequence[float]) -> float:
    return sorted(scores)[len(scores) // 2]


def _made_by(record: Record) -> Iterable[str]:
    yield from (f"model {part}: {name}" for part, name in record.models.items())
    if record.prompt_version:
        yield f"prompt {record.prompt_version}"
    if record.preprocessing_version:
        yield f"preprocessing {record.preprocessing_version}"
    if record.policy:
        yield f"pack {record.policy['name']} ({record.policy['digest'][:12]})"
