"""Debian's Chromium, as Playwright drives it, and what a page did in it."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from typing import Protocol

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from moderate.console.server import Api, Console

AXE = Path(__file__).parents[2] / "node_modules/axe-core/axe.min.js"
PATIENCE_MS = 30_000  # on a busy machine the browser takes its time; only what fails waits so long
# The browser lets a request pass by that is sent while it starts to look at requests: it does so from the start.
NOWHERE = "https://nowhere.invalid/"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MISSING = "There is no Chromium: `apt-get install chromium`, or name one with CHROME=. The console's page isn't tested."


def chromium() -> str:
    """Path of the browser. Where there is none the tests are skipped, and fail under CI."""
    found = os.environ.get("CHROME") or next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        if os.environ.get("CI"):
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    return found


@contextmanager
def served(api: Api, pictures: str) -> Iterator[Console]:
    """Run the console's server over an API."""
    with Console(api, pictures, lambda: None) as console:
        thread = Thread(target=console.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield console
        finally:
            console.shutdown()
            thread.join()


@dataclass
class Tab:
    """A tab of the console, and what it asked for and complained about."""

    page: Page
    asked: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def says(self, text: str) -> None:
        """Wait until a live region says this."""
        self.page.locator("[role=status], [role=alert]").filter(has_text=text).first.wait_for()

    def sees(self, text: str) -> None:
        self.page.get_by_text(text).first.wait_for()

    def settle(self) -> None:
        """Let the time pass in which no key decides."""
        self.page.clock.run_for(500)


class Linked(Protocol):
    """A console that is running."""

    @property
    def link(self) -> str: ...


@contextmanager
def opened(browser: Browser, console: Linked, *, real_time: bool = False, **options: object) -> Iterator[Tab]:
    """Open the console by its link, with a clock that the test moves unless it is to be the real one."""
    context: BrowserContext = browser.new_context(**options)  # type: ignore[arg-type]
    context.set_default_timeout(PATIENCE_MS)
    context.route(NOWHERE, lambda route: route.abort())
    page = context.new_page()
    if not real_time:
        page.clock.install()
    tab = Tab(page)
    page.on("request", lambda request: tab.asked.append(f"{request.method} {request.url}"))
    page.on("console", lambda said: tab.complaints.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: tab.complaints.append(str(error)))
    page.goto(console.link)
    page.get_by_role("navigation").wait_for()
    yield tab
    context.close()
