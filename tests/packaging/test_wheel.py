"""The wheel works where nothing is but what it declares: no Node, no CDK, no models, no checkout."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

from tests.packaging.environments import ROOT, Environment, requirements

# Folder in the checkout → package in the wheel.
PLACES = {"moderate": "moderate", "lambdas/moderation": "moderation", "model_artifacts/blip2": "moderate/blip2"}
SERVED = "moderate/blip2/"  # data: it runs in the model's container
ABSENT = ("aws_cdk", "local", "moto", "pytest", "stacks", "torch", "transformers")
# In `make test`, those that read package data; all of them in `make wheel-test`.
READ_PACKAGE_DATA = ("test_cost.py", "test_policy.py", "test_weights.py")

_IMPORT = """
import importlib, json, pkgutil, sys
for package in map(importlib.import_module, ("moderate", "moderation")):
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if not module.name.startswith("moderate.blip2"):
            importlib.import_module(module.name)
ours = {name: module for name, module in sys.modules.items() if name.split(".")[0] in ("moderate", "moderation")}
print(json.dumps({name: module.__file__ for name, module in ours.items()}))
"""
_FIND = "import importlib.util, sys; print(*(n for n in sys.argv[1:] if importlib.util.find_spec(n)))"


def run(environment: Environment, *arguments: str | Path, cwd: Path, tools: bool = False) -> str:
    """Run the environment's Python, out of sight of the checkout, and return what it prints."""
    variables = {"PATH": os.defpath, "HOME": str(cwd)} | ({"PYTHONPATH": str(environment.tools)} if tools else {})
    done = subprocess.run(
        [environment.python, *arguments], cwd=cwd, env=variables, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_its_pins_are_those_of_the_requirements() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    extras = project["project"]["optional-dependencies"].values()
    declared = [*project["project"]["dependencies"], *(line for extra in extras for line in extra)]

    assert _normal(declared + project["build-system"]["requires"]) <= _normal(requirements())


def _normal(lines: list[str]) -> set[str]:
    return {line.replace("'", '"') for line in lines}


def test_it_takes_one_name_for_the_command_and_one_for_the_functions(wheel: Path) -> None:
    names = {name.split("/")[0] for name in ZipFile(wheel).namelist()}

    assert {re.sub(r"-.*\.dist-info", "", name) for name in names} == {"moderate", "moderation", "image_moderation"}


def test_it_holds_every_file_of_its_packages(wheel: Path) -> None:
    held = {name for name in ZipFile(wheel).namelist() if ".dist-info/" not in name}

    assert held == set(_files())


def _files() -> Iterator[str]:
    for place, name in PLACES.items():
        for path in (ROOT / place).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                yield f"{name}/{path.relative_to(ROOT / place).as_posix()}"


def test_every_module_is_imported_from_it_and_needs_nothing_undeclared(
    environment: Environment, wheel: Path, tmp_path: Path
) -> None:
    imported = json.loads(run(environment, "-c", _IMPORT, cwd=tmp_path))

    assert imported.keys() == _modules(wheel).keys()
    assert all(Path(file).is_relative_to(environment.site_packages) for file in imported.values())
    assert not run(environment, "-c", _FIND, *ABSENT, cwd=tmp_path).split()


def test_imports_within_functions_are_declared_too(environment: Environment, wheel: Path, tmp_path: Path) -> None:
    names = {name for module in _modules(wheel).values() for name in _imported(ast.parse(module))}
    third_party = sorted(names - sys.stdlib_module_names)

    assert run(environment, "-c", _FIND, *third_party, cwd=tmp_path).split() == third_party


def _modules(wheel: Path) -> dict[str, str]:
    """The source of each module that the command or a function imports, by its name."""
    archive = ZipFile(wheel)
    files = [name for name in archive.namelist() if name.endswith(".py") and not name.startswith(SERVED)]
    return {
        name.removesuffix(".py").removesuffix("/__init__").replace("/", "."): archive.read(name).decode()
        for name in files
    }


def _imported(node: ast.AST) -> Iterator[str]:
    """The top-level names that the code imports when it runs, wherever it does."""
    for child in ast.iter_child_nodes(node):
        match child:
            case ast.If(test=ast.Name(id="TYPE_CHECKING")):
                continue
            case ast.Import(names=names):
                yield from (alias.name.split(".")[0] for alias in names)
            case ast.ImportFrom(module=str(module), level=0):
                yield module.split(".")[0]
        yield from _imported(child)


def test_it_installs_the_command(environment: Environment, tmp_path: Path) -> None:
    assert "Usage: moderate" in run(environment, environment.folder / "bin" / "moderate", "--help", cwd=tmp_path)


def test_the_commands_tests_pass_against_it(environment: Environment, index: bool, tmp_path: Path) -> None:
    for name in ("tests", "docs"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    folder = Path("tests/command")
    chosen = [folder] if index else [folder / name for name in READ_PACKAGE_DATA]

    run(environment, "-m", "pytest", "-q", "-p", "no:cacheprovider", *chosen, cwd=tmp_path, tools=True)
