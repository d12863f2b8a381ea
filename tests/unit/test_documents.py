"""Every path, link, target and module that the documents name exists."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = [
    *sorted(ROOT.glob("*.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
    ROOT / "examples/README.md",
    ROOT / "model_artifacts/demo/README.md",
]
TARGETS = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)
# A path in code spans: of the tree's top-level folders, or within the domain.
PATH = re.compile(
    r"(?:app\.py|(?:stacks|statemachine|lambdas|moderate|local|model_artifacts|scripts|tests|docs)/[\w./-]*)"
)

named = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())


def anchors(path: Path) -> set[str]:
    """The anchors that GitHub makes of a document's headings."""
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in HEADING.findall(path.read_text()))
    return {text.replace(" ", "-") for text in plain}


@named
def test_links_lead_somewhere(document: Path) -> None:
    for link in re.findall(r"\]\((?!https?://)([^)]+)\)", document.read_text()):
        place, _, anchor = link.partition("#")
        target = (document.parent / place).resolve() if place else document
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@named
def test_paths_exist(document: Path) -> None:
    text = document.read_text()
    spans = re.findall(r"`([^`\n]+)`", text) + re.findall(r"-m pytest (\S+)", text)

    for path in filter(PATH.fullmatch, spans):
        assert (ROOT / path).is_dir() or ((ROOT / path).is_file() and not path.endswith("/")), path


@named
def test_targets_and_modules_exist(document: Path) -> None:
    text = document.read_text()

    assert set(re.findall(r"(?:`|^)make ([\w-]+)", text, re.MULTILINE)) <= TARGETS
    for module in re.findall(r"python -m ((?:scripts|examples|tests|local)(?:\.\w+)*)(?![.\w])", text):
        place = ROOT / module.replace(".", "/")
        assert place.with_suffix(".py").is_file() or (place / "__main__.py").is_file(), module
