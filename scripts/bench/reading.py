"""`make bench-reading`: time uploads to their verdicts with and without reading, and write docs/reading.md.

The workflow runs on the laptop cloud, with a vision model that answers each request after a second. Pictures with and
without text are uploaded one by one, in turn under the pack `default` and under the same pack without what it reads.
"""

import argparse
import io
import os
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import yaml
from PIL import ImageDraw, ImageFont
from rich.console import Console
from rich.progress import Progress

from local.harness.instant_models import InstantModels
from local.harness.laptop import Laptop
from local.synth import PROJECT, synthesise
from scripts.bench.__main__ import PendingUpload, wait_for
from scripts.evaluation.ordinary.scenes import photograph
from scripts.sections import markdown, write_section

PAGE = PROJECT / "docs" / "reading.md"
DEFAULT_PACK = PROJECT / "lambdas/moderation/packs/default.yaml"
MODEL_S = 1.0
SIZES = ((512, 512), (1024, 1024))
ROUTES = ("unread", "read")
LINES, LINE = 12, "Anyone can read this line"
_LANDSCAPES = 6  # every sixth of the synthetic photographs is one


@dataclass(frozen=True)
class Kind:
    """Kind of picture: its size in pixels, and if lines of text are written on it."""

    size: tuple[int, int]
    with_text: bool


KINDS = tuple(Kind(size, with_text) for size, with_text in product(SIZES, (False, True)))
Seconds = Mapping[tuple[Kind, str], list[float]]


class LateModels(InstantModels):
    """Instant models whose answers are a second late."""

    def reply(self, endpoint: str, body: dict[str, Any]) -> tuple[str, str]:
        time.sleep(MODEL_S)
        return super().reply(endpoint, body)


def main() -> int:
    """Measure and write the section of the page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--rounds", type=int, default=10, help="uploads of each kind under each pack")
    rounds, console = parser.parse_args().rounds, Console()
    with tempfile.TemporaryDirectory(prefix="bench-reading-") as scratch:
        with console.status("Synthesising the stack"):
            assembly = synthesise(Path(scratch), model_input_size=224)
        with LateModels() as models, Laptop(assembly, models.url) as laptop, Progress(console=console) as progress:
            publish_packs(laptop)
            total = rounds * len(KINDS) * len(ROUTES)
            uploads = progress.track(timed_uploads(laptop, rounds), total=total, description="Uploading")
            seconds = by_kind(uploads)
    text = table(seconds)
    console.print(text)
    write_section(PAGE, "verdict-seconds", f"{text}\n\n{described(rounds)}")
    return 0


def publish_packs(laptop: Laptop) -> None:
    """Put in force, by the keys' prefixes, the pack `default` and the same pack without what it reads."""
    laptop.publish("packs/unread.yaml", yaml.safe_dump(unread_pack()))
    laptop.publish("routes.yaml", '"": {enforce: default}\n"unread/": {enforce: unread}\n')


def unread_pack() -> dict[str, Any]:
    """Return the pack `default` without what it reads, as plain data."""
    pack: dict[str, Any] = yaml.safe_load(DEFAULT_PACK.read_text("utf-8"))
    questions = [
        {name: value for name, value in question.items() if name not in ("reads", "words")}
        for question in pack["questions"]
    ]
    return {**pack, "name": "unread", "questions": questions, "cases": []}


def timed_uploads(laptop: Laptop, rounds: int) -> Iterator[tuple[Kind, str, float]]:
    """Yield the seconds of each upload, after a round that only starts every function."""
    number = 0
    for turn in range(rounds + 1):
        for kind, route in product(KINDS, ROUTES):
            number += 1
            seconds = upload(laptop, f"{route}/{number}.jpg", picture(kind, number))
            if turn:
                yield kind, route, seconds


def by_kind(uploads: Iterable[tuple[Kind, str, float]]) -> Seconds:
    """Return the seconds by kind of picture and route."""
    seconds: defaultdict[tuple[Kind, str], list[float]] = defaultdict(list)
    for kind, route, taken in uploads:
        seconds[kind, route].append(taken)
    return seconds


def upload(laptop: Laptop, key: str, body: bytes) -> float:
    """Upload a picture and return the seconds until its verdict. Raises RuntimeError if that isn't `safe`."""
    started = time.time()
    timing = wait_for(laptop, PendingUpload(key, laptop.upload(key, body), started, "safe"))
    if timing.verdict != timing.expected:
        raise RuntimeError(f"{key} is {timing.verdict}, not {timing.expected}: its seconds can't be compared.")
    return timing.milliseconds / 1000


def picture(kind: Kind, number: int) -> bytes:
    """Return a JPEG of a synthetic landscape, a new one for each number."""
    image, _ = photograph(_LANDSCAPES * number, kind.size)
    if kind.with_text:
        pen, font = ImageDraw.Draw(image), ImageFont.load_default(kind.size[1] // 30)
        for line in range(LINES):
            pen.text((kind.size[0] // 20, kind.size[1] * line // (LINES + 1)), LINE, fill="white", font=font)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=88)
    return buffer.getvalue()


def table(seconds: Seconds) -> str:
    """Return the medians by kind of picture, each with the fastest and the slowest."""
    rows = []
    for kind in KINDS:
        unread, read = (seconds[kind, route] for route in ROUTES)
        more = statistics.median(read) - statistics.median(unread)
        words = f"{LINES} lines" if kind.with_text else "none"
        rows.append((f"{kind.size[0]:,} x {kind.size[1]:,}", words, _spread(unread), _spread(read), f"{more:+.2f} s"))
    return markdown(("pixels", "text", "not read", "read", "median more"), rows)


def _spread(seconds: list[float]) -> str:
    return f"{statistics.median(seconds):.2f} s ({min(seconds):.2f} to {max(seconds):.2f})"


def described(rounds: int) -> str:
    """Return a sentence on how the figures came to be."""
    cores = os.cpu_count()
    return f"Medians of {rounds} uploads each, with the fastest and the slowest, on a laptop cloud with {cores} cores."


if __name__ == "__main__":
    sys.exit(main())
