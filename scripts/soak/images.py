"""Generated images with known verdicts, and models that answer by their colours."""

import io
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from PIL import Image

from local.harness.instant_models import NO, SAFE, SURE, InstantModels, Scored

UNSAFE = '{"flag": "yes", "category": "Weapons", "reason": "There is a weapon."}'
INPUT_SIZE = 96  # side of the models' views, in pixels
_SMALL, _LARGE = (128, 96), (400, 400)  # the large one is cut into tiles
_DARK, _BRIGHT = 30, 200


@dataclass(frozen=True)
class ImageClass:
    """Class of uploads: red and green (None for a file that isn't an image), the expected record, and the share."""

    name: str
    colour: tuple[int, int] | None
    verdict: str
    decided_by: str
    share: float
    size: tuple[int, int] = _SMALL


IMAGE_CLASSES = (
    ImageClass("safe", (_DARK, _BRIGHT), "safe", "judge", 0.57),
    ImageClass("unsafe", (_BRIGHT, _DARK), "unsafe", "judge", 0.27),
    ImageClass("disputed", (_BRIGHT, _BRIGHT), "review", "evidence", 0.10),
    ImageClass("broken", None, "review", "failure", 0.04),
    ImageClass("large-safe", (_DARK, _BRIGHT), "safe", "judge", 0.01, _LARGE),
    ImageClass("large-unsafe", (_BRIGHT, _DARK), "unsafe", "judge", 0.01, _LARGE),
)
_POISON_EVERY, _UNRECORDABLE_EVERY, _UNPUBLISHABLE_EVERY, _PERSON_EVERY = 500, 500, 20, 10
_DUPLICATES = 0.05  # share of uploads with the bytes of an earlier one


@dataclass(frozen=True)
class SoakImage:
    """Upload under `key`, and the verdict that the pipeline should give it.

    Some keys cause permanent faults as long as faults are injected: `/poison/` kills each process that reads the
    object, messages about `/unpublishable/` are rejected, and the execution of `/unrecordable/` is aborted while no
    function may write its record. A person decides against the pipeline on `/person/`.
    """

    key: str
    data: bytes
    verdict: str
    decided_by: str

    @property
    def persons_verdict(self) -> Literal["safe", "unsafe"] | None:
        """Verdict of the person who decides on the image; None if nobody does."""
        if "/person/" not in self.key:
            return None
        return "safe" if self.verdict == "unsafe" else "unsafe"

    @property
    def expected(self) -> tuple[str, str]:
        """Verdict in the end, and what decided it."""
        return (self.persons_verdict, "person") if self.persons_verdict else (self.verdict, self.decided_by)


def soak_image(seed: str, number: int) -> SoakImage:
    """Return image `number` of a soak; the same seed gives the same image."""
    rng = random.Random(f"{seed}:{number}")
    original = rng.randrange(number) if number and rng.random() < _DUPLICATES else number
    shares = [one.share for one in IMAGE_CLASSES]
    (drawn,) = random.Random(f"{seed}:{original}:sort").choices(IMAGE_CLASSES, shares)
    key = f"{seed}/{_fate(number)}/{drawn.name}/{number}"
    return SoakImage(key, _draw(drawn, f"{seed}:{original}"), drawn.verdict, drawn.decided_by)


def _fate(number: int) -> str:
    if number % _POISON_EVERY == 39:
        return "poison"
    if number % _UNRECORDABLE_EVERY == 21:
        return "unrecordable"
    if number % _PERSON_EVERY == 7:
        return "person"
    return "unpublishable" if number % _UNPUBLISHABLE_EVERY == 13 else "plain"


def _draw(image_class: ImageClass, seed: str) -> bytes:
    if image_class.colour is None:
        return f"not an image: {seed}".encode()
    red, green = (Image.new("L", image_class.size, shade) for shade in image_class.colour)
    # noise: a uniform image would be trimmed as border
    noise = random.Random(seed).randbytes(image_class.size[0] * image_class.size[1])
    blue = Image.frombytes("L", image_class.size, noise)
    buffer = io.BytesIO()
    Image.merge("RGB", (red, green, blue)).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


@contextmanager
def colour_models() -> Iterator[InstantModels]:
    """Serve a BLIP-2 that sees a weapon in red images, and a Llama that agrees unless the caption says yellow."""
    with InstantModels() as models:
        models.answer, models.caption, models.judge = _answer, _caption, _judge
        yield models


def _answer(png: bytes, prompt: str) -> Scored:
    return SURE if "weapon" in prompt and _is_bright(png)[0] else NO


def _caption(png: bytes) -> str:
    red, green = _is_bright(png)
    return "a yellow drawing" if red and green else "a drawing"


def _judge(prompt: str) -> str:
    evidence = prompt.rsplit("<evidence>", 1)[-1]
    return UNSAFE if 'Answer: "yes"' in evidence and "yellow" not in evidence else SAFE


@lru_cache(maxsize=64)
def _is_bright(png: bytes) -> tuple[bool, bool]:
    image = Image.open(io.BytesIO(png)).convert("RGB")
    red, green, _ = image.getpixel((image.width // 2, image.height // 2))  # type: ignore[misc]
    return red > 100, green > 100
