"""Uploads whose right verdict is known beforehand, and models that see it in their colours."""

import io
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache

from PIL import Image

from local.harness.instant_models import NO, SAFE, SURE, InstantModels, Scored

UNSAFE = '{"flag": "yes", "category": "Weapons", "reason": "There is a weapon."}'
INPUT_SIZE = 96  # of the models' views
_SMALL, _LARGE = (128, 96), (400, 400)  # the large one is cut into tiles
_DARK, _BRIGHT = 30, 200


@dataclass(frozen=True)
class Sort:
    """A sort of upload: its red and green, None for what is no image; what becomes of it; how many there are."""

    name: str
    colour: tuple[int, int] | None
    verdict: str
    decided_by: str
    share: float
    size: tuple[int, int] = _SMALL


SORTS = (
    Sort("safe", (_DARK, _BRIGHT), "safe", "judge", 0.57),
    Sort("unsafe", (_BRIGHT, _DARK), "unsafe", "judge", 0.27),
    Sort("disputed", (_BRIGHT, _BRIGHT), "review", "evidence", 0.10),
    Sort("broken", None, "review", "failure", 0.04),
    Sort("large-safe", (_DARK, _BRIGHT), "safe", "judge", 0.01, _LARGE),
    Sort("large-unsafe", (_BRIGHT, _DARK), "unsafe", "judge", 0.01, _LARGE),
)
_POISON_EVERY, _UNHEARD_EVERY = 500, 20
_TWINS = 0.05  # so many have the bytes of an earlier one


@dataclass(frozen=True)
class Picture:
    """What is uploaded under `key`, and what must become of it.

    A few are doomed as long as things fail, which their keys say: `/poison/` kills each process that reads it,
    `/unheard/` can't be announced.
    """

    key: str
    data: bytes
    verdict: str
    decided_by: str


def picture(seed: str, number: int) -> Picture:
    """The `number`-th picture of a soak; the same for the same seed."""
    rng = random.Random(f"{seed}:{number}")
    original = rng.randrange(number) if number and rng.random() < _TWINS else number
    sort = random.Random(f"{seed}:{original}:sort").choices(SORTS, [sort.share for sort in SORTS])[0]
    doom = "poison" if number % _POISON_EVERY == 99 else "unheard" if number % _UNHEARD_EVERY == 13 else "plain"
    return Picture(
        f"{seed}/{doom}/{sort.name}/{number}", _draw(sort, f"{seed}:{original}"), sort.verdict, sort.decided_by
    )


def _draw(sort: Sort, seed: str) -> bytes:
    if sort.colour is None:
        return f"no image at all {seed}".encode()
    red, green = (Image.new("L", sort.size, shade) for shade in sort.colour)
    # noise: without it the image would be all border, and cut down to nothing
    blue = Image.frombytes("L", sort.size, random.Random(seed).randbytes(sort.size[0] * sort.size[1]))
    buffer = io.BytesIO()
    Image.merge("RGB", (red, green, blue)).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


@contextmanager
def colour_models() -> Iterator[InstantModels]:
    """BLIP-2 sees a weapon in what is red; Llama agrees, unless the caption says that there is green as well."""
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
