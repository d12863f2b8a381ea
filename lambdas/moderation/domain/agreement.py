"""Agreement of two people who decided on the same items without knowing of each other."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from moderation.domain.blind import Opinion

ANY = ""  # the row of unsafe against safe


@dataclass(frozen=True)
class Agreement:
    """Cohen's kappa of one category on `items`, None where it isn't defined: if both people always said the same one.

    The standard error is Cohen's of 1960, sqrt(p (1 - p) / (n (1 - e)²)), p being the share of items on which the two
    agree and e the one that chance would give. It is None where they agree on all items or on none: p then doesn't tell
    how sure it is.
    """

    category: str
    items: int
    agreed: int
    kappa: float | None
    standard_error: float | None


def agreements(opinions: Sequence[Opinion]) -> list[Agreement]:
    """Return the agreement on unsafe as such, then of each category that either person named; none without items."""
    if not opinions:
        return []
    named = sorted({name for one in opinions for name in (*one.categories, *one.first_categories)})
    on_verdict = agreement(ANY, ((one.first_verdict == "unsafe", one.verdict == "unsafe") for one in opinions))
    of_categories = (
        agreement(name, ((name in one.first_categories, name in one.categories) for one in opinions)) for name in named
    )
    return [on_verdict, *of_categories]


def agreement(category: str, answers: Iterable[tuple[bool, bool]]) -> Agreement:
    """Return the agreement of pairs of answers, of which there must be one at least."""
    pairs = list(answers)
    n, agreed = len(pairs), sum(first == second for first, second in pairs)
    first, second = sum(one for one, _ in pairs) / n, sum(two for _, two in pairs) / n
    observed, by_chance = agreed / n, first * second + (1 - first) * (1 - second)
    if by_chance == 1:
        return Agreement(category, n, agreed, None, None)
    kappa = (observed - by_chance) / (1 - by_chance)
    error = math.sqrt(observed * (1 - observed) / n) / (1 - by_chance) if 0 < agreed < n else None
    return Agreement(category, n, agreed, kappa, error)
