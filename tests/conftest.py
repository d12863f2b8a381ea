"""Coverage is measured by the tests that run the code in their own process."""

from pathlib import Path

import pytest

# These look at processes from outside: the emulator and its workers, the model server, a real deployment.
OUTSIDE = ("e2e", "local", "model", "workflow")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Trace none of the tests that cover nothing: below Python 3.12 tracing takes half as long again."""
    for item in items:
        if item.path.relative_to(Path(__file__).parent).parts[0] in OUTSIDE:
            item.add_marker("no_cover")
