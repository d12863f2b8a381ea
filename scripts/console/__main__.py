"""`make console-pictures`: review an image on the laptop cloud in the console, photographed for docs/console.md."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright
from rich.console import Console

from local.samples import doubtful_drawing, write_samples
from local.session import Session, laptop_cloud
from local.up import MODERATE, review_console
from scripts.rendering.chromium import browser_path

PICTURES = Path(__file__).parents[2] / "docs/console"
# Decisions of people, so that there is something to measure: drawing, verdict and its category.
DECISIONS = (
    *((name, "safe", ()) for name in ("01-safe", "02-safe", "03-safe")),
    ("04-naked", "unsafe", ("--category", "Nudity")),
    ("05-topless", "safe", ()),
    ("06-weapon", "unsafe", ("--category", "Weapons")),
    ("07-contact", "unsafe", ("--category", "Contact Information")),
    ("08-smoker", "unsafe", ("--category", "Tobacco")),
    ("09-blood", "unsafe", ("--category", "Blood")),
    ("10-fighting", "unsafe", ("--category", "Fighting")),
    ("11-insult", "unsafe", ("--category", "Harassment")),
    ("12-small-weapon", "unsafe", ("--category", "Weapons")),
    ("14-small-words", "unsafe", ("--category", "Harassment")),
)


def main() -> int:
    """Write the pictures, and print how long the console took from a decision to the next item."""
    console = Console()
    with laptop_cloud(console) as session:
        _upload(session)
        with review_console(session, stdout=subprocess.PIPE) as process:
            assert process.stdout  # noqa: S101 - it is a pipe
            [link] = re.findall(r"http://127\.0\.0\.1:\d+/#\S+", process.stdout.readline())
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=browser_path())
                _photograph(browser.new_page(viewport={"width": 1100, "height": 760}), link, console)
                browser.close()
    return 0


def _upload(session: Session) -> None:
    folder = session.folder / "samples"
    write_samples(folder, seed=1)
    for name in ("the-same", "and-again"):
        doubtful_drawing().image.save(folder / f"{name}.png")
    _moderate(session, "upload", str(folder), "--wait")
    _moderate(session, "sample", "--safe", "3", "--unsafe", "10")
    for name, verdict, categories in DECISIONS:
        _moderate(session, "decide", f"{name}.png", verdict, *categories, "--note", "Seen.", "--seen", "--yes")


def _moderate(session: Session, *words: str) -> None:
    subprocess.run([str(MODERATE), *words], env={**os.environ, **session.environment}, check=True)


def _photograph(page: Page, link: str, console: Console) -> None:
    PICTURES.mkdir(exist_ok=True)
    page.goto(link)
    page.get_by_text("Held by you.").wait_for()
    page.screenshot(path=PICTURES / "item.png")
    page.keyboard.press("a")
    page.get_by_role("heading", name="Items of the same bytes: 3").wait_for()
    page.screenshot(path=PICTURES / "identical.png")
    for place, text in (("policies/demo", "Questions"), ("metrics", "What people decided")):
        page.evaluate("place => { location.hash = '#/' + place }", place)
        page.get_by_role("heading", name=text).wait_for()
        page.screenshot(path=PICTURES / f"{place.partition('/')[0]}.png")
    page.evaluate("location.hash = '#/review'")
    page.get_by_text("Held by you.").wait_for()
    page.wait_for_timeout(500)
    began = time.monotonic()
    page.keyboard.press("s")
    page.get_by_text("Decided: safe").wait_for()
    console.print(f"From the decision to the next item or the empty queue: {time.monotonic() - began:.2f} s.")


if __name__ == "__main__":
    sys.exit(main())
