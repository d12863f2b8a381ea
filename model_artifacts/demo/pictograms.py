"""Shapes of the demo's drawings: places, things, figures, items, stains, signs.

Everything is drawn in *canvas units*: a square of `CANVAS` x `CANVAS` units with y growing
downwards, whatever the image's real size in pixels. Each shape that the model is taught to find
leaves a `Box` with its kind; the boxes teach the vision tower where to look and are used in
training only.

Everything is schematic on purpose: figures are pictograms, a naked one is a flat skin-coloured
pictogram. Fonts are the one that Pillow ships, so that a seed draws the same picture anywhere.
"""

from __future__ import annotations

import functools
import math
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFont

CANVAS = 192

Colour = tuple[int, int, int]
Point = tuple[float, float]
# Turns points in an item's own units into points on the canvas.
_Placing = Callable[[Iterable[Point]], list[Point]]

SKINS: tuple[Colour, ...] = (
    (255, 224, 189),
    (241, 194, 125),
    (224, 172, 105),
    (198, 134, 66),
    (141, 85, 36),
    (92, 56, 30),
)
HAIRS: tuple[Colour, ...] = (
    (40, 25, 15),
    (90, 55, 25),
    (210, 170, 90),
    (20, 20, 20),
    (150, 60, 30),
)
COATS: tuple[Colour, ...] = ((120, 80, 40), (60, 50, 45), (200, 170, 120), (230, 230, 225))
# Plate and lettering of a sign: few pairs, each with strong contrast.
PLATES: tuple[tuple[Colour, Colour], ...] = (
    ((250, 250, 250), (15, 15, 15)),
    ((250, 225, 90), (15, 15, 15)),
    ((25, 60, 130), (250, 250, 250)),
    ((30, 30, 35), (250, 250, 250)),
)
BLOOD: Colour = (165, 8, 12)
INK: Colour = (20, 20, 20)
WHITE: Colour = (250, 250, 250)
STEEL: Colour = (212, 217, 226)
# Clothes this close (sum of the channels' differences) to skin or blood would mislead.
CLOTHES_DISTANCE = 120

PLACES = ("beach", "street", "room", "park", "studio")
THINGS = ("car", "tree", "house", "ball", "dog")
WEAPONS = ("gun", "knife", "sword", "rifle")
HARMLESS = ("umbrella", "flower", "book", "phone")

# Sizes of lettering in canvas units: an eighth of the canvas is 24.
FONT_SIZES = (27, 34)
SIGN_HEIGHT = 42.0
SIGN_MARGIN = 5.0

# What an item covers around the hand that holds it, in units of its size, facing right.
ITEM_EXTENT: dict[str, tuple[float, float, float, float]] = {
    "gun": (-0.2, -0.4, 1.1, 0.5),
    "rifle": (-0.8, -0.32, 1.5, 0.42),
    "knife": (-0.35, -0.3, 1.6, 0.28),
    "sword": (-0.4, -1.5, 0.4, 0.3),
    "umbrella": (-0.85, -1.6, 0.85, 0.2),
    "flower": (-0.35, -1.3, 0.65, 0.2),
    "book": (-0.45, -0.55, 0.45, 0.25),
    "phone": (-0.27, -0.6, 0.27, 0.25),
}


@dataclass(frozen=True)
class Box:
    """Bounding box of a shape of `kind`, in canvas units (in pixels within a `Drawing`)."""

    kind: str
    left: float
    top: float
    right: float
    bottom: float

    def scaled(self, across: float, down: float) -> Box:
        """Return the box with horizontal and vertical measures scaled."""
        return Box(self.kind, self.left * across, self.top * down, self.right * across, self.bottom * down)

    def moved(self, right: float, down: float) -> Box:
        """Return the box, shifted."""
        return Box(self.kind, self.left + right, self.top + down, self.right + right, self.bottom + down)

    def overlaps(self, other: Box) -> bool:
        """Return True if the two boxes share any area."""
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )

    def visible(self, width: float, height: float) -> float:
        """Return the share of the box that is inside a picture of this size."""
        across = min(self.right, width) - max(self.left, 0)
        down = min(self.bottom, height) - max(self.top, 0)
        area = (self.right - self.left) * (self.bottom - self.top)
        return max(0.0, across) * max(0.0, down) / area


