"""A console in a real browser, over a deployment in memory."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from moderate.console.server import Api, Console
from moderation.api.serve import answered
from moderation.domain.people import Person
from tests.console.browser import Tab, chromium, opened, served
from tests.unit.api.place import Place, person


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path)
        yield browser
        browser.close()


@pytest.fixture
def place() -> Place:
    place = Place()
    place.people.people["sub-1"] = person("reviewer", "lead", "auditor")
    return place


@pytest.fixture
def console(place) -> Iterator[Console]:
    with served(_asked_by("sub-1", place), "https://pictures.example") as console:
        yield console


@pytest.fixture
def others_console(place) -> Iterator[Console]:
    """Another person's console over the same deployment."""
    place.people.people["sub-2"] = Person(id="sub-2", pseudonym="owl", roles=frozenset({"reviewer"}))
    with served(_asked_by("sub-2", place), "https://pictures.example") as console:
        yield console


def _asked_by(subject: str, place: Place) -> Api:
    """The API as if an authoriser had read this person's token."""
    claims = {"authorizer": {"jwt": {"claims": {"sub": subject}}}}

    def ask(event: dict[str, Any]) -> Mapping[str, Any]:
        return answered(place.app, {**event, "requestContext": event["requestContext"] | claims})

    return ask


@pytest.fixture
def tab(browser, console) -> Iterator[Tab]:
    with opened(browser, console) as tab:
        yield tab
        assert tab.complaints == []
