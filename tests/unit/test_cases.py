"""A test of many cases fails with all that failed."""

import re

import pytest

from tests.support.cases import each


def test_each_case_is_checked_and_those_that_failed_are_listed() -> None:
    seen = []

    @each("number, word", [(1, "a"), (2, "b"), (3, "c")])
    def check(number: int, word: str, fixture: str) -> None:
        seen.append((number, word, fixture))
        assert number == 2, word

    with pytest.raises(AssertionError, match=r"2 of 3 cases failed:\n\n\(1, 'a'\)\nAssertionError: a(.|\n)*\(3, 'c'\)"):
        check(fixture="f")
    assert seen == [(1, "a", "f"), (2, "b", "f"), (3, "c", "f")]


def test_what_pytest_raises_is_a_failure_too() -> None:
    @each("text", ["a", "1"])
    def check(text: str) -> None:
        with pytest.raises(ValueError, match="invalid"):
            int(text)

    with pytest.raises(AssertionError, match=re.escape("1 of 2 cases failed:\n\n'1'\nFailed: DID NOT RAISE")):
        check()


def test_no_cases_are_a_failure() -> None:
    with pytest.raises(AssertionError, match="there are no cases"):
        each("text", [])(lambda text: None)()
