"""The page's files: small, complete, nobody else's, and never a text as markup."""

import hashlib
import json
import re
from pathlib import Path

import pytest

from moderate.console.page_files import PAGE, content_security_policy, page_files

MOST_BYTES = 200_000
SCRIPTS = [path for path in sorted(PAGE.rglob("*.js")) if "vendor" not in path.parts]


def test_the_page_weighs_less_than_200_kb() -> None:
    assert sum(path.stat().st_size for path in PAGE.rglob("*") if path.is_file()) < MOST_BYTES


def test_each_vendored_file_is_the_one_that_was_pinned() -> None:
    vendored = {path.name for path in (PAGE / "vendor").iterdir()} - {"SOURCES.json"}
    pinned = json.loads((PAGE / "vendor/SOURCES.json").read_text("utf-8"))

    assert vendored == set(pinned)
    for name, source in pinned.items():
        assert hashlib.sha256((PAGE / "vendor" / name).read_bytes()).hexdigest() == source["sha256"], name


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_script_makes_no_markup_of_text_and_runs_none(script: Path) -> None:
    text = script.read_text("utf-8")

    assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(|new Function|style=", text)
    assert "https:" not in text and "http:" not in text


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_script_imports_files_that_are_there(script: Path) -> None:
    named = re.findall(r'from "([^"]+)"', script.read_text("utf-8"))

    assert [name for name in named if not (script.parent / name).is_file()] == []


def test_the_document_has_no_script_or_style_of_its_own() -> None:
    text = (PAGE / "index.html").read_text("utf-8")

    assert not re.search(r"<script(?![^>]* src=)|<style| style=| on\w+=", text)
    named = re.findall(r'(?:src|href)="([^"]+)"', text)
    assert set(named) <= set(page_files("https://pictures.example"))


def test_each_file_forbids_what_it_does_not_need() -> None:
    for path, file in page_files("https://pictures.example").items():
        assert file.headers["Content-Security-Policy"] == content_security_policy("https://pictures.example"), path
        assert file.headers["X-Content-Type-Options"] == "nosniff"
        assert file.headers["Referrer-Policy"] == "no-referrer"


def test_the_policy_allows_no_inline_code_and_pictures_of_one_origin() -> None:
    policy = dict(part.split(" ", 1) for part in content_security_policy("https://pictures.example").split("; "))

    assert policy["default-src"] == policy["frame-ancestors"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["img-src"] == "'self' data: https://pictures.example"
