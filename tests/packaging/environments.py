"""Environments in which nothing is but a wheel and what it declares."""

import shutil
import subprocess
import sys
import venv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
SOURCES = ("moderate", "lambdas/moderation", "model_artifacts/blip2")
_PIP = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check")


def requirements() -> list[str]:
    """The lines of requirements.txt, without comments."""
    lines = (line.partition("#")[0].strip() for line in (ROOT / "requirements.txt").read_text().splitlines())
    return [line for line in lines if line]


def pinned(*names: str) -> list[str]:
    """The lines of requirements.txt for these packages."""
    return [line for line in requirements() if Requirement(line).name in names]


def build_wheel(folder: Path, *, isolated: bool) -> Path:
    """Build the project's wheel from a copy, so that what earlier builds left behind isn't in it.

    Not isolated, it is built by the setuptools that is installed, without a package index.
    """
    source = folder / "source"
    for name in SOURCES:
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    isolation = () if isolated else ("--no-build-isolation",)
    subprocess.run([*_PIP, "wheel", "--no-deps", *isolation, "--wheel-dir", folder, source], check=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


@dataclass(frozen=True)
class Environment:
    """A virtual environment, and a folder with what tests need besides."""

    folder: Path
    tools: Path

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    @property
    def site_packages(self) -> Path:
        (found,) = self.folder.glob("lib/python*/site-packages")
        return found


def from_index(folder: Path, wheel: Path, tools: Iterable[str]) -> Environment:
    """Install the wheel with its dependencies, and the tools, from the package index."""
    environment = _empty(folder)
    install = ("install", "--constraint", ROOT / "constraints.txt")
    subprocess.run([*_PIP, "--python", environment.python, *install, wheel], check=True)
    subprocess.run([*_PIP, *install, "--target", environment.tools, *tools], check=True)
    return environment


def from_project(folder: Path, wheel: Path, tools: Iterable[str]) -> Environment:
    """Install the wheel, and link what it declares, and the tools, from the project's own environment."""
    environment = _empty(folder)
    install = ("install", "--no-deps", "--no-index")
    subprocess.run([*_PIP, "--python", environment.python, *install, wheel], check=True)
    (metadata,) = environment.site_packages.glob("*.dist-info")
    _link(Distribution.at(metadata).requires or [], environment.site_packages)
    _link(tools, environment.tools)
    return environment


def _empty(folder: Path) -> Environment:
    venv.create(folder / "venv", symlinks=True)
    (folder / "tools").mkdir()
    return Environment(folder / "venv", folder / "tools")


def _link(wanted: Iterable[str], folder: Path) -> None:
    for installed in _closure(wanted):
        for name in {file.parts[0] for file in installed.files or []} - {"..", "__pycache__"}:
            if not (folder / name).exists():
                (folder / name).symlink_to(Path(str(installed.locate_file(name))))


def _closure(wanted: Iterable[str]) -> Iterator[Distribution]:
    """The installed packages that fulfil the requirements, with all that those require."""
    waiting: list[tuple[Requirement, tuple[str, ...]]] = [(Requirement(line), ("",)) for line in wanted]
    seen: set[tuple[str, ...]] = set()
    while waiting:
        requirement, extras = waiting.pop()
        known = (requirement.name, *sorted(requirement.extras))
        if known in seen or not _applies(requirement, extras):
            continue
        seen.add(known)
        installed = distribution(requirement.name)
        yield installed
        waiting += [(Requirement(line), ("", *requirement.extras)) for line in installed.requires or []]


def _applies(requirement: Requirement, extras: Iterable[str]) -> bool:
    marker = requirement.marker
    return marker is None or any(marker.evaluate({"extra": extra}) for extra in extras)
