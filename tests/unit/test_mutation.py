"""Counting of `make mutate`: from mutmut's lines to the share that decides the exit status."""

from scripts.evaluation.mutation import by_module, killed_of, statuses, table

RESULTS = """
    moderation.domain.decision.x_decide__mutmut_1: killed
    moderation.domain.decision.x_decide__mutmut_2: survived
    moderation.domain.manifest.xǁWorkspaceǁof__mutmut_1: timeout
    moderation.domain.manifest.xǁWorkspaceǁof__mutmut_2: no tests
    moderation.domain.record.x_utc__mutmut_1: not checked
"""


def test_mutants_are_counted_by_module_and_those_that_were_not_tried_are_left_out() -> None:
    counts = by_module(statuses(RESULTS))

    assert counts == {"decision": {"killed": 1, "survived": 1}, "manifest": {"timeout": 1, "no tests": 1}}


def test_what_no_test_reaches_counts_like_a_survivor_and_what_never_ends_as_killed() -> None:
    assert killed_of(by_module(statuses(RESULTS)).values()) == 0.5


def test_the_table_ends_with_all_modules_together() -> None:
    made = table(by_module(statuses(RESULTS)))

    assert [list(column.cells)[-1] for column in made.columns] == ["all", "4", "2", "1", "1", "50%"]
