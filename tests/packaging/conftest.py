"""The wheel, and the environment that it is installed into."""

from pathlib import Path

import pytest

from tests.packaging.environments import Environment, build_wheel, from_index, from_project, pinned

TOOLS = ("moto", "pytest")  # of the command's tests


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--from-index", action="store_true", help="build and install with the package index")


@pytest.fixture(scope="session")
def index(request: pytest.FixtureRequest) -> bool:
    """True to use the package index, False to use what the project's own environment has."""
    return bool(request.config.getoption("--from-index", default=False))


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory, index: bool) -> Path:
    return build_wheel(tmp_path_factory.mktemp("wheel"), isolated=index)


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory, index: bool, wheel: Path) -> Environment:
    make = from_index if index else from_project
    return make(tmp_path_factory.mktemp("environment"), wheel, pinned(*TOOLS))
