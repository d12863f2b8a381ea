"""Order, memory and coverage of the tests, and what they lacked."""

import gc
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
# These look at processes from outside: the emulator and its workers, the model server, a real deployment.
OUTSIDE = ("e2e", "local", "model", "workflow")
# Started first: at the end the other workers would wait for one.
LONGEST = (
    *("workflow/test_soak.py", "model/test_template_start.py", "unit/test_frames.py", "workflow/test_destroy.py"),
    *("model/test_models_server.py", "model/test_review_share.py", "model/test_quality.py", "infra/test_app.py"),
    *("unit/domain/test_prompt.py", "command/test_doctor.py", "packaging/test_wheel.py", "workflow/test_runbooks.py"),
    *("model/test_repeatable_verdicts.py",),
)
SHORTEST = "unit"  # run last, so that all workers end at about the same time


# A skip for want of this is said at the end, however quiet the run.
BROWSER = "Chromium"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name the browser that is missing, since the skips' reasons aren't shown."""
    skipped = (report.longrepr for report in terminalreporter.stats.get("skipped", ()))
    for reason in sorted({why[2] for why in skipped if isinstance(why, tuple) and BROWSER in why[2]}):
        terminalreporter.write_line(reason, red=True, bold=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first and the shortest last, and measure none of the tests that cover nothing."""
    items.sort(key=_turn)
    for item in items:
        if item.path.relative_to(TESTS).parts[0] in OUTSIDE:
            item.add_marker("no_cover")


def pytest_collection_finish() -> None:
    """Leave what was imported and collected, which stays to the end, out of the garbage collector's rounds."""
    gc.collect()
    gc.freeze()


def _turn(item: pytest.Item) -> tuple[int, bool]:
    """When a test's file is run; files of the same turn keep their order."""
    path = item.path.relative_to(TESTS)
    first = LONGEST.index(path.as_posix()) if path.as_posix() in LONGEST else len(LONGEST)
    return first, path.parts[0] == SHORTEST
