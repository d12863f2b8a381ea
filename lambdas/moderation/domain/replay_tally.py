"""Result of replaying many records: counts that add up, and the flips."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from moderation.domain.decision import needs_judge
from moderation.domain.findings import top_finding
from moderation.domain.policy import Pack
from moderation.domain.record import Record
from moderation.domain.replay import JudgeUse, NotReplayable, Outcome, Replayed, evidence_of

Label = tuple[str, str | None]  # verdict and category


@dataclass(frozen=True)
class Flip:
    """A picture whose verdict or category is another one under the pack.

    `score` is that of the top finding under the pack, `caption` the first view's. With `by_release` the record's own
    pack gives another verdict than the recorded one, too: this release decides otherwise, not the edit.
    """

    bucket: str
    key: str
    version: str
    before: Label
    after: Label
    row: str
    reason: str
    score: float | None
    question: str | None
    caption: str
    judge: JudgeUse
    by_release: bool = False

    def attributes(self) -> dict[str, Any]:
        """Plain data that `from_attributes` reads back."""
        return vars(self) | {"before": list(self.before), "after": list(self.after)}

    @classmethod
    def from_attributes(cls, data: Mapping[str, Any]) -> "Flip":
        """Read a flip from plain data."""
        return cls(**{**data, "before": tuple(data["before"]), "after": tuple(data["after"])})

    @property
    def rank(self) -> float:
        """Order of the flips: the highest score first, those without one last."""
        return -1.0 if self.score is None else self.score


@dataclass
class Tally:
    """Counts of a replay.

    `matrix` counts the records by their labels before and after, `judge` by what the judge's answer was, `causes` those
    that couldn't be replayed, by the reason. `people` and `judged` are the records for people and for the judge, before
    and after. `checked` records were replayed under their own pack, and `differing` of them gave another verdict.
    """

    matrix: Counter[tuple[Label, Label]] = field(default_factory=Counter)
    judge: Counter[str] = field(default_factory=Counter)
    causes: Counter[tuple[str, str]] = field(default_factory=Counter)
    people: Counter[str] = field(default_factory=Counter)
    judged: Counter[str] = field(default_factory=Counter)
    packs: Counter[str] = field(default_factory=Counter)
    views: int = 0
    checked: int = 0
    differing: int = 0

    @property
    def replayed(self) -> int:
        """Number of records with a verdict under the pack."""
        return sum(self.matrix.values())

    @property
    def records(self) -> int:
        """Number of records read."""
        return self.replayed + sum(self.causes.values())

    @property
    def flips(self) -> int:
        """Number of records with another verdict or category."""
        return sum(number for (before, after), number in self.matrix.items() if before != after)

    def needing(self, model: str) -> int:
        """Number of records that a model could still decide."""
        return sum(number for (_, needs), number in self.causes.items() if needs == model)

    def add(self, other: "Tally") -> None:
        """Add the counts of other records."""
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)

    def count(self, result: Replayed | NotReplayable) -> None:
        """Count one record."""
        if isinstance(result, NotReplayable):
            self.causes[result.cause, result.needs] += 1
            return
        self.matrix[label(result.before), label(result.after)] += 1
        self.judge[result.judge] += 1
        self.people["before"] += result.before.for_people
        self.people["after"] += result.after.for_people

    def attributes(self) -> dict[str, Any]:
        """Plain data that `from_attributes` reads back."""
        return vars(self) | {
            "matrix": [[list(before), list(after), number] for (before, after), number in self.matrix.items()],
            "causes": [[cause, needs, number] for (cause, needs), number in self.causes.items()],
        }

    @classmethod
    def from_attributes(cls, data: Mapping[str, Any]) -> "Tally":
        """Read a tally from plain data."""
        counters = {name: Counter(data[name]) for name in ("judge", "people", "judged", "packs")}
        matrix = Counter({(tuple(before), tuple(after)): number for before, after, number in data["matrix"]})
        causes = Counter({(cause, needs): number for cause, needs, number in data["causes"]})
        return cls(**{**data, **counters, "matrix": matrix, "causes": causes})


def label(outcome: Outcome) -> Label:
    """Return a verdict and its category."""
    return outcome.verdict, outcome.category


def flip_of(record: Record, result: Replayed, by_release: bool) -> Flip:
    """Return what a report says of a flipped record."""
    top = top_finding(result.decision.findings)
    return Flip(
        bucket=record.image.bucket,
        key=record.image.key,
        version=record.image.version,
        before=label(result.before),
        after=label(result.after),
        row=result.decision.row,
        reason=result.decision.reason,
        score=top.score if top else None,
        question=top.question if top else None,
        caption=record.captions[0]["text"] if record.captions else "",
        judge=result.judge,
        by_release=by_release,
    )


def count_work(tally: Tally, record: Record, pack: Pack) -> None:
    """Count what the models do for a replayed record: its views, and its judgement before and after."""
    tally.views += len({said["view"] for said in (*(record.answers or ()), *record.captions)})
    tally.judged["before"] += record.judgement is not None
    tally.judged["after"] += pack.judge == "always" or needs_judge(pack, evidence_of(record))


def order(flips: Iterable[Flip], most: int) -> list[Flip]:
    """Return the first flips by rank."""
    return sorted(flips, key=lambda flip: (-flip.rank, flip.key, flip.version))[:most]
