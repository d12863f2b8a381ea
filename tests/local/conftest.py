"""One laptop cloud with the small stack for the whole folder; tests use keys and names of their own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from local.harness.laptop import Laptop
from tests.local.small_stack import write_assembly


@pytest.fixture(scope="session")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_assembly(tmp_path_factory.mktemp("small") / "cdk.out")


@pytest.fixture(scope="session")
def laptop(assembly: Path) -> Iterator[Laptop]:
    """Waits pass a hundred times faster than they say."""
    nowhere = "http://127.0.0.1:9"
    with Laptop(assembly, nowhere, stack="Small", environment={"LOCAL_TIME_SCALE": "100"}) as laptop:
        yield laptop
