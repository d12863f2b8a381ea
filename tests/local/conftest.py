"""One laptop cloud with the small stack for the whole folder; tests use keys and names of their own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from local.harness.instant_models import InstantModels
from local.harness.laptop import Laptop
from tests.local.small_stack import write_assembly


@pytest.fixture(scope="session")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_assembly(tmp_path_factory.mktemp("small") / "cdk.out")


@pytest.fixture(scope="session")
def laptop(assembly: Path) -> Iterator[Laptop]:
    """Waits pass a hundred times faster than they say."""
    faster = {"LOCAL_TIME_SCALE": "100"}
    with InstantModels() as models, Laptop(assembly, models.url, stack="Small", environment=faster) as laptop:
        yield laptop
