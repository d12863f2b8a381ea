"""Exposure of people to pictures: what they reveal in an hour of work, without who they are."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class HourOfWork:
    """Pictures that somebody revealed in one hour, and the graphic ones among them: those that support a category."""

    shown: int
    graphic: int


@dataclass(frozen=True)
class Pictures:
    """Number of pictures in all, and in one person's hour: the median, None without an hour, and the most."""

    total: int
    median: float | None
    most: int


@dataclass(frozen=True)
class Exposure:
    """Pictures that people revealed in so many `hours`: one person's hour counts if they revealed any in it."""

    hours: int
    shown: Pictures
    graphic: Pictures


def exposure(hours: Iterable[HourOfWork]) -> Exposure:
    """Return the figures over everybody's hours."""
    worked = list(hours)
    return Exposure(len(worked), _pictures([one.shown for one in worked]), _pictures([one.graphic for one in worked]))


def _pictures(numbers: Sequence[int]) -> Pictures:
    return Pictures(sum(numbers), median(numbers) if numbers else None, max(numbers, default=0))
