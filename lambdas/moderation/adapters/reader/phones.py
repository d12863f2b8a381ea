"""Telephone numbers by the countries' plans of numbers."""

import re
from collections.abc import Iterator
from itertools import pairwise

from phonenumbers import Leniency, PhoneNumberMatcher

# Countries whose national numbers are recognised without a country code.
_REGIONS = ("US", "GB", "DE", "FR", "ES", "IT", "IN", "BR", "AU", "JP")
_LEAST_DIGITS = 9
_LEAST_GROUPS, _ROUND = 3, 5  # of a scale
_SEPARATORS = " -./()"
_DECIMAL = re.compile(r"\d{1,2}\.\d+")


def phones(text: str) -> Iterator[tuple[int, int]]:
    """Yield where a valid number stands that is grouped as its country writes it."""
    for region in _REGIONS:
        for match in PhoneNumberMatcher(text, region, leniency=Leniency.EXACT_GROUPING):
            written = match.raw_string
            grouped = any(sign in written for sign in _SEPARATORS) and not _DECIMAL.fullmatch(written)
            grouped = grouped and not _is_scale(written)
            if written.startswith("+") or (grouped and sum(map(str.isdigit, written)) >= _LEAST_DIGITS):
                yield match.start, match.end


def _is_scale(written: str) -> bool:
    """Tell if the groups rise or fall by equal round steps, as at the axis of a chart or in a timetable."""
    groups = [int(group) for group in re.findall(r"\d+", written)]
    steps = {after - before for before, after in pairwise(groups)}
    return len(groups) >= _LEAST_GROUPS and len(steps) == 1 and steps != {0} and steps.pop() % _ROUND == 0
