"""Line chart on two logarithmic axes, as SVG: each line has its own colour and dashes and ends in its name."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 860, 460
LEFT, RIGHT, TOP, BOTTOM = 76, 190, 44, 52
_COLOURS = ("#1f5fa8", "#c4511a", "#2b7a3f", "#7a3f9d", "#555555")  # dark enough on white
_DASHES = ("", "9 4", "3 3", "12 4 3 4", "2 5")


@dataclass(frozen=True)
class Series:
    """Named series of points from left to right; all values are above 0."""

    name: str
    points: Sequence[tuple[float, float]]


@dataclass(frozen=True)
class _Axis:
    """Axis of whole decades from 10**`low` to 10**`high`, on pixels from `start` to `end`."""

    low: int
    high: int
    start: float
    end: float

    def at(self, value: float) -> float:
        return self.start + (math.log10(value) - self.low) / (self.high - self.low) * (self.end - self.start)

    def decades(self) -> range:
        return range(self.low, self.high + 1)


def chart(title: str, x_label: str, lines: Sequence[Series]) -> str:
    """Return the chart as an SVG document."""
    x = _axis([x for line in lines for x, _ in line.points], LEFT, WIDTH - RIGHT)
    y = _axis([y for line in lines for _, y in line.points], HEIGHT - BOTTOM, TOP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        'font-family="sans-serif" font-size="13">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        _text(LEFT, 24, title, size=16),
        _text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, x_label, anchor="middle"),
        *_grid(x, y),
        *_curves(x, y, lines),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _axis(values: Sequence[float], start: float, end: float) -> _Axis:
    low, high = math.log10(min(values)), math.log10(max(values))
    return _Axis(math.floor(low + 1e-9), math.ceil(high - 1e-9), start, end)


def _grid(x: _Axis, y: _Axis) -> list[str]:
    parts = []
    for decade in x.decades():
        at = x.at(10**decade)
        parts.append(_rule(at, y.start, at, y.end))
        parts.append(_text(at, HEIGHT - BOTTOM + 20, f"{10**decade:,}", anchor="middle"))
    for decade in y.decades():
        at = y.at(10**decade)
        parts.append(_rule(x.start, at, x.end, at))
        parts.append(_text(LEFT - 8, at + 4, f"${10**decade:,.{max(0, -decade)}f}", anchor="end"))
    return parts


def _curves(x: _Axis, y: _Axis, lines: Sequence[Series]) -> list[str]:
    parts: list[str] = []
    taken: list[float] = []
    by_end = sorted(range(len(lines)), key=lambda number: -lines[number].points[-1][1])
    for number in by_end:  # from the top down, so that names don't overlap
        line, colour = lines[number], _COLOURS[number % len(_COLOURS)]
        points = " ".join(f"{x.at(a):.1f},{y.at(b):.1f}" for a, b in line.points)
        dashes = f' stroke-dasharray="{_DASHES[number % len(_DASHES)]}"' if _DASHES[number % len(_DASHES)] else ""
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2.5"{dashes}/>')
        height = max(y.at(line.points[-1][1]) + 4, max(taken, default=-math.inf) + 17)
        taken.append(height)
        parts.append(_text(x.end + 8, height, line.name, colour=colour))
    return parts


def _rule(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="#dddddd"/>'


def _text(x: float, y: float, text: str, *, anchor: str = "start", size: int = 13, colour: str = "#222222") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" fill="{colour}">{escape(text)}</text>'
    )
