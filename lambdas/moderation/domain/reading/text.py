"""Text and codes that were read in an image."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Line:
    """A line of text; `confidence` is the mean probability of its characters.

    `box` is left, top, right and bottom in the pixels of the frame that `view` shows whole; `turned` counts the quarter
    turns, clockwise, by which the text is turned in it.
    """

    text: str
    confidence: float
    box: Box
    view: str = "full"
    turned: int = 0

    @property
    def upright(self) -> Box:
        """The box in the picture turned so that the text is upright, whose top left is then another corner of it."""
        if not self.turned:
            return self.box
        left, top, right, bottom = self.box
        turns = {1: (top, -right, bottom, -left), 2: (-right, -bottom, -left, -top), 3: (-bottom, left, -top, right)}
        return turns[self.turned % 4]


@dataclass(frozen=True)
class Code:
    """A QR code or another printed code: its content, which may be empty, its format and its place."""

    text: str
    format: str
    box: Box
    view: str = "full"


@dataclass(frozen=True)
class Find:
    """Something that a detector found in the text or a code; `confidence` is that of the least sure line it is in."""

    detector: str
    text: str
    confidence: float
    box: Box
    view: str = "full"


@dataclass(frozen=True)
class Part:
    """Part of what was read, as people are shown it: a "line", a code by its format, or a find by its detector."""

    kind: str
    text: str
    view: str
    box: Box
    confidence: float | None


@dataclass(frozen=True)
class Reading:
    """All that was read in an image, line by line from the top, and what the detectors found in it."""

    lines: tuple[Line, ...] = ()
    codes: tuple[Code, ...] = ()
    finds: tuple[Find, ...] = ()

    @property
    def by_view(self) -> dict[str, list[str]]:
        """The texts of the lines and codes on each view."""
        views: dict[str, list[str]] = {}
        for view, text in [
            *((line.view, line.text) for line in self.lines),
            *((code.view, code.text) for code in self.codes),
        ]:
            if text:
                views.setdefault(view, []).append(text)
        return views

    @property
    def texts(self) -> tuple[str, ...]:
        """The lines, then the contents of the codes."""
        return tuple(
            text for text in [*(line.text for line in self.lines), *(code.text for code in self.codes)] if text
        )

    @property
    def parts(self) -> list[Part]:
        """The lines, then the codes, then what the detectors found."""
        return [
            *(Part("line", one.text, one.view, one.box, one.confidence) for one in self.lines),
            *(Part(one.format, one.text, one.view, one.box, None) for one in self.codes),
            *(Part(one.detector, one.text, one.view, one.box, one.confidence) for one in self.finds),
        ]


def reading_to_json(reading: Reading) -> dict[str, Any]:
    """Return plain data that `reading_from_json` reads back unchanged."""
    return {
        "lines": [_plain_line(line) for line in reading.lines],
        "codes": [_plain(code) for code in reading.codes],
        "finds": [_plain(find) for find in reading.finds],
    }


def reading_from_json(data: Mapping[str, Any]) -> Reading:
    """Read stored text; unknown fields are ignored."""
    return Reading(
        lines=tuple(
            Line(each["text"], float(each["confidence"]), *_place(each), int(each.get("turned", 0)))
            for each in data["lines"]
        ),
        codes=tuple(Code(each["text"], each["format"], *_place(each)) for each in data.get("codes", ())),
        finds=tuple(
            Find(each["detector"], each["text"], float(each["confidence"]), *_place(each))
            for each in data.get("finds", ())
        ),
    )


def _plain_line(line: Line) -> dict[str, Any]:
    """Return a line's data, in which `turned` is only where it says something."""
    return {name: value for name, value in _plain(line).items() if name != "turned" or value}


def _plain(part: Line | Code | Find) -> dict[str, Any]:
    return {name: list(value) if name == "box" else value for name, value in asdict(part).items()}


def _place(data: Mapping[str, Any]) -> tuple[Box, str]:
    left, top, right, bottom = _whole_numbers(data["box"])
    return (left, top, right, bottom), str(data.get("view", "full"))


def _whole_numbers(values: Sequence[Any]) -> tuple[int, ...]:
    return tuple(int(value) for value in values)
