"""Schematic drawings with known contents, for training and evaluating the demo checkpoint.

`draw` makes one drawing from a random generator; the same generator state gives the same drawing
on any machine. A drawing knows its facts, so its answers to the eight questions and its caption
are derived, never guessed.

Two splits are kept apart by *layout*, not only by seed. Every place reserves one position for
figures (or for an item that lies alone), one for a sign and one for a stain; `split="train"` never
uses a reserved one, `split="heldout"` uses only these. So whatever a held-out drawing shows in a
place, it shows where no training drawing had it. (Training also shows drawings as tiles of larger
pictures, `draw_view`: these are moved about as a whole, so that there only the layout within the
drawing is kept apart.)
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar, get_args

from PIL import Image, ImageFilter

from .pictograms import (
    CANVAS,
    HARMLESS,
    PLACES,
    SIGN_HEIGHT,
    THINGS,
    WEAPONS,
    Box,
    Figure,
    Pen,
    draw_figures,
    draw_item,
    draw_place,
    draw_sign,
    draw_stain,
    draw_thing,
)

QUESTIONS = (
    "Does this photo contain complete naked person?",
    "Does this photo contain topless person?",
    "Does this photo contain weapon?",
    "Does this photo contain contact information?",
    "Does this photo contain a smoker?",
    "Does this photo contain blood?",
    "Are there persons fighting in this photo?",
    "Does this photo contain harassment words?",
)

Split = Literal["train", "heldout"]
Subject = Literal["safe", "naked", "topless", "weapon", "contact", "smoker", "blood", "fighting", "insult"]
SUBJECTS: tuple[Subject, ...] = get_args(Subject)

INSULTS = ("IDIOT", "LOSER", "STUPID", "UGLY", "MORON", "DUMB", "SHUT UP", "TRASH")
NEUTRAL_WORDS = (
    "WELCOME", "SALE", "PIZZA", "COFFEE", "PARKING", "EXIT",
    "HELLO", "SUMMER", "MARKET", "BAKERY", "PEACE", "OPEN",
)  # fmt: skip
# Short, so that an address fits on a sign.
NAMES = ("ann", "bob", "eva", "leo", "mia", "tim", "ida", "sue", "ben", "lea", "tom", "eli")
HOSTS = ("fun.org", "mail.de", "web.de", "net.de")
DIALS = ("tel", "call")

Dress = Literal["clothed", "topless", "naked"]
WordsKind = Literal["neutral", "contact", "insult"]
Side = Literal["left", "centre", "right"]
SignAt = Literal["top-left", "top-right", "bottom-left", "bottom-right"]
DRESSES: tuple[Dress, ...] = get_args(Dress)
WORDS_KINDS: tuple[WordsKind, ...] = get_args(WordsKind)
SIDES: tuple[Side, ...] = get_args(Side)
SIGNS_AT: tuple[SignAt, ...] = get_args(SignAt)

# Kinds of box that the vision tower learns to find, in a fixed order.
BOX_KINDS = (
    "blood", "cigarette", "clothed", "topless", "naked", "person", "fight",
    "neutral", "contact", "insult",
    "weapon", *WEAPONS, *HARMLESS, *THINGS, *INSULTS, *NEUTRAL_WORDS,
)  # fmt: skip


@dataclass(frozen=True)
class Layout:
    """Positions of a place's contents, which the two splits never share."""

    place: str
    figures_at: Side
    sign_at: SignAt
    stain_at: Side


_Option = TypeVar("_Option", bound=str)


def _rotated(options: Sequence[_Option], place: int) -> _Option:
    return options[place % len(options)]


# The layout that each place keeps back for evaluation.
RESERVED: dict[str, Layout] = {
    place: Layout(
        place,
        _rotated(SIDES, index),
        _rotated(SIGNS_AT, index),
        _rotated(SIDES, index + 1),
    )
    for index, place in enumerate(PLACES)
}


