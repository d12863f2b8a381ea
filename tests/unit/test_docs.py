"""The pages: every link leads somewhere, the README stays short, and the command's reference is current."""

import re
from collections import Counter
from pathlib import Path

import pytest

from scripts.release import cli_page

ROOT = Path(__file__).parents[2]
PLACES = ("*.md", "docs/**/*.md", "examples/**/*.md", "model_artifacts/**/*.md")
PAGES = sorted({page for place in PLACES for page in ROOT.glob(place)})
FENCE = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\(([^()\s]+)\)")
MOST_WORDS = 1000
MOST_WORDS_OF_PROSE = 600


def without_code(page: Path) -> str:
    return FENCE.sub("", page.read_text("utf-8"))


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub gives the page's headings."""
    seen: Counter[str] = Counter()
    found = set()
    for heading in re.findall(r"^#+ (.+)$", without_code(page), re.MULTILINE):
        slug = re.sub(r"[^\w\- ]", "", re.sub(r"\]\([^)]*\)", "]", heading).lower()).replace(" ", "-")
        found.add(f"{slug}-{seen[slug]}" if seen[slug] else slug)
        seen[slug] += 1
    return found


def broken(page: Path) -> list[str]:
    """The relative links of the page that lead to no file, or to no heading of one."""
    dead = []
    for link in LINK.findall(without_code(page)):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            dead.append(link)
    return dead


def test_the_pages_are_found() -> None:
    assert {ROOT / "README.md", ROOT / "docs/runbooks.md", ROOT / "model_artifacts/demo/README.md"} <= set(PAGES)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_relative_link_and_anchor_leads_somewhere(page: Path) -> None:
    assert broken(page) == []


def test_a_dead_link_and_a_dead_anchor_are_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# A `b`: c\n[1](#a-b-c) [2](#gone) [3](gone.md) [4](page.md#a-b-c) [5](https://x.org)\n# A b c\n[6](#a-b-c-1)"
    )

    assert broken(page) == ["#gone", "gone.md"]


def test_the_readme_stays_short() -> None:
    """Code and tables count too; whoever adds something takes as much away."""
    readme = ROOT / "README.md"
    prose = [line for line in without_code(readme).splitlines() if not line.startswith("|")]

    assert len(readme.read_text("utf-8").split()) <= MOST_WORDS
    assert len(" ".join(prose).split()) <= MOST_WORDS_OF_PROSE


def test_the_reference_of_the_command_is_what_its_help_says() -> None:
    assert cli_page.PAGE.read_text("utf-8") == cli_page.page(), "run `make cli-page`"