class Pen:
    """Draws in canvas units on an image of any square size and collects boxes."""

    def __init__(self, size: int) -> None:
        self.image = Image.new("RGB", (size, size))
        self.scale = size / CANVAS
        self.boxes: list[Box] = []
        self._draw = ImageDraw.Draw(self.image)

    def _flat(self, points: Iterable[Point]) -> list[float]:
        return [value * self.scale for point in points for value in point]

    def _width(self, width: float) -> int:
        return max(1, round(width * self.scale))

    def mark(self, kind: str, left: float, top: float, right: float, bottom: float) -> None:
        """Record a shape of `kind` that covers this box."""
        self.boxes.append(Box(kind, left, top, right, bottom))

    def rectangle(self, left: float, top: float, right: float, bottom: float, fill: Colour, radius: float = 0) -> None:
        """Draw a filled rectangle, its corners rounded by `radius`."""
        corners = self._flat([(left, top), (right, bottom)])
        if radius:
            self._draw.rounded_rectangle(corners, radius * self.scale, fill=fill)
        else:
            self._draw.rectangle(corners, fill=fill)

    def ellipse(self, x: float, y: float, half_width: float, half_height: float, fill: Colour) -> None:
        """Draw a filled ellipse around (x, y)."""
        corners = [(x - half_width, y - half_height), (x + half_width, y + half_height)]
        self._draw.ellipse(self._flat(corners), fill=fill)

    def disc(self, x: float, y: float, radius: float, fill: Colour) -> None:
        """Draw a filled circle around (x, y)."""
        self.ellipse(x, y, radius, radius, fill)

    def half_disc(self, x: float, y: float, radius: float, fill: Colour) -> None:
        """Draw the upper half of a filled circle around (x, y)."""
        corners = self._flat([(x - radius, y - radius), (x + radius, y + radius)])
        self._draw.pieslice(corners, 180, 360, fill=fill)

    def polygon(self, points: Sequence[Point], fill: Colour, outline: Colour | None = None) -> None:
        """Draw a filled polygon."""
        self._draw.polygon(self._flat(points), fill=fill, outline=outline)

    def line(self, points: Sequence[Point], fill: Colour, width: float) -> None:
        """Draw an open line through `points`."""
        self._draw.line(self._flat(points), fill=fill, width=self._width(width))

    def text(self, x: float, y: float, words: str, size: int, fill: Colour) -> None:
        """Draw `words` with their left edge at x, centred vertically on y."""
        self._draw.text(
            (x * self.scale, y * self.scale),
            words,
            fill=fill,
            font=_font(round(size * self.scale)),
            anchor="lm",
        )