@dataclass(frozen=True)
class Facts:
    """Content of a drawing. `item`, `words` and `dress` are None if there is none."""

    layout: Layout
    figures: int = 0
    dress: Dress | None = None
    fighting: bool = False
    smoking: bool = False
    item: str | None = None
    stained: bool = False
    words: str | None = None
    words_kind: WordsKind | None = None
    things: tuple[str, ...] = ()

    @property
    def labels(self) -> tuple[bool, ...]:
        """True answers, in the order of `QUESTIONS`. A naked figure is topless as well."""
        return (
            self.dress == "naked",
            self.dress in ("naked", "topless"),
            self.item in WEAPONS,
            self.words_kind == "contact",
            self.smoking,
            self.stained,
            self.fighting,
            self.words_kind == "insult",
        )


@dataclass(frozen=True)
class Drawing:
    """RGB image with its labels.

    `labels` are in the order of `QUESTIONS`; `boxes` are in pixels of `image`.
    """

    image: Image.Image
    facts: Facts
    labels: tuple[bool, ...]
    caption: str
    boxes: tuple[Box, ...]


def draw(
    rng: random.Random,
    *,
    split: Split = "train",
    only: Subject | None = None,
    size: int = CANVAS,
) -> Drawing:
    """Draw a picture of `size` x `size` pixels.

    `only` asks for exactly one unsafe subject, or for none with "safe"; without it contents are
    random. Only "naked" answers two questions with yes.
    """
    facts = _random_facts(rng, _layout(rng, split))
    if only is not None:
        facts = _restricted(rng, facts, only)
    pen = Pen(size)
    _compose(pen, rng, facts)
    image = _weathered(rng, pen.image)
    boxes = tuple(box.scaled(pen.scale, pen.scale) for box in pen.boxes)
    return Drawing(image, facts, facts.labels, describe(facts), boxes)


def embed_small(
    rng: random.Random,
    *,
    split: Split = "heldout",
    only: Subject = "weapon",
    size: tuple[int, int] = (1024, 1024),
    share: float = 0.4,
) -> Drawing:
    """Embed a small framed drawing somewhere in a large picture of a harmless place.

    `size` is (width, height) in pixels; the framed drawing's side is `share` of the shorter one.
    Facts, labels and caption are the small drawing's. Raises ValueError if `share` isn't in (0, 1).
    """
    if not 0 < share < 1:
        raise ValueError(f"share must lie between 0 and 1, not {share}")
    side = round(min(size) * share)
    small = draw(rng, split=split, only=only, size=side)
    scene = _scenery(rng, max(size), rng.choice(PLACES)).crop((0, 0, *size))
    left, top = rng.randint(0, size[0] - side), rng.randint(0, size[1] - side)
    return _framed(scene, small, (left, top), (side, side))


def draw_view(rng: random.Random, *, split: Split = "train") -> Drawing:
    """Draw a view of a large picture: scenery only, or with a framed drawing, small or magnified.

    Many of the drawings are cut off at the edges; facts, labels and caption are about what is still
    to be seen, and nothing unsafe is half visible: what is harmless must be so however it is cut.
    """
    manner = rng.choices(("empty", "small", "whole", "cut off"), _VIEW_MANNERS)[0]
    if manner == "small":
        return _small_view(rng, split)
    place = rng.choice(PLACES)
    left, top = rng.randint(0, CANVAS), rng.randint(0, CANVAS)
    scene = _scenery(rng, 2 * CANVAS, place).crop((left, top, left + CANVAS, top + CANVAS))
    small = draw(rng, split=split, only="safe" if rng.random() < _VIEWS_SAFE else None, size=2 * CANVAS)
    if manner == "empty":
        return _scenery_alone(scene, small.facts, place)
    if manner == "cut off":
        for _ in range(_CUT_OFF_TRIES):
            width, height = _sides(rng, _CUT_OFF_VIEW_SHARE)
            corner = (_offset(rng, width, _CUT_OFF * width), _offset(rng, height, _CUT_OFF * height))
            facts = _still_shown(small.facts, _placed(small, corner, (width, height)), scene.size)
            if facts is not None:
                view = _framed(scene, small, corner, (width, height))
                return dataclasses.replace(view, facts=facts, labels=facts.labels, caption=describe(facts))
    width, height = _sides(rng, _WHOLE_VIEW_SHARE)
    return _framed(scene, small, (_offset(rng, width, 0), _offset(rng, height, 0)), (width, height))


