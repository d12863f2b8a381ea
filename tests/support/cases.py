"""One test for thousands of small cases: as tests of their own, each would cost more than what it checks."""

import functools
import inspect
from collections.abc import Callable, Iterable
from typing import Any

import pytest

Check = Callable[..., None]
SHOWN = 20  # failures that a report shows in full


def each(names: str, cases: Iterable[Any]) -> Callable[[Check], Check]:
    """Run a test's body once for each of `cases` and fail with a list of those that failed.

    It is used like `pytest.mark.parametrize`: `names` are the body's parameters, separated by commas.
    """
    named, all_cases = [name.strip() for name in names.split(",")], list(cases)

    def join(check: Check) -> Check:
        @functools.wraps(check)
        def test(**fixtures: Any) -> None:
            assert all_cases, "there are no cases"
            failures = []
            for case in all_cases:
                values = case if len(named) > 1 else (case,)
                try:
                    check(**dict(zip(named, values, strict=True)), **fixtures)
                except (Exception, pytest.fail.Exception) as fault:  # noqa: BLE001 - each is reported
                    failures.append(f"{case!r:.300}\n{type(fault).__name__}: {fault}")
            shown = "\n\n".join(failures[:SHOWN])
            assert not failures, f"{len(failures)} of {len(all_cases)} cases failed:\n\n{shown}"

        signature = inspect.signature(check)
        others = [one for one in signature.parameters.values() if one.name not in named]
        test.__signature__ = signature.replace(parameters=others)  # type: ignore[attr-defined]
        return test

    return join
