"""A console in a real browser, over a deployment in memory."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from moderate.console.server import Console
from moderation.api.serve import answered
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
    with served(lambda event: answered(place.app, _by_somebody(event)), "https://work") as console:
        yield console


def _by_somebody(event: dict[str, Any]) -> dict[str, Any]:
    """The event as if an authoriser had read a token."""
    claims = {"authorizer": {"jwt": {"claims": {"sub": "sub-1"}}}}
    return {**event, "requestContext": event["requestContext"] | claims}


@pytest.fixture
def tab(browser, console) -> Iterator[Tab]:
    with opened(browser, console) as tab:
        yield tab
        assert tab.complaints == []
