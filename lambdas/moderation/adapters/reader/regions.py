"""Regions of text in the probability map of PP-OCR's detector, each as a box that may be rotated."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from moderation.errors import ReadingFailed

Map = NDArray[np.float32]
Points = NDArray[np.float64]

_LEAST_P = 0.3  # of a pixel that is part of a line
_LEAST_MEAN_P = 0.5  # of a line's pixels together
_LEAST_SIDE = 3
_GROWTH = 1.6  # the detector marks the core of a line; lines are grown by this share of area over perimeter
_MOST = 1000  # of a page, which has far fewer lines; each takes time


@dataclass(frozen=True)
class Region:
    """Corners of a line, clockwise from its top left, in the pixels of the map.

    `turned` counts the quarter turns, clockwise, by which the line's text is taken to be turned; a `mirrored` text
    begins at its top right.
    """

    corners: Points
    turned: int = 0
    mirrored: bool = False

    @property
    def width(self) -> float:
        return float(np.linalg.norm(self.corners[1] - self.corners[0]))

    @property
    def height(self) -> float:
        return float(np.linalg.norm(self.corners[3] - self.corners[0]))

    @property
    def thickness(self) -> float:
        return min(self.width, self.height)

    @property
    def length(self) -> float:
        return max(self.width, self.height)

    def holds(self, point: Points) -> bool:
        """Tell if a point is within the corners."""
        sides, ways = np.roll(self.corners, -1, axis=0) - self.corners, point - self.corners
        turns = sides[:, 0] * ways[:, 1] - sides[:, 1] * ways[:, 0]
        return bool((turns >= 0).all() or (turns <= 0).all())

    def turn(self, quarters: int) -> "Region":
        """Return the same place for a text that is turned so much further, whose top left is another corner then."""
        return replace(self, corners=np.roll(self.corners, -quarters, axis=0), turned=(self.turned + quarters) % 4)

    def mirror(self) -> "Region":
        """Return the same place for a text that is mirrored."""
        return replace(self, corners=self.corners[[1, 0, 3, 2]], mirrored=not self.mirrored)


def regions(probabilities: Map) -> list[Region]:
    """Return the lines of text in a map of probabilities, the largest first. Raises ReadingFailed over 1,000."""
    mask = probabilities > _LEAST_P
    mask[1:] |= mask[:-1].copy()
    mask[:, 1:] |= mask[:, :-1].copy()
    found = []
    for runs in _components(mask):
        corners = _smallest_rectangle(_outline(runs))
        sides = np.linalg.norm(corners[1] - corners[0]), np.linalg.norm(corners[2] - corners[1])
        if min(sides) < _LEAST_SIDE or _mean(probabilities, runs) < _LEAST_MEAN_P:
            continue
        found.append(Region(_upright(_grown(corners))))
        if len(found) > _MOST:
            raise ReadingFailed(f"The picture has more than {_MOST:,} places that look like lines of text.")
    return sorted(found, key=lambda region: -region.width * region.height)


def _components(mask: NDArray[np.bool_]) -> Iterator[NDArray[np.int64]]:
    """Yield the connected parts of a mask as arrays of runs: row, first column, column after the last."""
    runs = _runs(mask)
    if not len(runs):
        return
    parents = list(range(len(runs)))

    def root(number: int) -> int:
        while parents[number] != number:
            parents[number] = parents[parents[number]]
            number = parents[number]
        return number

    first_of_row = np.searchsorted(runs[:, 0], np.arange(mask.shape[0] + 1))
    for row in range(1, mask.shape[0]):
        above, here, end = first_of_row[row - 1], first_of_row[row], first_of_row[row + 1]
        upper, lower = int(above), int(here)
        while upper < here and lower < end:
            if runs[upper, 1] < runs[lower, 2] and runs[lower, 1] < runs[upper, 2]:
                parents[root(lower)] = root(upper)
            if runs[upper, 2] < runs[lower, 2]:
                upper += 1
            else:
                lower += 1
    roots = np.array([root(number) for number in range(len(runs))])
    order = np.argsort(roots, kind="stable")
    yield from np.split(runs[order], np.flatnonzero(np.diff(roots[order])) + 1)


def _runs(mask: NDArray[np.bool_]) -> NDArray[np.int64]:
    edges = np.diff(np.pad(mask, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    rows, starts = np.nonzero(edges == 1)
    return np.stack([rows, starts, np.nonzero(edges == -1)[1]], axis=1).astype(np.int64)


def _outline(runs: NDArray[np.int64]) -> Points:
    rows, starts, ends = runs.T
    return np.concatenate(
        [np.stack([x, y], axis=1) for x, y in ((starts, rows), (ends, rows), (starts, rows + 1), (ends, rows + 1))]
    ).astype(np.float64)


def _mean(probabilities: Map, runs: NDArray[np.int64]) -> float:
    values = np.concatenate([probabilities[row, start:end] for row, start, end in runs])
    return float(values[values > _LEAST_P].mean())


def _smallest_rectangle(points: Points) -> Points:
    """Return the corners of the smallest rectangle around the points, one of whose sides lies on their hull."""
    hull = _hull(points)
    sides = np.roll(hull, -1, axis=0) - hull
    best, corners = math.inf, hull[:4]
    for angle in np.unique(np.round(np.arctan2(sides[:, 1], sides[:, 0]) % (math.pi / 2), 4)):
        turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
        turned = hull @ turn
        (left, top), (right, bottom) = turned.min(axis=0), turned.max(axis=0)
        if (area := (right - left) * (bottom - top)) < best:
            best = area
            corners = np.array([[left, top], [right, top], [right, bottom], [left, bottom]]) @ turn.T
    return corners


def _hull(points: Points) -> Points:
    """Return the convex hull, by Andrew's monotone chain."""
    ordered = [(float(x), float(y)) for x, y in np.unique(points, axis=0)]
    return np.array([*_chain(ordered)[:-1], *_chain(ordered[::-1])[:-1]])


def _chain(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    chain: list[tuple[float, float]] = []
    for x, y in points:
        while len(chain) > 1:
            (ax, ay), (bx, by) = chain[-2:]
            if (bx - ax) * (y - ay) - (by - ay) * (x - ax) > 0:
                break
            chain.pop()
        chain.append((x, y))
    return chain


def _grown(corners: Points) -> Points:
    across, down = corners[1] - corners[0], corners[3] - corners[0]
    width, height = np.linalg.norm(across), np.linalg.norm(down)
    by = width * height * _GROWTH / (2 * (width + height))
    x, y = across / width * by, down / height * by
    grown: Points = corners + np.array([-x - y, x - y, x + y, y - x])
    return grown


def _upright(corners: Points) -> Points:
    """Return the corners clockwise from the top left, of the two orders the one that is turned less."""
    left = corners[np.argsort(corners[:, 0], kind="stable")]
    top_left, bottom_left = left[:2][np.argsort(left[:2, 1], kind="stable")]
    top_right, bottom_right = left[2:][np.argsort(left[2:, 1], kind="stable")]
    return np.array([top_left, top_right, bottom_right, bottom_left])
