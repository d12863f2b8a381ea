"""Ordinary animations of ten kinds, as GIF, animated PNG and animated WebP."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageEnhance, ImageFont

from model_artifacts.demo.drawings import draw
from scripts.evaluation.ordinary.scenes import photograph, sentence
from scripts.evaluation.ordinary.upload import Upload, encoded

ANIMATIONS_SEED = 6_600_000_000
_FORMATS = {"GIF": "image/gif", "PNG": "image/apng", "WEBP": "image/webp"}
_SIDES = (200, 320, 480)
_SLIDE_MS = (1000, 2000, 3000)

Frame = tuple[Image.Image, int]  # picture, and how long it is shown in milliseconds


@dataclass(frozen=True)
class Studio:
    """Random generator, pictures and size for one animation."""

    rng: random.Random
    seed: int
    side: int

    def picture(self, number: int = 0, side: int | None = None) -> Image.Image:
        """Return a harmless drawing or photograph, another one for each number."""
        side = side or self.side
        if (self.seed // 10 + number) % 2:
            return draw(random.Random(self.seed * 100 + number), split="heldout", only="safe", size=side).image
        return photograph(self.seed * 100 + number, (side, side))[0]


def animation(number: int) -> Upload:
    """Return an animation: its kind, format and size go round, its contents are random."""
    name, make = list(_KINDS.items())[number % len(_KINDS)]
    turn = number // len(_KINDS)
    seed = ANIMATIONS_SEED + number
    studio = Studio(random.Random(seed), seed, _SIDES[turn % len(_SIDES)])
    format = list(_FORMATS)[(number + turn) % len(_FORMATS)]
    pictures, durations = zip(*make(studio), strict=True)
    options = {"WEBP": {"quality": 80, "method": 2}, "PNG": {"compress_level": 1}}.get(format, {})
    data = encoded(
        pictures[0], format, save_all=True, append_images=pictures[1:], duration=list(durations), loop=0, **options
    )
    return Upload(data, f"a picture of {name}", _FORMATS[format])


def _fade(studio: Studio) -> Iterator[Frame]:
    first, second, steps = studio.picture(0), studio.picture(1), studio.rng.randint(8, 20)
    yield first, 800
    for step in range(1, steps):
        yield Image.blend(first, second, step / steps), 50
    yield second, 800


def _pan(studio: Studio) -> Iterator[Frame]:
    wide, steps = studio.picture(0, 2 * studio.side), studio.rng.randint(16, 40)
    top = studio.rng.randint(0, studio.side)
    for step in range(steps):
        left = round(step * studio.side / (steps - 1))
        yield wide.crop((left, top, left + studio.side, top + studio.side)), 60


def _zoom(studio: Studio) -> Iterator[Frame]:
    whole, steps = studio.picture(0, 2 * studio.side), studio.rng.randint(16, 40)
    for step in range(steps):
        edge = round(step / (steps - 1) * studio.side / 2)
        box = (edge, edge, whole.width - edge, whole.height - edge)
        yield whole.resize((studio.side, studio.side), Image.Resampling.BILINEAR, box), 50


def _slides(studio: Studio) -> Iterator[Frame]:
    for number in range(studio.rng.randint(3, 8)):
        yield studio.picture(number), studio.rng.choice(_SLIDE_MS)


def _slides_that_fade(studio: Studio) -> Iterator[Frame]:
    pictures = [studio.picture(number) for number in range(studio.rng.randint(3, 5))]
    for this, following in zip(pictures, [*pictures[1:], pictures[0]], strict=True):
        yield this, studio.rng.choice(_SLIDE_MS)
        for step in range(1, 6):
            yield Image.blend(this, following, step / 6), 40


def _blinking_sign(studio: Studio) -> Iterator[Frame]:
    words, font = sentence(np.random.default_rng(studio.seed), 2).upper(), ImageFont.load_default(studio.side / 9)
    behind = studio.picture()
    for blink in range(studio.rng.choice((2, 4, 8))):
        frame = behind.copy()
        pen = ImageDraw.Draw(frame)
        box = (studio.side * 0.08, studio.side * 0.3, studio.side * 0.92, studio.side * 0.6)
        pen.rectangle(box, fill="black", outline="red" if blink % 2 else "darkred", width=4)
        shade = "yellow" if blink % 2 else (70, 60, 0)
        pen.text((studio.side / 2, studio.side * 0.45), words, shade, font, anchor="mm")
        yield frame, 400


def _loop_that_holds(studio: Studio) -> Iterator[Frame]:
    behind, steps, radius = studio.picture(), studio.rng.randint(12, 24), studio.side // 10
    for step in range(steps):
        frame, bounce = behind.copy(), abs(step / (steps - 1) * 2 - 1)
        x, y = studio.side * step / steps, studio.side * (0.85 - 0.6 * (1 - bounce))
        ImageDraw.Draw(frame).ellipse((x - radius, y - radius, x + radius, y + radius), fill="orange", outline="brown")
        yield frame, 2000 if step == steps - 1 else 40


def _screen_recording(studio: Studio) -> Iterator[Frame]:
    words = np.random.default_rng(studio.seed)
    size, font = (studio.side * 4 // 3, studio.side), ImageFont.load_default(studio.side / 22)
    screen = Image.new("RGB", size, (236, 239, 244))
    pen = ImageDraw.Draw(screen)
    pen.rectangle((0, 0, size[0], size[1] // 12), fill=(52, 73, 110))
    pen.rectangle((size[0] // 10, size[1] // 6, size[0] * 9 // 10, size[1] * 11 // 12), fill="white", outline="grey")
    letters, line = "", 0
    for step in range(studio.rng.randint(30, 80)):
        letters += " " + sentence(words, 1)
        pen.text((size[0] // 8, size[1] // 5 + line * size[1] // 16), letters, (30, 30, 30), font)
        if len(letters) > 24:
            letters, line = "", line + 1
        frame = screen.copy()
        x, y = size[0] * (0.2 + 0.01 * step), size[1] * (0.9 - 0.008 * step)
        ImageDraw.Draw(frame).polygon([(x, y), (x, y + 14), (x + 10, y + 10)], fill="black", outline="white")
        yield frame, 120


def _short_film(studio: Studio) -> Iterator[Frame]:
    """Film two shots with a shaking hand."""
    for shot in range(2):
        scene = studio.picture(shot, studio.side + 40)
        for _ in range(studio.rng.randint(10, 20)):
            left, top = studio.rng.randint(0, 12), studio.rng.randint(0, 12)
            frame = scene.crop((left, top, left + studio.side, top + studio.side))
            yield ImageEnhance.Brightness(frame).enhance(studio.rng.uniform(0.97, 1.03)), 66


def _falling_snow(studio: Studio) -> Iterator[Frame]:
    behind, steps = studio.picture(), studio.rng.randint(12, 30)
    flakes = Image.new("RGB", (studio.side, studio.side))
    pen = ImageDraw.Draw(flakes)
    for _ in range(studio.side // 4):
        x, y, radius = studio.rng.randrange(studio.side), studio.rng.randrange(studio.side), studio.rng.uniform(1, 3)
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill="white")
    for step in range(steps):
        fallen = ImageChops.offset(flakes, 0, round(step * studio.side / steps))
        yield ImageChops.lighter(behind, fallen), 80


_KINDS: dict[str, Callable[[Studio], Iterator[Frame]]] = {
    "two scenes": _fade,
    "a wide scene": _pan,
    "a scene from near": _zoom,
    "several scenes": _slides,
    "a few scenes": _slides_that_fade,
    "a neon sign": _blinking_sign,
    "a ball": _loop_that_holds,
    "a computer screen": _screen_recording,
    "a street": _short_film,
    "a snowy day": _falling_snow,
}
