"""Rows of text: lines that stand beside each other, read as one, since a number with wide gaps is found in parts."""

from collections.abc import Sequence
from dataclasses import dataclass

from moderation.domain.reading.text import Box, Code, Find, Line

_GAP = 3  # heights of a line between two that belong together
_BESIDE = 0.5  # share of the lower line's height that both have in common
_ALIKE = 2  # ratio of heights up to which two lines belong together
_APART, _LONGEST_PART = 3, 2  # parts of a text whose letters stand apart, and characters of each on average


@dataclass(frozen=True)
class Row:
    """Parts that read as one text, from left to right with a space between them."""

    parts: tuple[Line, ...]

    @property
    def text(self) -> str:
        return " ".join(part.text for part in self.parts)

    @property
    def line(self) -> Line:
        """The row as one line, as sure as its least sure part."""
        box, first = around([part.box for part in self.parts]), self.parts[0]
        return Line(self.text, min(part.confidence for part in self.parts), box, first.view, first.turned)

    def find(self, detector: str, start: int, end: int) -> Find:
        """Return a find in the characters from `start` to `end`, with the box of the parts that it is in."""
        inside, position = [], 0
        for part in self.parts:
            if position < end and start < position + len(part.text):
                inside.append(part)
            position += len(part.text) + 1
        inside = inside or list(self.parts)
        box = around([part.box for part in inside])
        return Find(detector, self.text[start:end], min(part.confidence for part in inside), box, inside[0].view)


def closed_up(text: str) -> str:
    """Return a text whose letters stand apart, as a reader gives it ("i d io t"), as one word; others unchanged."""
    parts = text.split()
    together = "".join(parts)
    return together if len(parts) >= _APART and len(together) <= _LONGEST_PART * len(parts) else text


def around(boxes: Sequence[Box]) -> Box:
    """Return the smallest box around all boxes."""
    left, top, right, bottom = zip(*boxes, strict=True)
    return min(left), min(top), max(right), max(bottom)


def rows(lines: Sequence[Line], codes: Sequence[Code] = ()) -> list[Row]:
    """Return the rows of the lines in the order in which people read them, then one for the content of each code.

    The views keep the order that their lines have.
    """
    groups: dict[tuple[str, int], list[list[Line]]] = {}
    for line in sorted(lines, key=lambda line: line.upright[0]):
        group = groups.setdefault((line.view, line.turned), [])
        beside = next((row for row in group if _continues(row[-1], line)), None)
        if beside is None:
            group.append([line])
        else:
            beside.append(line)
    found = [row for group in groups.values() for row in group]
    views = {view: number for number, view in enumerate(dict.fromkeys(line.view for line in lines))}
    found.sort(key=lambda row: (views[row[0].view], row[0].turned, row[0].upright[1], row[0].upright[0]))
    scanned = [Row((Line(code.text, 1.0, code.box, code.view),)) for code in codes if code.text.strip()]
    return [*(Row(tuple(row)) for row in found), *scanned]


def _continues(last: Line, line: Line) -> bool:
    box, other = last.upright, line.upright
    height, other_height = box[3] - box[1], other[3] - other[1]
    common = min(box[3], other[3]) - max(box[1], other[1])
    gap = other[0] - box[2]
    alike = max(height, other_height) <= _ALIKE * min(height, other_height)
    near = -height < gap < _GAP * max(height, other_height)
    return alike and near and common >= _BESIDE * min(height, other_height)
