"""Confidence intervals of shares, and the exact comparison of two judgements of the same things."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

LEVEL = 0.95
_Z = 1.959963984540054  # of the normal distribution: LEVEL lies between -_Z and _Z


@dataclass(frozen=True)
class Interval:
    """Interval with confidence `LEVEL` of a share, in [0, 1]."""

    low: float
    high: float


def wilson(count: float, of: float) -> Interval:
    """Return Wilson's score interval of a share; of none it is [0, 1]. Weighted counts needn't be whole."""
    if not of:
        return Interval(0.0, 1.0)
    share, z2 = count / of, _Z * _Z
    middle = (share + z2 / (2 * of)) / (1 + z2 / of)
    half = _Z / (1 + z2 / of) * math.sqrt(share * (1 - share) / of + z2 / (4 * of * of))
    low = 0.0 if count == 0 else max(0.0, middle - half)
    return Interval(low, 1.0 if count == of else min(1.0, middle + half))


def least_count(share: float) -> int:
    """Return the smallest number of things whose lower bound reaches a share in (0, 1) if all of them count."""
    found = math.ceil(share / (1 - share) * _Z * _Z)
    while wilson(found, found).low < share:  # rounding
        found += 1
    return found


@dataclass(frozen=True)
class Discordance:
    """Pairs of judgements, of which `first_only` and `second_only` are right on one side alone."""

    both: int
    first_only: int
    second_only: int
    neither: int

    @classmethod
    def of(cls, pairs: Iterable[tuple[bool, bool]]) -> "Discordance":
        """Count pairs of (first is right, second is right)."""
        counted = list(pairs)
        return cls(*(counted.count(pair) for pair in ((True, True), (True, False), (False, True), (False, False))))

    @property
    def discordant(self) -> int:
        """Number of pairs in which exactly one side is right."""
        return self.first_only + self.second_only

    @property
    def second_share(self) -> Interval:
        """Interval of the discordant pairs' share that the second side wins; 0.5 is in it if neither is better."""
        return wilson(self.second_only, self.discordant)

    @property
    def p_value(self) -> float:
        """McNemar's exact test: the probability of so uneven a split, or a more uneven one, if neither is better."""
        n, fewer = self.discordant, min(self.first_only, self.second_only)
        tail = sum(math.comb(n, k) for k in range(fewer + 1))
        return min(1.0, 2 * tail / (1 << n))
