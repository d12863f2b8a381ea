"""Charts as SVG, without scripts or fonts of their own: reliability diagrams and precision-recall curves."""

from collections.abc import Sequence
from html import escape

from moderation.domain.metrics import Bin, CurvePoint

SIDE, LEFT, TOP = 360, 60, 30
WIDTH, HEIGHT = LEFT + SIDE + 30, TOP + SIDE + 60
BEFORE, AFTER = "#d95f02", "#1b9e77"
_COLOURS = (AFTER, BEFORE)
_RELIABILITY = ("P that the answer is yes, mean of each tenth", "share that was true")
_DIAGONAL = (
    f'<line x1="{LEFT}" y1="{TOP + SIDE}" x2="{LEFT + SIDE}" y2="{TOP}" stroke="#999" stroke-dasharray="4 4"/>\n'
)
_TEXT = 'font-family="sans-serif" font-size="12" fill="#333"'


def chart(before: Sequence[Bin], after: Sequence[Bin], title: str) -> str:
    """Draw a dot per bin, sized by the logarithm of its answers; a calibrated model is on the diagonal."""
    drawn = f"{_DIAGONAL}{_series(before, BEFORE)}{_series(after, AFTER)}"
    legend = f"{_legend(0, BEFORE, 'before')}{_legend(1, AFTER, 'after calibration')}"
    return _framed(title, _RELIABILITY, drawn + legend)


def reliability_chart(sides: Sequence[tuple[str, Sequence[Bin]]], title: str) -> str:
    """Draw the bins of one or two sides by their names, as `chart` does."""
    drawn = "".join(
        f"{_series(bins, colour)}{_legend(row, colour, name)}"
        for row, ((name, bins), colour) in enumerate(zip(sides, _COLOURS, strict=False))
    )
    return _framed(
        title, ("highest score of a picture, mean of each tenth", "share with the category"), _DIAGONAL + drawn
    )


def curve_chart(sides: Sequence[tuple[str, Sequence[CurvePoint], tuple[float, float]]], title: str) -> str:
    """Draw precision over recall of one or two sides by their names, with (recall, precision) of the verdicts."""
    drawn = ""
    for row, ((name, points, (recall, precision)), colour) in enumerate(zip(sides, _COLOURS, strict=False)):
        line = " ".join(f"{_x(point.recall)},{_y(point.precision)}" for point in points)
        told = f"verdicts of {name}: precision {precision:.3f}, recall {recall:.3f}"
        drawn += (
            f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="1.5"/>\n'
            f'<circle cx="{_x(recall)}" cy="{_y(precision)}" r="5" fill="{colour}" stroke="white">'
            f"<title>{escape(told)}</title></circle>\n"
            f"{_legend(row, colour, name, LEFT + 14, TOP + SIDE - 40)}"
        )
    return _framed(title, ("recall", "precision"), drawn)


def _framed(title: str, axes: tuple[str, str], drawn: str) -> str:
    """Draw axes from 0 to 1 around what is drawn; they are named (across, up)."""
    across, up = axes
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">\n'
        f"<title>{escape(title)}</title>\n"
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>\n'
        f'<rect x="{LEFT}" y="{TOP}" width="{SIDE}" height="{SIDE}" fill="none" stroke="#999"/>\n'
        f"{''.join(_tick(step / 5) for step in range(6))}"
        f"{drawn}"
        f"{_words(LEFT + SIDE / 2, HEIGHT - 12, across)}"
        f"{_words(LEFT + SIDE / 2, 18, title)}"
        f'<g transform="rotate(-90 16 {TOP + SIDE / 2})">{_words(16, TOP + SIDE / 2, up)}</g>\n'
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
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}" {_TEXT}>{escape(text)}</text>\n'


def _legend(row: int, colour: str, text: str, x: float = LEFT + 14, top: float = TOP + 18) -> str:
    y = top + 18 * row
    return f'<circle cx="{x}" cy="{y - 4}" r="5" fill="{colour}"/>\n' + _words(x + 12, y, text, "start")
