"""Tests share fixtures and helper modules, never one another's code."""

import ast
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
NOT_SHARED = ("test_", "conftest")


def imported(path: Path) -> set[str]:
    """The dotted names that a module imports, each with the name taken from it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def is_a_test(name: str) -> bool:
    """Tell whether a name is, or is taken from, a module of tests or a conftest."""
    parts = name.split(".")
    modules = parts if parts[0] == "tests" else parts[:1]  # beside it, without a package
    return any(part.startswith(NOT_SHARED) for part in modules)


@pytest.mark.parametrize("folder", sorted(path.name for path in TESTS.iterdir() if path.is_dir()))
def test_no_test_imports_another(folder: str) -> None:
    found = {path: {name for name in imported(path) if is_a_test(name)} for path in (TESTS / folder).rglob("*.py")}

    assert {str(path.relative_to(TESTS)): names for path, names in found.items() if names} == {}


@pytest.mark.parametrize(
    "name, refused",
    [
        ("tests.unit.test_image.bomb", True),
        ("tests.unit.test_prepare_image", True),
        ("tests.command.conftest.LATER", True),
        ("test_blip2_tokens.bare", True),
        ("conftest.picture", True),
        ("tests.support.fakes.FakeWork", False),
        ("blip2_tokens.bare", False),
    ],
)
def test_the_rule_knows_a_test_by_its_name(name: str, refused: bool) -> None:
    assert is_a_test(name) is refused
