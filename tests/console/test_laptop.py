"""The console against the laptop cloud: from a real verdict to a tag, by the command that people start."""

import base64
import io
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PIL import Image

from local.harness.instant_models import NO, SURE, InstantModels
from local.harness.laptop import Laptop
from tests.console.browser import opened
from tests.support.colour_files import exif
from tests.support.waiting import eventually
from tests.support.workers import made_once
from tests.workflow.steps import drawing, synthesised, tag_of

TURNED_LEFT = b"Exif\0\0" + exif(6)
MODERATE = str(Path(sys.executable).with_name("moderate"))


@pytest.fixture(scope="module")
def models() -> Iterator[InstantModels]:
    with InstantModels() as models:
        yield models


@pytest.fixture(scope="module")
def laptop(tmp_path_factory, models) -> Iterator[Laptop]:
    assembly = made_once(tmp_path_factory, "assembly", synthesised)
    with Laptop(assembly, models.url) as laptop:
        laptop.publish("routes.yaml", "'': {enforce: blog}\n")
        yield laptop


@pytest.fixture(scope="module")
def environment(laptop) -> dict[str, str]:
    keys = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local", "AWS_DEFAULT_REGION": "us-east-1"}
    return {**os.environ, "AWS_ENDPOINT_URL": laptop.url, **keys}


