"""The examples, run as their README says, against the laptop cloud."""

import ast
import io
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from PIL import Image

from examples.shop import pseudonym
from local.harness.instant_models import NO, YES
from local.session import Models, Session
from tests.workflow.steps import ROOT, drawing

TOPLESS = '{"flag": "unsafe", "category": "Suggestive", "reason": "A topless person."}'
ARMED = '{"flag": "unsafe", "category": "Violence", "reason": "A weapon."}'
SAFE = '{"flag": "safe", "category": "", "reason": "Nothing."}'
SHOWS = {"red": "weapon", "green": "topless", "blue": "tree"}  # what an image of this colour shows


@pytest.fixture
def environment(laptop) -> dict[str, str]:
    """The variables that `make local` prints, and no others of AWS."""
    rest = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    models = Models(laptop.url, blip2="", input_size=96, demo=False, llama="", stand_in=True, dialect="scored")
    return rest | Session(laptop.url, models, laptop.outputs, Path()).environment


@pytest.fixture
def steered(models):
    """Models that see what an image's colour stands for, and a judge that knows the red and the green by captions."""

    def shown(png: bytes) -> str:
        pixel = Image.open(io.BytesIO(png)).convert("RGB").tobytes()[:3]
        return SHOWS[["red", "green", "blue"][pixel.index(max(pixel))]]

    models.answer = lambda png, prompt: YES if shown(png) in prompt else NO
    models.caption = lambda png: f"a picture of a {shown(png)}"
    models.judge = lambda prompt: (
        ARMED if "picture of a weapon" in prompt else TOPLESS if "picture of a topless" in prompt else SAFE
    )


def command(module: str, *words: object) -> list[str]:
    return [sys.executable, "-m", f"examples.{module}", *map(str, words)]


def test_the_shop_shows_what_is_cleared_and_hides_the_rest(laptop, steered, environment, tmp_path):
    photos = [tmp_path / name for name in ("weapon.png", "tree.png", "broken.png")]
    for photo, content in zip(photos, (drawing(colour="red"), drawing(colour="blue"), b"no picture"), strict=True):
        photo.write_bytes(content)
    words = (*photos, "--seller", "Ann", "--secret", "sesame", "--timeout", "120")

    done = subprocess.run(
        command("shop", *words), cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=180
    )

    assert done.returncode == 0, done.stderr
    states = dict(line.split("\t") for line in done.stdout.splitlines())
    assert states["tree.png"] == "shown"
    assert states["weapon.png"] == "hidden, unsafe (Violence): A weapon."
    assert states["broken.png"].startswith("hidden, review (None): ")
    assert {"Ann", "sesame"}.isdisjoint(done.stdout.split())
    uploads = laptop.client("s3").list_objects_v2(Bucket=laptop.outputs["IntakeBucketName"], Prefix="offers/")
    records = [laptop.wait_for_verdict(upload["Key"]) for upload in uploads["Contents"]]
    assert len(records) == 3
    for record in records:
        assert "Ann" not in str(record)
        if record["verdict"] != "review":  # the one that can't be opened: only its key is known
            assert record["reference"] == Path(record["image"]["key"]).stem
            assert record["uploader"] == pseudonym("Ann", "sesame")


def test_the_subscriber_prints_its_categories_and_no_others(laptop, steered, environment):
    topic = laptop.outputs["UnsafeTopicArn"]
    sns = laptop.client("sns")
    running = subprocess.Popen(
        command("subscriber", topic, "Violence"), cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    )
    watchdog = threading.Timer(60, running.kill)  # so that reading ends where nothing comes
    watchdog.start()
    try:
        while "unsafe-images" not in str(sns.list_subscriptions_by_topic(TopicArn=topic)):
            assert running.poll() is None, "it ended before it had subscribed"
        for key, colour in (("examples/green.png", "lime"), ("examples/red.png", "red")):
            laptop.upload(key, drawing(colour=colour))
            assert laptop.wait_for_verdict(key)["verdict"] == "unsafe"
            laptop.wait_until_idle()
        assert running.stdout and running.stdout.readline() == "examples/red.png\tViolence\tA weapon.\n"
    finally:
        watchdog.cancel()
        running.kill()
        running.communicate()


def test_the_subscriber_has_twenty_lines_beside_imports():
    tree = ast.parse((ROOT / "examples/subscriber.py").read_text())
    docstrings = [node.body[0] for node in ast.walk(tree) if isinstance(node, ast.Module | ast.FunctionDef)]
    lines = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.stmt) and not isinstance(node, ast.Import) and node not in docstrings
    ]

    assert len(lines) <= 20
    assert all(node.end_lineno == node.lineno for node in lines if not hasattr(node, "body"))
