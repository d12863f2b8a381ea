"""The changelog against the version, and the form of the decision records."""

import re
import tomllib
from datetime import date
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CHANGELOG = (ROOT / "CHANGELOG.md").read_text()
RELEASES = re.findall(r"^## \[(\d+\.\d+\.\d+)\] - (.*)$", CHANGELOG, re.MULTILINE)
DECISIONS = sorted((ROOT / "docs/adr").glob("[0-9]*.md"))


def test_the_newest_release_in_the_changelog_is_the_projects_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]

    assert RELEASES[0][0] == version


def test_releases_are_dated_newest_first_under_what_is_unreleased() -> None:
    sections = re.findall(r"^## (.*)$", CHANGELOG, re.MULTILINE)
    dates = [date.fromisoformat(day) for _, day in RELEASES]

    assert sections[0] == "[Unreleased]"
    assert len(sections) == len(RELEASES) + 1, "a heading is neither Unreleased nor [version] - YYYY-MM-DD"
    assert dates == sorted(dates, reverse=True)


def test_changes_are_of_the_kinds_that_keep_a_changelog_knows() -> None:
    kinds = set(re.findall(r"^### (.*)$", CHANGELOG, re.MULTILINE))

    assert kinds <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.stem)
def test_a_decision_has_its_parts_on_one_page(path: Path) -> None:
    text = path.read_text()

    assert text.startswith(f"# {int(path.stem[:4])}. ")
    assert re.search(r"^Status: (accepted|superseded by \[\d{4}\]\(.*\))$", text, re.MULTILINE)
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == ["Context", "Decision", "Consequences"]
    assert len(text.split()) <= 450


def test_every_decision_is_listed_under_its_title() -> None:
    index = (ROOT / "docs/adr/README.md").read_text()

    assert len(DECISIONS) >= 5
    for number, path in enumerate(DECISIONS, start=1):
        title = path.read_text().splitlines()[0].partition(". ")[2]
        assert f"| [{number:04}]({path.name}) | {title} |" in index