def moderate(environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([MODERATE, *words], env=environment, capture_output=True, text=True, check=False)


class Started:
    """`moderate console` as it runs; `link` is the newest that it printed."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._lines = process.stdout
        self.link: str = self.next_link()

    def next_link(self) -> str:
        assert self._lines
        [found] = re.findall(r"http://127\.0\.0\.1:\d+/#\S+", self._lines.readline())
        return str(found)


@contextmanager
def console(environment: dict[str, str]) -> Iterator[Started]:
    with subprocess.Popen([MODERATE, "console"], env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Started(process)
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def reviewer(environment) -> None:
    """Somebody who was refused, and then got the rights that the refusal names."""
    refused = moderate(environment, "console")
    assert refused.returncode == 1
    [command] = re.findall(r"`moderate (people set .+?)`", refused.stderr.replace("\n", " "))
    assert moderate(environment, *shlex.split(command), "--role", "lead").returncode == 0


@pytest.fixture
def waiting(laptop, models) -> Callable[[str], str]:
    """Uploads what a person has to decide on, and returns its version."""
    models.answer = lambda png, prompt: SURE if "weapon" in prompt else NO

    def upload(key: str) -> str:
        version = laptop.upload(key, drawing(colour=key.partition("/")[0]))
        assert laptop.wait_for_verdict(key, version)["verdict"] == "review"
        return version

    return upload


@pytest.mark.usefixtures("reviewer")
def test_a_picture_is_seen_and_decided_on_in_the_browser(laptop, environment, browser, waiting) -> None:
    key = "navy/first.png"
    version = waiting(key)

    with console(environment) as started, opened(browser, started, real_time=True) as tab:
        tab.sees(key)
        tab.page.wait_for_timeout(450)
        tab.page.keyboard.press("v")
        shown = tab.page.get_by_alt_text("View full of the image")
        shown.wait_for()
        assert shown.evaluate("image => image.decode().then(() => image.naturalWidth)") == 96
        tab.page.keyboard.press("s")
        tab.says(f"Decided: safe on {key}.")
        assert tag_of(laptop, key, version) == {"moderation": "review"}
        eventually(lambda: tag_of(laptop, key, version) == {"moderation": "safe"})
        assert tab.complaints == []
        assert started.link != started.next_link()


@pytest.mark.usefixtures("reviewer")
def test_the_whole_upload_is_seen_larger_than_the_views_and_never_as_it_was_uploaded(
    laptop, environment, browser, models
) -> None:
    models.answer = lambda png, prompt: SURE if "weapon" in prompt else NO
    key, buffer = "indigo/large.jpg", io.BytesIO()
    Image.new("RGB", (1600, 1000), "indigo").save(buffer, "JPEG", exif=TURNED_LEFT, comment=b"of the camera")
    version = laptop.upload(key, buffer.getvalue())
    assert laptop.wait_for_verdict(key, version)["verdict"] == "review"

    with console(environment) as started, opened(browser, started, real_time=True) as tab:
        tab.sees(key)
        tab.page.keyboard.press("v")
        tab.page.get_by_alt_text("View full of the image").wait_for()
        assert not [asked for asked in tab.asked if asked.endswith("/original")]

        tab.page.keyboard.press("o")
        shown = tab.page.get_by_alt_text("The whole upload")
        shown.wait_for(timeout=30_000)
        assert shown.evaluate("image => image.decode().then(() => [image.naturalWidth, image.naturalHeight])") == [
            *(1000, 1600),
        ]
        made = base64.b64decode(str(shown.get_attribute("src")).removeprefix("data:image/jpeg;base64,"))
        assert b"camera" not in made and b"Exif" not in made
        assert len([asked for asked in tab.asked if asked.endswith("/original")]) == 1
        assert all(laptop.outputs["IntakeBucketName"] not in asked for asked in tab.asked)
        tab.page.wait_for_timeout(450)
        tab.page.keyboard.press("s")
        tab.says(f"Decided: safe on {key}.")
        assert tab.complaints == []
    entries = [json.loads(body)["event"] for body in audited(laptop)]
    assert [one["facts"]["view"] for one in entries if one["action"] == "reveal original"] == ["full"]


def audited(laptop) -> Iterator[bytes]:
    """The entries of the audit log."""
    s3, bucket = laptop.client("s3"), laptop.outputs["AuditBucketName"]
    for found in s3.list_objects_v2(Bucket=bucket, Prefix="entries/")["Contents"]:
        yield s3.get_object(Bucket=bucket, Key=found["Key"])["Body"].read()


@pytest.mark.usefixtures("reviewer")
def test_the_next_item_comes_by_itself_after_a_decision(environment, browser, waiting) -> None:
    for key in ("olive/one.png", "maroon/two.png"):
        waiting(key)

    with console(environment) as started, opened(browser, started, real_time=True) as tab:
        tab.sees("Held by you.")
        first = tab.page.locator(".facts dd").first.inner_text()
        tab.page.wait_for_timeout(450)
        tab.page.keyboard.press("s")
        tab.says(f"Decided: safe on {first}.")
        tab.sees("Held by you.")
        assert tab.page.locator(".facts dd").first.inner_text() != first


@pytest.mark.usefixtures("reviewer")
def test_an_escalated_item_is_in_quarantine_and_in_no_queue(laptop, environment, browser, waiting) -> None:
    key = "teal/second.png"
    version = waiting(key)

    with console(environment) as started, opened(browser, started, real_time=True) as tab:
        tab.sees(key)
        tab.page.wait_for_timeout(450)
        tab.page.keyboard.press("e")
        tab.page.get_by_role("dialog").wait_for()
        tab.page.keyboard.press("Enter")
        tab.page.get_by_text("Escalated.", exact=True).wait_for()

    item = laptop.item(key, version)
    assert item["escalated_at"] and "queue" not in item
    assert tag_of(laptop, key, version)["quarantine"] == "escalated"


@pytest.mark.usefixtures("reviewer")
def test_a_lead_reads_both_logs(environment, browser) -> None:
    """The audit log takes the role Auditor, which the command assumes by itself."""
    with console(environment) as started, opened(browser, started, real_time=True) as tab:
        for view, text in (("audit", "entries that were read"), ("changes", "routes.yaml")):
            tab.page.evaluate("view => { location.hash = '#/' + view }", view)
            tab.page.get_by_text(text).first.wait_for(timeout=30_000)
        assert tab.complaints == []
