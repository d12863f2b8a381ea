"""Estimates of what the machine gets right, from items of which some were drawn by chance and some weren't reached.

Each item counts for as many as the inverse of its probability to be looked at. In each stratum those that nobody
reached are taken to be like those that were, and the intervals widen with every one of them.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from moderation.domain.ground_truth import Truth
from moderation.domain.intervals import Interval, wilson


@dataclass(frozen=True, order=True)
class Asked:
    """Question of a pack, with the categories that its unsafe answer speaks for."""

    pack: str
    question: str
    categories: tuple[str, ...]


@dataclass(frozen=True)
class Item:
    """Verdict of the machine, its weight, and the truth; None for an item that nobody reached.

    Items of the same `stratum` were looked at, or not, for the same reason. `over` are the questions with an answer
    over the threshold.
    """

    stratum: str
    said: str
    category: str | None
    weight: float
    truth: Truth | None
    over: frozenset[Asked] = frozenset()


@dataclass(frozen=True)
class Share:
    """Estimate of a share with its interval; `value` is None where nothing is known of it."""

    value: float | None
    interval: Interval


@dataclass(frozen=True)
class Estimate:
    """Shares for one category, or for all: `stopped` is the recall that counts a review as well as `unsafe`.

    The precision rests on `named` verdicts that people looked at, the recall on `found` pictures that they found.
    """

    category: str | None
    precision: Share
    recall: Share
    stopped: Share
    named: int
    found: int


@dataclass(frozen=True)
class QuestionEstimate:
    """Shares for a question, of the uploads with an answer over its threshold, `reached` of which people looked at.

    `precision` is the share that is unsafe in a category of the question, `overturned` that of the `unsafe` verdicts
    which are wrong.
    """

    asked: Asked
    reached: int
    precision: Share
    overturned: Share


@dataclass(frozen=True)
class StratumSize:
    """Items of a stratum: how many were to be looked at, how many were, and for how many they stand."""

    name: str
    items: int
    reached: int
    stands_for: float


def estimates(items: Sequence[Item]) -> list[Estimate]:
    """Return the shares over all categories, then those of each that the machine or a person named."""
    named = {category for item in items if item.truth for category in item.truth.categories}
    named |= {item.category for item in items if item.said == "unsafe" and item.category}
    return [_estimate(items, None), *(_estimate(items, category) for category in sorted(named))]


def question_estimates(items: Sequence[Item]) -> list[QuestionEstimate]:
    """Return the shares of each question that has an answer over its threshold."""
    return [_of_question(items, asked) for asked in sorted(frozenset[Asked]().union(*(item.over for item in items)))]


def share_to_review(items: Iterable[Item]) -> Share:
    """Return the share of the verdicts that are reviews, whether or not somebody looked at them."""
    weights = [(item.weight, item.said == "review") for item in items]
    everything = sum(weight for weight, _ in weights)
    reviews = sum(weight for weight, is_review in weights if is_review)
    return Share(reviews / everything if everything else None, wilson(reviews, everything))


def sizes(items: Iterable[Item]) -> list[StratumSize]:
    """Return the strata by name."""
    return [
        StratumSize(name, len(group), sum(item.truth is not None for item in group), sum(item.weight for item in group))
        for name, group in sorted(_strata(items).items())
    ]


@dataclass(frozen=True)
class _Total:
    """Estimated number of items with a property, and its limits; `known` is False where no stratum had an answer."""

    value: float
    low: float
    high: float
    known: bool = True


def _estimate(items: Sequence[Item], category: str | None) -> Estimate:
    def is_true(truth: Truth) -> bool:
        return truth.verdict == "unsafe" if category is None else category in truth.categories

    def is_said(item: Item) -> bool:
        return item.said == "unsafe" and category in (None, item.category)

    named = [item for item in items if is_said(item)]
    right = _total(named, is_true)
    rest = [item for item in items if not is_said(item)]
    held = _total([item for item in rest if item.said != "safe"], is_true)
    missed = _total([item for item in rest if item.said == "safe"], is_true)
    return Estimate(
        category,
        _share(named, is_true),
        _of(right, _sum(held, missed)),
        _of(_sum(right, held), missed),
        named=sum(item.truth is not None for item in named),
        found=sum(item.truth is not None and is_true(item.truth) for item in items),
    )


def _of_question(items: Sequence[Item], asked: Asked) -> QuestionEstimate:
    over = [item for item in items if asked in item.over]
    return QuestionEstimate(
        asked,
        sum(item.truth is not None for item in over),
        _share(over, lambda truth: not set(asked.categories).isdisjoint(truth.categories)),
        _share([item for item in over if item.said == "unsafe"], lambda truth: truth.verdict == "safe"),
    )


def _share(items: Sequence[Item], is_true: Callable[[Truth], bool]) -> Share:
    """Return the share of items with a property."""
    part, everything = _total(items, is_true), sum(item.weight for item in items)
    return _of(part, _Total(everything - part.value, everything - part.high, everything - part.low, part.known))


def _total(items: Iterable[Item], is_true: Callable[[Truth], bool]) -> _Total:
    """Return the estimated number of items of which that is true: the sum over strata, with Wilson's limits of each.

    The limits of the sum are those of Donner and Zou, "Closed-form confidence intervals for functions of the normal
    mean and standard deviation" (2012), which add the squared distances of each stratum's limits.
    """
    value, below, above, known = 0.0, 0.0, 0.0, False
    groups = _strata(items).values()
    for group in groups:
        size = sum(item.weight for item in group)
        reached = [(item.weight, is_true(item.truth)) for item in group if item.truth]
        if not reached:
            above += size * size
            continue
        known = True
        weights = sum(weight for weight, _ in reached)
        share = sum(weight for weight, holds in reached if holds) / weights
        effective = weights * weights / sum(weight * weight for weight, _ in reached)
        limits = wilson(share * effective, effective)
        left = math.sqrt(max(0.0, 1 - len(reached) / size))  # nothing is left to chance where all were reached
        value += size * share
        below += (size * (share - limits.low) * left) ** 2
        above += (size * (limits.high - share) * left) ** 2
    return _Total(value, max(0.0, value - math.sqrt(below)), value + math.sqrt(above), known or not groups)


def _sum(one: _Total, other: _Total) -> _Total:
    below = math.hypot(one.value - one.low, other.value - other.low)
    above = math.hypot(one.high - one.value, other.high - other.value)
    value = one.value + other.value
    return _Total(value, max(0.0, value - below), value + above, one.known and other.known)


def _of(part: _Total, rest: _Total) -> Share:
    """Return the share of a part in the whole; the limits are those of its odds with each at its own limit."""
    whole = part.value + rest.value
    low = part.low / (part.low + rest.high) if part.low + rest.high > 0 else 0.0
    high = part.high / (part.high + rest.low) if part.high + rest.low > 0 else 1.0
    return Share(part.value / whole if whole > 0 and part.known else None, Interval(max(0.0, low), min(1.0, high)))


def _strata(items: Iterable[Item]) -> dict[str, list[Item]]:
    groups: dict[str, list[Item]] = {}
    for item in items:
        groups.setdefault(f"{item.said}, {item.category or 'no category'}, {item.stratum}", []).append(item)
    return groups