def _small_view(rng: random.Random, split: Split) -> Drawing:
    """Draw a whole scene with a drawing so small that its content counts as safe if it can't be recognised."""
    scene = _scenery(rng, CANVAS, rng.choice(PLACES))
    width, height = _sides(rng, _SMALL_VIEW_SHARE)
    legible = min(width, height) >= _LEGIBLE_SHARE * CANVAS
    safe = not legible or rng.random() < _SMALL_VIEWS_SAFE
    small = draw(rng, split=split, only="safe" if safe else None, size=2 * CANVAS)
    return _framed(scene, small, (_offset(rng, width, 0), _offset(rng, height, 0)), (width, height))


def _scenery_alone(scene: Image.Image, facts: Facts, place: str) -> Drawing:
    nothing = dataclasses.replace(
        facts,
        layout=dataclasses.replace(facts.layout, place=place),
        figures=0,
        dress=None,
        fighting=False,
        smoking=False,
        item=None,
        stained=False,
        words=None,
        words_kind=None,
        things=(),
    )
    return Drawing(image=scene, facts=nothing, labels=nothing.labels, caption=describe(nothing), boxes=())


def _sides(rng: random.Random, share: tuple[float, float]) -> tuple[int, int]:
    """Return width and height on the canvas of a drawing, which may be slightly stretched."""
    side = CANVAS * rng.uniform(*share)
    width, height = (min(round(side * rng.uniform(*_STRETCH)), round(CANVAS * share[1])) for _ in range(2))
    return width, height


def _offset(rng: random.Random, length: int, spill: float) -> int:
    """Return the start on the canvas of a shape of `length`, at most `spill` beyond an edge if it fits."""
    ends = (-round(spill), CANVAS - length + round(spill))
    return rng.randint(min(ends), max(ends))


# --- What to draw ---------------------------------------------------------------------------


def _layout(rng: random.Random, split: Split) -> Layout:
    place = rng.choice(PLACES)
    reserved = RESERVED[place]
    if split == "heldout":
        return reserved

    def other(options: Sequence[_Option], taken: _Option) -> _Option:
        return rng.choice([option for option in options if option != taken])

    return Layout(
        place,
        other(SIDES, reserved.figures_at),
        other(SIGNS_AT, reserved.sign_at),
        other(SIDES, reserved.stain_at),
    )


def _random_facts(rng: random.Random, layout: Layout) -> Facts:
    figures = rng.choices((0, 1, 2), (0.16, 0.40, 0.44))[0]
    fighting = figures == 2 and rng.random() < 0.6
    dress = rng.choices(DRESSES, (0.42, 0.28, 0.30))[0]
    item = rng.choices((rng.choice(WEAPONS), rng.choice(HARMLESS), None), (0.38, 0.2, 0.42))[0]
    kind = rng.choices((*WORDS_KINDS, None), (0.2, 0.26, 0.28, 0.26))[0]
    return Facts(
        layout,
        figures=figures,
        dress=dress if figures else None,
        fighting=fighting,
        smoking=figures > 0 and rng.random() < 0.38,
        item=item,
        stained=rng.random() < 0.3,
        words=_words(rng, kind) if kind else None,
        words_kind=kind,
        things=tuple(thing for thing in THINGS if rng.random() < 0.12),
    )


def _restricted(rng: random.Random, facts: Facts, only: Subject) -> Facts:
    """Return the facts without unsafe content, then with `only`."""
    figures = max(1, facts.figures) if only in ("naked", "topless", "smoker") else facts.figures
    figures = 2 if only == "fighting" else figures
    dress: Dress = only if only == "naked" or only == "topless" else "clothed"
    item = facts.item if facts.item in HARMLESS else None
    kind: WordsKind | None = "neutral" if facts.words else None
    if only == "contact" or only == "insult":
        kind = only
    return dataclasses.replace(
        facts,
        figures=figures,
        dress=dress if figures else None,
        fighting=only == "fighting",
        smoking=only == "smoker",
        item=rng.choice(WEAPONS) if only == "weapon" else item,
        stained=only == "blood",
        words=_words(rng, kind) if kind else None,
        words_kind=kind,
    )


def _words(rng: random.Random, kind: str) -> str:
    if kind == "contact":
        return rng.choice(_CONTACTS)(rng)
    return rng.choice(INSULTS if kind == "insult" else NEUTRAL_WORDS)


def _digits(rng: random.Random, count: int) -> str:
    return "".join(rng.choice("0123456789") for _ in range(count))


