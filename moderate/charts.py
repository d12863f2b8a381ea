"""Reliability diagram as SVG: predicted P against the share of true answers, before and after calibration."""

from collections.abc import Sequence

from moderation.domain.metrics import Bin

SIDE, LEFT, TOP = 360, 60, 30
WIDTH, HEIGHT = LEFT + SIDE + 30, TOP + SIDE + 60
BEFORE, AFTER = "#d95f02", "#1b9e77"
_TEXT = 'font-family="sans-serif" font-size="12" fill="#333"'


def chart(before: Sequence[Bin], after: Sequence[Bin], title: str) -> str:
    """Draw a dot per bin, sized by the logarithm of its answers; a calibrated model is on the diagonal."""
    ticks = "".join(_tick(step / 5) for step in range(6))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">\n'
        f"<title>{title}</title>\n"
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>\n'
        f'<rect x="{LEFT}" y="{TOP}" width="{SIDE}" height="{SIDE}" fill="none" stroke="#999"/>\n'
        f'<line x1="{LEFT}" y1="{TOP + SIDE}" x2="{LEFT + SIDE}" y2="{TOP}" stroke="#999" stroke-dasharray="4 4"/>\n'
        f"{ticks}"
        f"{_series(before, BEFORE)}{_series(after, AFTER)}"
        f"{_words(LEFT + SIDE / 2, HEIGHT - 12, 'P that the answer is yes, mean of each tenth')}"
        f"{_words(LEFT + SIDE / 2, 18, title)}"
        f'<g transform="rotate(-90 16 {TOP + SIDE / 2})">{_words(16, TOP + SIDE / 2, "share that was true")}</g>\n'
        f"{_legend(0, BEFORE, 'before')}{_legend(1, AFTER, 'after calibration')}"
        "</svg>\n"
    )


def _x(p: float) -> float:
    return round(LEFT + p * SIDE, 1)


def _y(p: float) -> float:
    return round(TOP + (1 - p) * SIDE, 1)


def _series(bins: Sequence[Bin], colour: str) -> str:
    points = " ".join(f"{_x(one.predicted)},{_y(one.observed)}" for one in bins)
    dots = "".join(
        f'<circle cx="{_x(one.predicted)}" cy="{_y(one.observed)}" r="{2 + len(str(one.count))}" fill="{colour}">'
        f"<title>{one.count} answers: P {one.predicted:.3f}, true {one.observed:.3f}</title></circle>\n"
        for one in bins
    )
    return f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.5"/>\n{dots}'


def _tick(p: float) -> str:
    return _words(_x(p), TOP + SIDE + 18, f"{p:.1f}") + _words(LEFT - 18, _y(p) + 4, f"{p:.1f}")


def _words(x: float, y: float, text: str, anchor: str = "middle") -> str:
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}" {_TEXT}>{text}</text>\n'


def _legend(row: int, colour: str, text: str) -> str:
    y = TOP + 18 + 18 * row
    return f'<circle cx="{LEFT + 14}" cy="{y - 4}" r="5" fill="{colour}"/>\n' + _words(LEFT + 26, y, text, "start")
