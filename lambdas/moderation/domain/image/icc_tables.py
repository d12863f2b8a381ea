"""Tables of colours in ICC profiles: their size, and how far their colours depend on a viewer's interpolation.

ICC.1:2022, 10.10 to 10.12: lut8Type, lut16Type and lutAToBType.
"""

import itertools
import math
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from moderation.domain.image import icc

_HEAD = 32
_INPUTS_AT, _OUTPUTS_AT, _POINTS_AT = 8, 9, 10
_BYTES_AT, _WORDS_AT = 48, 52  # of lut8Type's and lut16Type's curves
_CURVE_POINTS = 256  # of lut8Type
_WIDTH_AT, _COLOURS_AT = 16, 20  # of lutAToBType's table
_MOST_POINTS = 300_000  # in all: 66 an axis for three channels, 23 for four
_CHANNELS = 3  # of a colour
_FORMS = {1: "B", 2: "H"}


@dataclass(frozen=True)
class _Table:
    """Points of each axis of a grid, bytes of a value, and the colours at the points, those of the last axis first."""

    axes: tuple[int, ...]
    width: int
    colours: bytes

    @property
    def values(self) -> list[float]:
        """Values of 0 to 1, three of each colour."""
        count, most = math.prod(self.axes) * _CHANNELS, 256**self.width - 1
        return [value / most for value in struct.unpack_from(f">{count}{_FORMS[self.width]}", self.colours)]


def is_too_large(profile: bytes) -> bool:
    """Tell if a table has more points than that of any device."""
    return any(math.prod(table.axes) > _MOST_POINTS for table in _tables(profile))


def twist(profile: bytes) -> float:
    """Return by how much, of 1, viewers may differ in the middle of a face of a table's grid, at most.

    Some interpolate between all corners of a cube, others between those of a tetrahedron within it.
    """
    return max((_twist(table) for table in _tables(profile)), default=0.0)


def _twist(table: _Table) -> float:
    strides = [_CHANNELS * math.prod(table.axes[axis + 1 :]) for axis in range(len(table.axes))]
    values, widest = table.values, 0.0
    for outer, inner in itertools.combinations(range(len(table.axes)), 2):
        along = _differences(values, table.axes[outer], strides[outer])
        both = _differences(along, table.axes[inner], strides[inner])
        widest = max(widest, max(both, default=0.0), -min(both, default=0.0))
    return widest / 4


def _differences(values: Sequence[float], points: int, stride: int) -> list[float]:
    """Return the differences of neighbours along an axis."""
    size = points * stride
    return [
        after - before
        for start in range(0, len(values), size)
        for before, after in zip(
            values[start : start + size - stride], values[start + stride : start + size], strict=True
        )
    ]


def _tables(profile: bytes) -> Iterator[_Table]:
    """Return the tables that are whole."""
    for value in icc.tables(profile):
        table = _table(value)
        if not table or not table.axes or value[_OUTPUTS_AT] != _CHANNELS:
            continue
        if 0 < math.prod(table.axes) * _CHANNELS * table.width <= len(table.colours):
            yield table


def _table(value: bytes) -> _Table | None:
    """Read the table of a tag, None for one of curves and a matrix alone."""
    if len(value) < _HEAD + _COLOURS_AT:
        return None
    inputs, points = value[_INPUTS_AT], value[_POINTS_AT]
    if value[:4] == b"mft1":
        return _Table((points,) * inputs, 1, value[_BYTES_AT + _CURVE_POINTS * inputs :])
    if value[:4] == b"mft2":
        (entries,) = struct.unpack_from(">H", value, _BYTES_AT)
        return _Table((points,) * inputs, 2, value[_WORDS_AT + 2 * entries * inputs :])
    at = int.from_bytes(value[24:28], "big") if value[:4] == b"mAB " else 0
    width = value[at + _WIDTH_AT] if at and at + _WIDTH_AT < len(value) else 0
    return _Table(tuple(value[at : at + inputs]), width, value[at + _COLOURS_AT :]) if width in _FORMS else None