def _local_number(rng: random.Random) -> str:
    return f"{_digits(rng, 3)}-{_digits(rng, 4)}"


def _international_number(rng: random.Random) -> str:
    return f"+{rng.randint(1, 99)} {_digits(rng, 3)} {_digits(rng, 3)}"


def _dialled_number(rng: random.Random) -> str:
    return f"{rng.choice(DIALS)} {_digits(rng, 3)} {_digits(rng, 2)}"


def _email(rng: random.Random) -> str:
    return f"{rng.choice(NAMES)}@{rng.choice(HOSTS)}"


def _handle(rng: random.Random) -> str:
    return f"@{rng.choice(NAMES)}{_digits(rng, 2)}"


_CONTACTS: tuple[Callable[[random.Random], str], ...] = (
    _local_number,
    _international_number,
    _dialled_number,
    _email,
    _handle,
)


# --- Where to draw it -----------------------------------------------------------------------

# The ranges are disjoint, so that a reserved position is truly unseen in training.
_SINGLE_X: dict[Side, tuple[float, float]] = {
    "left": (34, 64),
    "centre": (80, 112),
    "right": (128, 158),
}
_PAIR_X: dict[Side, tuple[float, float]] = {
    "left": (68, 78),
    "centre": (90, 102),
    "right": (114, 124),
}
_STAIN_X: dict[Side, tuple[float, float]] = {
    "left": (28, 60),
    "centre": (78, 114),
    "right": (132, 164),
}
_FIGURE_HEIGHT = (104.0, 130.0)
_LONE_ITEM_SIZE = (30.0, 42.0)
_IMPACT_SHARE = 0.7
# A figure with what it holds reaches this many of its heights above the ground, a fighter more.
_HEADROOM = 1.14
_FIGHTING_HEADROOM = 1.27
_GAP = 4.0


@dataclass(frozen=True)
class _Stage:
    """Part of the canvas, from `top` to `bottom`, that isn't covered by a sign."""

    top: float
    bottom: float


def _stage(facts: Facts) -> _Stage:
    if facts.words is None:
        return _Stage(_GAP, CANVAS - _GAP)
    taken = SIGN_HEIGHT + 2 * _GAP
    if facts.layout.sign_at.startswith("top"):
        return _Stage(taken, CANVAS - _GAP)
    return _Stage(_GAP, CANVAS - taken)


def _compose(pen: Pen, rng: random.Random, facts: Facts) -> None:
    layout, stage = facts.layout, _stage(facts)
    horizon = draw_place(pen, rng, layout.place)
    for thing in facts.things:
        ground = min(stage.bottom - 8, horizon + rng.uniform(8, 45))
        draw_thing(pen, rng, thing, rng.uniform(20, CANVAS - 20), ground)
    stain_in_front = rng.random() < 0.5
    if facts.stained and not stain_in_front:
        _place_stain(pen, rng, layout, stage)
    if facts.figures:
        _place_figures(pen, rng, facts, stage)
    elif facts.item:
        _place_lone_item(pen, rng, facts.item, layout, stage)
    if facts.stained and stain_in_front:
        _place_stain(pen, rng, layout, stage)
    if facts.words and facts.words_kind:
        kinds: list[str] = [facts.words_kind]
        if facts.words_kind != "contact":
            kinds.append(facts.words)
        vertical, side = layout.sign_at.split("-")
        draw_sign(pen, rng, facts.words, kinds, vertical == "top", side == "left")


def _place_stain(pen: Pen, rng: random.Random, layout: Layout, stage: _Stage) -> None:
    x = rng.uniform(*_STAIN_X[layout.stain_at])
    draw_stain(pen, rng, x, rng.uniform(stage.top + 40, stage.bottom - 18))


def _place_figures(pen: Pen, rng: random.Random, facts: Facts, stage: _Stage) -> None:
    impact = facts.fighting and rng.random() < _IMPACT_SHARE
    draw_figures(pen, rng, _figures(rng, facts, stage), impact)


def _place_lone_item(pen: Pen, rng: random.Random, item: str, layout: Layout, stage: _Stage) -> None:
    x = rng.uniform(*_SINGLE_X[layout.figures_at])
    size = rng.uniform(*_LONE_ITEM_SIZE)
    y = rng.uniform(stage.top + 2 * size, stage.bottom - size)
    draw_item(pen, rng, item, (x, y), size, _inward(rng, layout.figures_at))


