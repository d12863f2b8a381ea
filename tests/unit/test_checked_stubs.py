"""mypy skips the CDK's modules but for those that pyproject.toml names: no import may turn into Any unnoticed."""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MYPY = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mypy"]
CHECKED = {
    module
    for override in MYPY["overrides"]
    if override.get("follow_imports") == "normal"
    for module in override["module"]
}
FILES = sorted(
    file
    for place in MYPY["files"]
    for file in ([ROOT / place] if place.endswith(".py") else (ROOT / place).rglob("*.py"))
    if "aws_cdk" in file.read_text()
)


def cdk_modules(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.split(".")[0] == "aws_cdk")
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "aws_cdk":
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names if alias.name.islower())


def test_a_module_is_found_however_it_is_imported() -> None:
    source = "from aws_cdk import App, aws_iam as iam\nimport aws_cdk.aws_s3\nfrom aws_cdk.cx_api import CloudAssembly"

    assert set(cdk_modules(source)) == {"aws_cdk", "aws_cdk.aws_iam", "aws_cdk.aws_s3", "aws_cdk.cx_api"}


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_each_cdk_module_that_is_imported_is_checked(file: Path) -> None:
    assert set(cdk_modules(file.read_text())) <= CHECKED


def test_each_module_that_is_checked_is_imported() -> None:
    imported = {module for file in FILES for module in cdk_modules(file.read_text())}

    assert {"aws_cdk", "aws_cdk.interfaces.*"} | imported >= CHECKED
