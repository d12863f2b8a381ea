"""`python -m local demo`: moderate some images on a laptop cloud of its own, print the results, stop."""

import json
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from local.deploy import client
from local.queues import subscribe_queue
from local.real_weights import show_way_to_real_weights, warn_about_photographs
from local.samples import SMALL_WORDS, write_samples
from local.session import Session, laptop_cloud
from model_artifacts.demo import DEMO_PACK

MODERATE = Path(sys.executable).with_name("moderate")
MESSAGE_TIMEOUT_S = 5
_EDITS = {
    "categories: [Contact Information], threshold: 0.99": "categories: [Contact Information], threshold: 0.9",
    "  - name: Tobacco\n": "  - name: Tobacco\n    action: review\n",
}


class UnusableImage(Exception):
    """A given image doesn't exist."""


def demo(console: Console, images: Sequence[Path], seed: int) -> int:
    """Moderate `images`, or sample drawings from `seed`, and return the exit status of `moderate`."""
    for image in images:
        if not image.is_file():
            raise UnusableImage(f'There is no file {image}: give paths of images, such as IMAGES="a.jpg b.png".')
    with laptop_cloud(console) as session:
        queue = _subscribe_queue(session)
        photographs = bool(images) and session.models.demo
        if photographs:
            warn_about_photographs(console)
        if images:
            status = _moderate(session, images, Path.cwd())
        else:
            folder = session.folder / "samples"
            write_samples(folder, seed)
            status = _moderate(session, [Path(file.name) for file in sorted(folder.iterdir())], folder)
        if photographs:
            warn_about_photographs(console)
            show_way_to_real_weights(console, shlex.join(str(image) for image in images))
        _show_message(console, session, queue, None if images else f"{SMALL_WORDS}.png")
        if not images:
            status = _replay_edited(console, session) or status
            console.print(
                "`make local` keeps it running, with a console in the browser to review images in.",
                markup=False,
                soft_wrap=True,
            )
    console.print("Everything is stopped.")
    return status


def _moderate(session: Session, images: Sequence[Path], where: Path) -> int:
    """Run `moderate upload`, with its own progress bar and table. `images` are paths or folders."""
    command = [str(MODERATE), "upload", *map(str, images), "--wait"]
    environment = {**os.environ, **session.environment}
    return subprocess.run(command, cwd=where, env=environment, check=False).returncode


def _replay_edited(console: Console, session: Session) -> int:
    """Replay the sample drawings under an edited pack, and return the command's exit status."""
    console.print(
        "The same evidence under an edited pack: contact information counts from a score of 0.9 on, and smoking "
        "is left to a person. No verdict in force changes.",
        style="bold",
        soft_wrap=True,
    )
    edited = session.folder / "edited.yaml"
    edited.write_text(edited_pack(DEMO_PACK.read_text("utf-8")), "utf-8")
    command = [str(MODERATE), "policy", "replay", str(edited), "--judge", "ask", "--yes"]
    return subprocess.run(command, env={**os.environ, **session.environment}, check=False).returncode


def edited_pack(text: str) -> str:
    """Return the demo's pack with one rule stricter and one more lenient."""
    for old, new in _EDITS.items():
        before, found, after = text.partition(old)
        if not found:
            raise ValueError(f"The demo's pack has no {old!r}.")
        text = before + new + after
    return text


def _subscribe_queue(session: Session) -> str:
    """Create a queue subscribed to the unsafe topic and return its URL."""
    sqs, sns = client("sqs", session.url), client("sns", session.url)
    return subscribe_queue(sqs, sns, session.outputs["UnsafeTopicArn"], "unsafe-images")


def _show_message(console: Console, session: Session, queue: str, key: str | None) -> None:
    message = receive(client("sqs", session.url), queue, key)
    if message is None:
        console.print(
            "No image was unsafe, so the queue subscribed to the unsafe topic received no message.", soft_wrap=True
        )
        return
    console.print("Message received by the queue subscribed to the unsafe topic:", style="bold", soft_wrap=True)
    console.print_json(json.dumps(message))


def receive(sqs: Any, queue: str, key: str | None, timeout_s: float = MESSAGE_TIMEOUT_S) -> Any:
    """Return the message about an object, or about any, without its SNS envelope.

    If none is about that object it is another one, None if none arrives.
    """
    until, received = time.monotonic() + timeout_s, None
    while time.monotonic() < until:
        for message in sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", []):
            received = json.loads(json.loads(message["Body"])["Message"])
            if key in (None, received["image"]["key"]):
                return received
        time.sleep(0.1)
    return received