def _inward(rng: random.Random, side: Side) -> int:
    """Return the direction (1 right, -1 left) away from the nearer edge."""
    return {"left": 1, "centre": rng.choice((-1, 1)), "right": -1}[side]


def _figures(rng: random.Random, facts: Facts, stage: _Stage) -> list[Figure]:
    headroom = _FIGHTING_HEADROOM if facts.fighting and facts.item else _HEADROOM
    height = min(rng.uniform(*_FIGURE_HEIGHT), (stage.bottom - stage.top) / headroom)
    ground = rng.uniform(max(stage.top + height * headroom, stage.bottom - 30), stage.bottom)
    side = facts.layout.figures_at
    if facts.figures == 1:
        facing = _inward(rng, side)
        x = rng.uniform(*_SINGLE_X[side])
        pose = "hold" if facts.item else rng.choice(("stand", "wave"))
        return [_dressed(Figure(x, ground, height, facing, pose, "clothed"), facts, True, True)]
    return _pair(rng, facts, height, ground)


def _pair(rng: random.Random, facts: Facts, height: float, ground: float) -> list[Figure]:
    """Return two figures; one of them holds the item, one smokes. Fighters face each other."""
    centre = rng.uniform(*_PAIR_X[facts.layout.figures_at])
    apart = height * (rng.uniform(0.24, 0.32) if facts.fighting else rng.uniform(0.28, 0.4))
    holder, smoker = rng.randrange(2), rng.randrange(2)
    striker = holder if facts.item else rng.randrange(2)
    pair = []
    for index, side in enumerate((-1, 1)):
        if facts.fighting:
            facing, pose = -side, "punch" if index == striker else rng.choice(_FIGHTING_POSES)
        elif facts.item and index == holder:
            facing, pose = -side, "hold"  # outwards, a long item would leave the canvas
        else:
            facing, pose = rng.choice((-1, 1)), rng.choice(("stand", "wave"))
        figure = Figure(centre + side * apart, ground, height, facing, pose, "clothed")
        pair.append(_dressed(figure, facts, index == holder, index == smoker))
    return pair


_FIGHTING_POSES = ("punch", "kick", "guard")


def _dressed(figure: Figure, facts: Facts, holds: bool, smokes: bool) -> Figure:
    """Return the figure dressed according to the facts. All figures of a drawing are dressed alike."""
    return dataclasses.replace(
        figure,
        dress=facts.dress or "clothed",
        item=facts.item if holds else None,
        smoking=facts.smoking and smokes,
    )


# How often a view shows scenery alone, a whole scene with a small drawing, a drawing magnified, one cut off.
_VIEW_MANNERS = (0.15, 0.2, 0.2, 0.45)
# Views of a harmless picture are many, and none may look unsafe: training needs more of them than chance gives.
_VIEWS_SAFE = 0.3
_SMALL_VIEWS_SAFE = 0.6
_SMALL_VIEW_SHARE, _WHOLE_VIEW_SHARE, _CUT_OFF_VIEW_SHARE = (0.2, 0.5), (0.5, 0.96), (0.45, 1.8)
_LEGIBLE_SHARE = 0.45
_STRETCH = (0.85, 1.15)
_CUT_OFF_TRIES = 20
_CUT_OFF = 0.8  # of a side at most
# Shares of a box inside the picture from which, or up to which, its content counts as shown or not.
_SHOWN, _HIDDEN, _HALF = 0.9, 0.1, 0.5
# Kinds of box that answer a question with yes: half of one is neither a yes nor a no.
_DECISIVE = frozenset({"topless", "naked", *WEAPONS, "fight", "cigarette", "blood", "contact", "insult"})
_FRAME = 0.02
_FRAME_COLOUR = (70, 50, 35)


