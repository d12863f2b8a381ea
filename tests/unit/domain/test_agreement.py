"""Cohen's kappa against figures from the literature and by hand."""

import pytest

from moderation.domain.agreement import agreement, agreements
from moderation.domain.blind import Opinion


def pairs(both: int, first_only: int, second_only: int, neither: int) -> list[tuple[bool, bool]]:
    return [
        *[(True, True)] * both,
        *[(True, False)] * first_only,
        *[(False, True)] * second_only,
        *[(False, False)] * neither,
    ]


def opinion(first: str, second: str) -> Opinion:
    named = [() if name == "safe" else (name,) for name in (first, second)]
    said = ["safe" if name == "safe" else "unsafe" for name in (first, second)]
    return Opinion("second", said[1], named[1], "s-ben", "2026", said[0], named[0])  # type: ignore[arg-type]


def test_kappa_is_that_of_a_table_by_hand() -> None:
    """Fifty items: 35 agreed (0.7), by chance 0.5; sqrt(0.7 * 0.3 / 50) / 0.5 = 0.1296."""
    found = agreement("Violence", pairs(20, 5, 10, 15))

    assert (found.items, found.agreed) == (50, 35)
    assert found.kappa == pytest.approx(0.4)
    assert found.standard_error == pytest.approx(0.1296, abs=1e-4)


@pytest.mark.parametrize(
    ("table", "kappa"),
    [((10, 0, 0, 10), 1.0), ((0, 10, 10, 0), -1.0), ((5, 5, 5, 5), 0.0), ((10, 0, 0, 0), None), ((0, 0, 0, 3), None)],
)
def test_kappa_at_its_bounds(table, kappa) -> None:
    assert agreement("Violence", pairs(*table)).kappa == kappa


@pytest.mark.parametrize("table", [(1, 0, 0, 1), (0, 1, 2, 0), (0, 1, 0, 0), (3, 0, 0, 0)])
def test_items_on_which_all_or_none_agree_do_not_say_how_sure_that_is(table) -> None:
    assert agreement("Violence", pairs(*table)).standard_error is None


def test_each_category_that_either_named_has_a_row_after_that_of_any() -> None:
    found = agreements([opinion("Gore", "Gore"), opinion("Gore", "Violence"), opinion("safe", "safe")])

    assert [(one.category, one.items, one.agreed) for one in found] == [("", 3, 3), ("Gore", 3, 2), ("Violence", 3, 2)]
    assert found[0].kappa == 1
    assert agreements([]) == []
