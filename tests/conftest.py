"""Order and coverage of the tests, and what they lacked."""

from pathlib import Path

import pytest

# These look at processes from outside: the emulator and its workers, the model server, a real deployment.
OUTSIDE = ("e2e", "local", "model", "workflow")
# Started first: at the end one worker would wait for the other.
LONGEST = (
    *("test_soak.py", "test_template_start.py", "test_frames.py", "test_destroy.py", "test_models_server.py"),
    *("test_review_share.py", "test_quality.py", "test_app.py", "test_prompt.py", "test_doctor.py", "test_synth.py"),
    *("test_wheel.py", "test_repeatable_verdicts.py"),
)


# A skip for want of this is said at the end, however quiet the run.
BROWSER = "Chromium"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name the browser that is missing, since the skips' reasons aren't shown."""
    skipped = (report.longrepr for report in terminalreporter.stats.get("skipped", ()))
    for reason in sorted({why[2] for why in skipped if isinstance(why, tuple) and BROWSER in why[2]}):
        terminalreporter.write_line(reason, red=True, bold=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start with the longest files, and measure none of the tests that cover nothing."""
    items.sort(key=lambda item: LONGEST.index(item.path.name) if item.path.name in LONGEST else len(LONGEST))
    for item in items:
        if item.path.relative_to(Path(__file__).parent).parts[0] in OUTSIDE:
            item.add_marker("no_cover")