def _still_shown(facts: Facts, boxes: Iterable[Box], size: tuple[int, int]) -> Facts | None:
    """Return the facts that are visible of a drawing with these boxes in a picture of `size`.

    None if unsafe content is partly visible.
    """
    seen: dict[str, list[float]] = {}
    for box in boxes:
        seen.setdefault(box.kind, []).append(box.visible(*size))
    decisive = [share for kind, shares in seen.items() if kind in _DECISIVE for share in shares]
    if any(_HIDDEN < share < _SHOWN for share in decisive):
        return None

    def shown(kind: str | None) -> int:
        return sum(share > _HALF for share in seen.get(kind or "", []))

    if facts.fighting and shown("fight") and shown(facts.dress) < facts.figures:
        return None
    figures = shown(facts.dress)
    words_seen = facts.words_kind is not None and max(seen.get(facts.words_kind, [0])) > _HIDDEN
    return dataclasses.replace(
        facts,
        figures=figures,
        dress=facts.dress if figures else None,
        fighting=facts.fighting and figures == facts.figures,
        smoking=bool(shown("cigarette")),
        item=facts.item if shown(facts.item) else None,
        stained=bool(shown("blood")),
        words=facts.words if words_seen else None,
        words_kind=facts.words_kind if words_seen else None,
        things=tuple(thing for thing in facts.things if max(seen.get(thing, [0])) > _HALF),
    )


def _scenery(rng: random.Random, size: int, place: str) -> Image.Image:
    """Draw a place with a few things and no figures, `size` pixels square."""
    pen = Pen(size)
    horizon = draw_place(pen, rng, place)
    for thing in rng.sample(THINGS, 3):
        ground = rng.uniform(horizon + 8, CANVAS - 8)
        draw_thing(pen, rng, thing, rng.uniform(20, CANVAS - 20), ground)
    return pen.image


def _framed(scene: Image.Image, small: Drawing, corner: tuple[int, int], size: tuple[int, int]) -> Drawing:
    """Paste `small`, resized to `size` and framed, at `corner` of the scene. Boxes outside are dropped."""
    (left, top), (width, height) = corner, size
    rim = max(2, round(min(size) * _FRAME))
    frame = (left - rim, top - rim, left + width + rim, top + height + rim)
    scene.paste(_FRAME_COLOUR, frame)
    scene.paste(small.image.resize(size, Image.Resampling.LANCZOS), corner)
    edges = Box("scene", 0, 0, *scene.size)
    inside = tuple(box for box in _placed(small, corner, size) if box.overlaps(edges))
    return dataclasses.replace(small, image=scene, boxes=inside)


def _placed(small: Drawing, corner: tuple[int, int], size: tuple[int, int]) -> list[Box]:
    """Return the boxes of a drawing that is resized to `size` and put at `corner`."""
    across, down = size[0] / small.image.width, size[1] / small.image.height
    return [box.scaled(across, down).moved(*corner) for box in small.boxes]


def _weathered(rng: random.Random, image: Image.Image) -> Image.Image:
    """Vary the image by an occasional slight blur or change of brightness."""
    if rng.random() < 0.2:
        image = image.filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 0.7) * image.width / CANVAS))
    if rng.random() < 0.5:
        gain = rng.uniform(0.88, 1.1)
        image = image.point([min(255, int(level * gain)) for level in range(256)] * 3)
    return image


# --- What to say about it -------------------------------------------------------------------

_PLACE_PHRASES = {
    "beach": " on the beach",
    "street": " in the street",
    "room": " in a room",
    "park": " in a park",
    "studio": "",
}
_WORDS_PHRASES = {"neutral": "a sign", "contact": "contact details", "insult": "an insult"}


def _with_article(noun: str) -> str:
    return ("an " if noun[0] in "aeiou" else "a ") + noun


def describe(facts: Facts) -> str:
    """Return a short caption in lower case, without a full stop."""
    extras = [_with_article(thing) for thing in facts.things[:1]]
    if facts.stained:
        extras.append("blood")
    if facts.words_kind:
        extras.append(_WORDS_PHRASES[facts.words_kind])
    item = _with_article(facts.item) if facts.item else ""
    place = _PLACE_PHRASES[facts.layout.place]
    if not facts.figures:
        return (" and ".join([item] * bool(item) + extras) or "nothing") + place
    adjective = "" if facts.dress == "clothed" else f"{facts.dress} "
    who = _with_article(adjective + "person") if facts.figures == 1 else f"two {adjective}people"
    doing = (" fighting" if facts.fighting else "") + (" smoking" if facts.smoking else "")
    holding = f" with {item}" if item else ""
    return " and ".join([who + doing + holding + place, *extras])
