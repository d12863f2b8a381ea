"""Intervals of shares and the exact comparison, against figures from tables and by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.domain.intervals import Discordance, Interval, least_count, wilson


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    [
        (8, 10, 0.4902, 0.9433),
        (0, 10, 0.0, 0.2775),
        (10, 10, 0.7225, 1.0),
        (1, 1, 0.2065, 1.0),
        (95, 100, 0.8882, 0.9785),
    ],
)
def test_wilsons_interval(count, of, low, high):
    found = wilson(count, of)

    assert [found.low, found.high] == pytest.approx([low, high], abs=1e-4)


def test_of_nothing_nothing_is_known():
    assert wilson(0, 0) == Interval(0.0, 1.0)


@given(st.integers(1, 3000).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))))
def test_an_interval_holds_the_share_and_narrows_with_more(counted):
    count, of = counted
    found, more = wilson(count, of), wilson(4 * count, 4 * of)

    assert 0 <= found.low <= count / of <= found.high <= 1
    assert more.high - more.low < found.high - found.low


@pytest.mark.parametrize(("share", "count"), [(0.95, 73), (0.9, 35), (0.5, 4), (0.99, 381)])
def test_so_many_must_be_right_without_an_error_for_a_lower_bound(share, count):
    assert least_count(share) == count
    assert wilson(count, count).low >= share > wilson(count - 1, count - 1).low


def test_discordant_pairs_are_counted_and_tested_exactly():
    pairs = [(True, True)] * 80 + [(True, False)] + [(False, True)] * 9 + [(False, False)] * 10

    found = Discordance.of(pairs)

    assert found == Discordance(80, 1, 9, 10)
    assert found.discordant == 10
    assert found.p_value == pytest.approx(2 * (1 + 10) / 1024)  # one of ten, or none
    assert [found.second_share.low, found.second_share.high] == pytest.approx([0.5958, 0.9821], abs=1e-4)


@pytest.mark.parametrize("first, second", [(0, 0), (1, 1), (5, 5)])
def test_an_even_split_says_nothing(first, second):
    found = Discordance(3, first, second, 3)

    assert found.p_value == 1
    assert found.second_share.low <= 0.5 <= found.second_share.high