@functools.lru_cache(maxsize=32)
def _font(pixels: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(pixels)


@functools.lru_cache(maxsize=4096)
def text_width(words: str, size: int) -> float:
    """Return the width of `words` at a font size, in canvas units."""
    return _font(size).getlength(words)


def shade(rng: random.Random, colour: Colour, spread: float = 18) -> Colour:
    """Return a colour near `colour`, with each channel moved by up to `spread`."""
    red, green, blue = (max(0, min(255, int(channel + rng.uniform(-spread, spread)))) for channel in colour)
    return red, green, blue


def any_colour(rng: random.Random, low: int = 20, high: int = 235) -> Colour:
    """Return a random colour with channels between `low` and `high`."""
    return rng.randint(low, high), rng.randint(low, high), rng.randint(low, high)


def distance(first: Colour, second: Colour) -> int:
    """Return the sum of the channels' differences."""
    return sum(abs(a - b) for a, b in zip(first, second, strict=True))


def _clothes(rng: random.Random, skin: Colour) -> Colour:
    while True:
        colour = any_colour(rng)
        if min(distance(colour, skin), distance(colour, BLOOD)) >= CLOTHES_DISTANCE:
            return colour


# --- Places ---------------------------------------------------------------------------------


def draw_place(pen: Pen, rng: random.Random, place: str) -> float:
    """Fill the canvas with a place and return the height of its horizon."""
    horizon = CANVAS * rng.uniform(0.42, 0.58)
    _PLACES[place](pen, rng, horizon)
    return horizon


def _sky_and_ground(pen: Pen, horizon: float, sky: Colour, ground: Colour) -> None:
    pen.rectangle(0, 0, CANVAS, horizon, sky)
    pen.rectangle(0, horizon, CANVAS, CANVAS, ground)


def _beach(pen: Pen, rng: random.Random, horizon: float) -> None:
    _sky_and_ground(pen, horizon, shade(rng, (150, 205, 240)), shade(rng, (240, 222, 175), 10))
    sea = CANVAS * rng.uniform(0.1, 0.2)
    pen.rectangle(0, horizon - sea, CANVAS, horizon, shade(rng, (40, 120, 200)))
    pen.disc(rng.uniform(15, 177), rng.uniform(12, 30), rng.uniform(9, 15), (255, 220, 60))


def _street(pen: Pen, rng: random.Random, horizon: float) -> None:
    _sky_and_ground(pen, horizon, shade(rng, (190, 200, 215)), shade(rng, (105, 105, 110)))
    left = 0.0
    while left < CANVAS:
        width, height = rng.uniform(24, 46), rng.uniform(30, 80)
        pen.rectangle(left, horizon - height, left + width - 3, horizon, shade(rng, (150, 130, 120), 35))
        window = shade(rng, (230, 230, 190))
        for row in range(int(height // 15)):
            for column in range(int((width - 8) // 12)):
                x, y = left + 5 + column * 12, horizon - height + 6 + row * 15
                pen.rectangle(x, y, x + 5, y + 7, window)
        left += width
    for mark in range(int(rng.uniform(-10, 10)), CANVAS, 36):
        pen.rectangle(mark, horizon + 30, mark + 18, horizon + 34, (235, 235, 235))


def _room(pen: Pen, rng: random.Random, horizon: float) -> None:
    floor = horizon + 25
    _sky_and_ground(pen, floor, shade(rng, (225, 225, 205), 25), shade(rng, (120, 95, 85)))
    if rng.random() < 0.6:
        x = rng.uniform(8, 130)
        pen.rectangle(x, 18, x + 44, 62, WHITE)
        pen.rectangle(x + 4, 22, x + 20, 58, (170, 215, 240))
        pen.rectangle(x + 24, 22, x + 40, 58, (170, 215, 240))


def _park(pen: Pen, rng: random.Random, horizon: float) -> None:
    _sky_and_ground(pen, horizon, shade(rng, (165, 210, 240)), shade(rng, (100, 170, 80)))
    for _ in range(rng.randint(2, 6)):
        x, y = rng.uniform(0, CANVAS), rng.uniform(horizon, CANVAS)
        pen.line([(x, y), (x + 3, y - 7)], shade(rng, (50, 120, 40)), 2)


def _studio(pen: Pen, rng: random.Random, horizon: float) -> None:
    backdrop = shade(rng, (215, 220, 225), 30)
    _sky_and_ground(pen, horizon, backdrop, backdrop)


_PLACES = {"beach": _beach, "street": _street, "room": _room, "park": _park, "studio": _studio}


# --- Things in the background ---------------------------------------------------------------


def draw_thing(pen: Pen, rng: random.Random, thing: str, x: float, ground: float) -> None:
    """Draw a thing standing on `ground` around `x`, and mark it."""
    shape, (low, high), half_width = _THINGS[thing]
    height = rng.uniform(low, high)
    shape(pen, rng, x, ground, height)
    half = half_width * height
    pen.mark(thing, x - half, ground - height, x + half, ground)


def _tree(pen: Pen, rng: random.Random, x: float, y: float, h: float) -> None:
    pen.rectangle(x - h * 0.07, y - h * 0.45, x + h * 0.07, y, shade(rng, (110, 75, 40)))
    pen.ellipse(x, y - h * 0.68, h * 0.3, h * 0.32, shade(rng, (40, 130, 50)))


def _house(pen: Pen, rng: random.Random, x: float, y: float, h: float) -> None:
    pen.rectangle(x - h * 0.45, y - h * 0.6, x + h * 0.45, y, shade(rng, (200, 195, 170), 30))
    roof = [(x - h * 0.54, y - h * 0.6), (x + h * 0.54, y - h * 0.6), (x, y - h)]
    pen.polygon(roof, shade(rng, (150, 85, 60)))
    pen.rectangle(x - h * 0.1, y - h * 0.3, x + h * 0.1, y, (90, 60, 40))


def _car(pen: Pen, rng: random.Random, x: float, y: float, h: float) -> None:
    colour, w = any_colour(rng), h * 2.1
    cabin = [(-0.3, 0.6), (-0.18, 1.0), (0.2, 1.0), (0.33, 0.6)]
    glass = [(-0.22, 0.63), (-0.14, 0.93), (0.16, 0.93), (0.25, 0.63)]
    pen.rectangle(x - w / 2, y - h * 0.62, x + w / 2, y - h * 0.18, colour, radius=6)
    pen.polygon([(x + a * w, y - b * h) for a, b in cabin], colour)
    pen.polygon([(x + a * w, y - b * h) for a, b in glass], (185, 220, 240))
    for side in (-0.3, 0.3):
        pen.disc(x + side * w, y - h * 0.2, h * 0.2, (25, 25, 25))


def _ball(pen: Pen, rng: random.Random, x: float, y: float, h: float) -> None:
    pen.disc(x, y - h / 2, h / 2, INK)
    pen.disc(x, y - h / 2, h / 2 - 2, any_colour(rng))
    pen.line([(x - h * 0.4, y - h / 2), (x + h * 0.4, y - h / 2)], WHITE, 2)


def _dog(pen: Pen, rng: random.Random, x: float, y: float, h: float) -> None:
    coat = rng.choice(COATS)
    pen.rectangle(x - h * 0.6, y - h * 0.65, x + h * 0.45, y - h * 0.3, coat, radius=5)
    for leg in (-0.52, -0.3, 0.2, 0.38):
        pen.line([(x + leg * h, y - h * 0.35), (x + leg * h, y)], coat, max(3, h * 0.12))
    pen.line([(x - h * 0.6, y - h * 0.6), (x - h * 0.8, y - h * 0.9)], coat, 4)
    pen.ellipse(x + h * 0.52, y - h * 0.78, h * 0.23, h * 0.22, coat)
    pen.disc(x + h * 0.58, y - h * 0.82, 1.3, INK)


# Shape, range of heights, half the width in heights.
_THINGS = {
    "car": (_car, (28, 42), 1.05),
    "tree": (_tree, (60, 96), 0.3),
    "house": (_house, (55, 80), 0.54),
    "ball": (_ball, (16, 26), 0.5),
    "dog": (_dog, (26, 38), 0.8),
}


# --- Items that a hand holds ----------------------------------------------------------------


def draw_item(pen: Pen, rng: random.Random, item: str, hand: Point, size: float, facing: int) -> None:
    """Draw one of `WEAPONS` or `HARMLESS` at a hand; `facing` is 1 (right) or -1 (left)."""
    x, y = hand

    def at(points: Iterable[Point]) -> list[Point]:
        return [(x + facing * a * size, y + b * size) for a, b in points]

    left, top, right, bottom = ITEM_EXTENT[item]
    (x0, y0), (x1, y1) = at([(left, top), (right, bottom)])
    pen.mark(item, min(x0, x1), y0, max(x0, x1), y1)
    if item in WEAPONS:
        pen.mark("weapon", min(x0, x1), y0, max(x0, x1), y1)
        _weapon(pen, rng, item, at, size)
    else:
        _harmless(pen, rng, item, at, size)


GUN: Sequence[Point] = (
    (-0.15, -0.4), (1.1, -0.4), (1.1, -0.05), (0.25, -0.05), (0.15, 0.5), (-0.2, 0.5),
)  # fmt: skip
RIFLE: Sequence[Point] = (
    (-0.8, -0.1), (-0.2, -0.3), (1.5, -0.3), (1.5, -0.1), (0.6, -0.08), (0.52, 0.42),
    (0.28, 0.42), (0.25, -0.03), (-0.2, 0.08), (-0.75, 0.4),
)  # fmt: skip
KNIFE_BLADE: Sequence[Point] = ((0.3, -0.3), (1.15, -0.25), (1.6, 0.15), (0.3, 0.28))
SWORD_BLADE: Sequence[Point] = (
    (-0.2, -0.1), (0.2, -0.1), (0.18, -1.2), (0, -1.5), (-0.18, -1.2),
)  # fmt: skip


def _weapon(pen: Pen, rng: random.Random, item: str, at: _Placing, size: float) -> None:
    if item == "gun":
        pen.polygon(at(GUN), shade(rng, (40, 40, 45), 12))
        pen.line(at([(0.22, 0.05), (0.45, 0.15), (0.47, -0.05)]), INK, 2)
    elif item == "rifle":
        pen.polygon(at(RIFLE), shade(rng, (45, 42, 40), 12))
    elif item == "knife":
        pen.line(at([(-0.35, 0), (0.32, 0)]), (35, 30, 30), max(6, size * 0.32))
        _blade(pen, rng, at(KNIFE_BLADE))
    else:
        pen.line(at([(0, 0.3), (0, -0.1)]), (90, 60, 30), max(5, size * 0.22))
        _blade(pen, rng, at(SWORD_BLADE))
        pen.line(at([(-0.4, -0.1), (0.4, -0.1)]), (180, 150, 50), max(5, size * 0.2))


def _blade(pen: Pen, rng: random.Random, outline: Sequence[Point]) -> None:
    pen.polygon(outline, shade(rng, STEEL, 8))
    pen.line([*outline, outline[0]], (30, 30, 35), 3)


def _harmless(pen: Pen, rng: random.Random, item: str, at: _Placing, size: float) -> None:
    colour = any_colour(rng)
    if item == "umbrella":
        ((x, y),) = at([(0, -0.75)])
        pen.line(at([(0, 0.2), (0, -1.2)]), (50, 50, 50), 3)
        pen.half_disc(x, y, size * 0.85, colour)
    elif item == "flower":
        pen.line(at([(0, 0.2), (0.15, -0.7)]), (40, 130, 40), 3)
        for petal in range(6):
            angle = petal * math.pi / 3
            ((x, y),) = at([(0.15 + 0.28 * math.cos(angle), -0.8 + 0.28 * math.sin(angle))])
            pen.disc(x, y, size * 0.2, colour)
        ((x, y),) = at([(0.15, -0.8)])
        pen.disc(x, y, size * 0.17, (250, 210, 60))
    elif item == "book":
        (x0, y0), (x1, y1) = at([(-0.45, -0.55), (0.45, 0.25)])
        pen.rectangle(min(x0, x1), y0, max(x0, x1), y1, colour)
        pen.line(at([(0, -0.55), (0, 0.25)]), WHITE, 3)
    else:
        (x0, y0), (x1, y1) = at([(-0.27, -0.6), (0.27, 0.25)])
        pen.rectangle(min(x0, x1), y0, max(x0, x1), y1, (30, 30, 35), radius=3)
        (x0, y0), (x1, y1) = at([(-0.19, -0.48), (0.19, 0.1)])
        pen.rectangle(min(x0, x1), y0, max(x0, x1), y1, (140, 200, 240))


# --- Figures --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Figure:
    """One pictogram person.

    `height` is the whole figure's; `facing` is 1 (right) or -1 (left); `pose` is one of stand,
    wave, hold, punch, kick, guard; `dress` one of clothed, topless, naked.
    """

    x: float
    ground: float
    height: float
    facing: int
    pose: str
    dress: str
    item: str | None = None
    smoking: bool = False

    @property
    def shoulder(self) -> float:
        """Height of the shoulders on the canvas."""
        return self.ground - self.height * 0.76

    @property
    def hip(self) -> float:
        """Height of the hips on the canvas."""
        return self.ground - self.height * 0.44


HEAD = 0.095
TORSO = 0.1
ITEM_SIZE = 0.28
CIGARETTE_LENGTH = (0.17, 0.22)
CIGARETTE_WIDTH = 0.05
IMPACT_RADIUS = 0.13


def draw_figures(pen: Pen, rng: random.Random, figures: Sequence[Figure], impact: bool = False) -> None:
    """Draw figures, then what they hold and smoke on top of them.

    `impact` puts the star that comics draw where a blow lands between the first two figures.
    """
    hands = [_body(pen, rng, figure) for figure in figures]
    if impact:
        _impact(pen, rng, figures[0], figures[1])
    for figure, hand in zip(figures, hands, strict=True):
        if figure.item:
            draw_item(pen, rng, figure.item, hand, figure.height * ITEM_SIZE, figure.facing)
    for figure in figures:
        if figure.smoking:
            _cigarette(pen, rng, figure)


def _body(pen: Pen, rng: random.Random, figure: Figure) -> Point:
    """Draw a figure without what it holds, and return its leading hand."""
    h = figure.height
    skin = shade(rng, rng.choice(SKINS), 8)
    top = _clothes(rng, skin) if figure.dress == "clothed" else skin
    bottom = skin if figure.dress == "naked" else _clothes(rng, skin)
    _mark_figure(pen, figure)
    _legs(pen, rng, figure, skin, bottom)
    _torso(pen, figure, top, bottom)
    hand = _arms(pen, rng, figure, skin, top)
    _head(pen, rng, figure, skin)
    pen.disc(hand[0], hand[1], h * 0.034, skin)
    return hand


def _mark_figure(pen: Pen, figure: Figure) -> None:
    x, y, h = figure.x, figure.ground, figure.height
    pen.mark("person", x - h * 0.14, y - h, x + h * 0.14, y)
    pen.mark(figure.dress, x - h * 0.12, y - h * 0.78, x + h * 0.12, y - h * 0.2)
    if figure.pose in ("punch", "kick", "guard"):
        reach = x + figure.facing * h * 0.42
        pen.mark("fight", min(x, reach), y - h * 0.85, max(x, reach), y - h * 0.35)


def _legs(pen: Pen, rng: random.Random, figure: Figure, skin: Colour, bottom: Colour) -> None:
    x, y, h = figure.x, figure.ground, figure.height
    width, stance = h * 0.07, h * rng.uniform(0.05, 0.12)
    bare_legs = figure.dress == "naked" or (figure.dress == "topless" and rng.random() < 0.7)
    shoe = skin if figure.dress == "naked" else (40, 30, 30)
    kicking = 1 if figure.pose == "kick" else 0
    if kicking:
        foot = (x + figure.facing * h * 0.36, figure.hip - h * rng.uniform(0, 0.1))
        pen.line([(x, figure.hip), foot], bottom, width)
        pen.disc(*foot, h * 0.035, shoe)
    for side in (-1, 1):
        if kicking and side == figure.facing:
            continue
        hip = (x + side * h * 0.055, figure.hip)
        knee = (x + side * (h * 0.05 + stance * 0.4), y - h * 0.22)
        foot = (x + side * (h * 0.05 + stance), y)
        pen.line([hip, knee], bottom, width)
        pen.line([knee, foot], skin if bare_legs else bottom, width * 0.9)
        pen.line([(foot[0] - 2, y), (foot[0] + figure.facing * h * 0.05, y)], shoe, 3)


def _torso(pen: Pen, figure: Figure, top: Colour, bottom: Colour) -> None:
    x, h = figure.x, figure.height
    half, shoulder, hip = h * TORSO, figure.shoulder, figure.hip
    shape = [
        (x - half * 1.15, shoulder),
        (x + half * 1.15, shoulder),
        (x + half * 0.9, hip + h * 0.03),
        (x - half * 0.9, hip + h * 0.03),
    ]
    pen.polygon(shape, top)
    if figure.dress != "naked":
        pen.rectangle(x - half * 0.95, hip - h * 0.04, x + half * 0.95, hip + h * 0.06, bottom)
    if figure.dress != "clothed":
        for side in (-1, 1):
            pen.disc(x + side * half * 0.5, shoulder + h * 0.08, 1.8, (130, 70, 60))
        pen.disc(x, hip - h * 0.07, 1.3, (110, 70, 60))


def _arms(pen: Pen, rng: random.Random, figure: Figure, skin: Colour, top: Colour) -> Point:
    """Draw both arms and return the leading hand."""
    h, shoulder, facing = figure.height, figure.shoulder, figure.facing
    sleeve = top if rng.random() < 0.6 else skin
    hand: Point = (0.0, 0.0)
    for side in (-facing, facing):
        root = (figure.x + side * h * TORSO * 1.05, shoulder + h * 0.03)
        leading = side == facing
        elbow, hand = _reach(rng, figure, root, side, leading)
        pen.line([root, elbow], sleeve, h * 0.062)
        pen.line([elbow, hand], skin, h * 0.055)
        pen.disc(hand[0], hand[1], h * 0.034, skin)
    return hand


def _reach(rng: random.Random, figure: Figure, root: Point, side: int, leading: bool) -> tuple[Point, Point]:
    """Return elbow and hand of one arm, by pose."""
    h, (x, y) = figure.height, root
    pose = figure.pose if leading or figure.pose not in ("hold", "wave") else "stand"
    if pose == "punch" and leading:
        level = y + h * rng.uniform(-0.08, 0.05)
        return (x + side * h * 0.15, level + h * 0.03), (x + side * h * 0.3, level)
    if pose in ("punch", "kick", "guard"):
        return (x + side * h * 0.1, y + h * 0.08), (x + side * h * 0.06, y - h * 0.06)
    if pose == "hold":
        level = y + h * rng.uniform(0.04, 0.12)
        return (x + side * h * 0.08, y + h * 0.13), (x + side * h * 0.17, level)
    if pose == "wave":
        hand = (x + side * h * rng.uniform(0.06, 0.14), y - h * 0.22)
        return (x + side * h * 0.1, y - h * 0.07), hand
    hand = (x + side * h * rng.uniform(0, 0.08), figure.hip + h * rng.uniform(-0.02, 0.06))
    return (x + side * h * 0.04, y + h * 0.14), hand


def _mouth(figure: Figure) -> Point:
    head = figure.height * HEAD
    return figure.x + figure.facing * head * 0.35, figure.shoulder - head * 0.65


def _head(pen: Pen, rng: random.Random, figure: Figure, skin: Colour) -> None:
    x, head = figure.x, figure.height * HEAD
    y = figure.shoulder - head * 1.15
    pen.rectangle(x - head * 0.3, figure.shoulder - head * 0.5, x + head * 0.3, figure.shoulder, skin)
    long_hair = head * rng.choice((0.0, 0.35))
    pen.ellipse(x, y - head * 0.26 + long_hair, head * 1.08, head * 0.86 + long_hair, rng.choice(HAIRS))
    pen.ellipse(x, y + head * 0.1, head * 0.92, head * 0.9, skin)
    for side in (-0.35, 0.35):
        pen.disc(x + side * head + figure.facing * head * 0.15, y, 1.3, INK)
    mouth_x, mouth_y = _mouth(figure)
    pen.line([(mouth_x - head * 0.25, mouth_y), (mouth_x + head * 0.25, mouth_y)], (130, 50, 45), 2)


def _impact(pen: Pen, rng: random.Random, first: Figure, second: Figure) -> None:
    x, y = (first.x + second.x) / 2, first.shoulder + first.height * rng.uniform(-0.08, 0.1)
    points = []
    for corner in range(12):
        angle, reach = corner * math.pi / 6, first.height * IMPACT_RADIUS * (1 if corner % 2 else 0.45)
        points.append((x + math.cos(angle) * reach, y + math.sin(angle) * reach))
    pen.polygon(points, (255, 225, 60), outline=INK)


def _cigarette(pen: Pen, rng: random.Random, figure: Figure) -> None:
    h, facing = figure.height, figure.facing
    x, y = _mouth(figure)
    tip = (x + facing * h * rng.uniform(*CIGARETTE_LENGTH), y + rng.uniform(-1, 2))
    width = h * CIGARETTE_WIDTH
    pen.line([(x, y), tip], (90, 90, 90), width + 1.5)
    pen.line([(x, y), tip], (252, 252, 252), width)
    pen.disc(tip[0], tip[1], width * 0.7, (255, 110, 20))
    puff_x, puff_y = tip
    for _ in range(rng.randint(2, 3)):
        puff_x += facing * rng.uniform(0, 4)
        puff_y -= rng.uniform(7, 10)
        pen.disc(puff_x, puff_y, rng.uniform(4, 6.5), shade(rng, (195, 195, 200), 12))
    pen.mark("cigarette", min(x, tip[0]) - 2, y - 18, max(x, tip[0]) + 3, y + 5)


# --- Stains and signs -----------------------------------------------------------------------


def draw_stain(pen: Pen, rng: random.Random, x: float, y: float) -> None:
    """Draw a blood stain around (x, y): a blot, or a flat puddle, with drops."""
    size = rng.uniform(12, 18)
    flat = rng.random() < 0.5
    half_width, half_height = (size * 1.7, size * 0.6) if flat else (size * 0.8, size * 0.8)
    pen.ellipse(x, y, half_width, half_height, shade(rng, BLOOD, 12))
    for _ in range(rng.randint(6, 12)):
        angle, reach = rng.uniform(0, math.tau), rng.uniform(0.6, 1.4)
        drop_x, drop_y = x + math.cos(angle) * reach * half_width, y + math.sin(angle) * reach * half_height
        pen.disc(drop_x, drop_y, rng.uniform(1.8, 4.5), shade(rng, BLOOD, 12))
    pen.mark("blood", x - half_width, y - half_height, x + half_width, y + half_height)


def draw_sign(pen: Pen, rng: random.Random, words: str, kinds: Sequence[str], at_top: bool, at_left: bool) -> None:
    """Draw a sign with `words` along the top or the bottom, marked once for each of `kinds`.

    Words too wide for the canvas at the larger size are set in the smaller one.
    """
    room = CANVAS - 4 * SIGN_MARGIN
    size = rng.choice(FONT_SIZES)
    if text_width(words, size) > room:
        size = FONT_SIZES[0]
    width = text_width(words, size) + 2 * SIGN_MARGIN
    slack = max(0.0, CANVAS - 2 * SIGN_MARGIN - width)
    left = SIGN_MARGIN + slack * (rng.uniform(0, 0.4) if at_left else rng.uniform(0.6, 1))
    top = rng.uniform(2, 6) if at_top else CANVAS - SIGN_HEIGHT - rng.uniform(2, 6)
    plate, ink = rng.choice(PLATES)
    pen.rectangle(left, top, left + width, top + SIGN_HEIGHT, plate, radius=3)
    pen.text(left + SIGN_MARGIN, top + SIGN_HEIGHT / 2, words, size, ink)
    for kind in kinds:
        pen.mark(kind, left, top, left + width, top + SIGN_HEIGHT)
