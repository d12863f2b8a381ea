"""ICC profiles as bytes: those of RGB spaces that a file declares by numbers, and the header of embedded ones."""

import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

Curve = Callable[[float], float]  # from a sample to light, both from 0 to 1
Point = tuple[float, float]  # chromaticity x, y
Row = tuple[float, float, float]
Matrix = tuple[Row, Row, Row]

D65: Point = (0.3127, 0.3290)
_HEADER = 128
_TABLES = (b"A2B0", b"A2B1")
_MAX_TAGS = 100
_FLOAT_TABLES = (b"D2B0", b"D2B1", b"D2B2", b"D2B3")
_THREE_CHANNELS = (b"Lab ", b"XYZ ", b"Luv ", b"YCbr", b"Yxy ", b"HSV ", b"HLS ", b"CMY ", b"3CLR")
_NEWEST = 4  # version 5 (iccMAX) is read neither by browsers nor by Little CMS
_D50: Row = (0.9642, 1.0, 0.8249)
_BRADFORD: Matrix = ((0.8951, 0.2664, -0.1614), (-0.7502, 1.7135, 0.0367), (0.0389, -0.0685, 1.0296))


@dataclass(frozen=True)
class RgbSpace:
    """Primaries red, green and blue, white point, and a curve for each channel."""

    primaries: tuple[Point, Point, Point]
    white: Point
    curves: tuple[Curve, Curve, Curve]


def rgb_profile(space: RgbSpace) -> bytes | None:
    """Build a matrix profile. None for chromaticities that are outside 0 to 1 or span no space."""
    if not all(0 <= value <= 1 for point in (*space.primaries, space.white) for value in point):
        return None
    try:
        columns = _transposed(_to_d50(space))
    except ZeroDivisionError:
        return None
    if any(abs(value) >= 2**15 for column in columns for value in column):
        return None
    tags = {b"wtpt": _xyz(_D50)}
    for name, column, curve in zip((b"r", b"g", b"b"), columns, space.curves, strict=True):
        tags[name + b"XYZ"], tags[name + b"TRC"] = _xyz(column), _sampled(curve)
    return _assembled(tags)


def colour_space(profile: bytes) -> bytes:
    """Return the four letters of a profile's colour space, empty for what isn't a profile that is read."""
    known = len(profile) > _HEADER + 4 and profile[36:40] == b"acsp" and profile[8] <= _NEWEST
    return profile[16:20] if known and profile[20:24] in (b"XYZ ", b"Lab ") else b""


def code_points(profile: bytes) -> tuple[int, int] | None:
    """Return primaries and transfer of a profile's `cicp` tag: they overrule its other tags."""
    for _, tag, start, size in _tags(profile):
        if tag == b"cicp" and size >= 12 and profile[start : start + 4] == b"cicp" and len(profile) >= start + 12:
            return profile[start + 8], profile[start + 9]
    return None


def is_beyond_limits(profile: bytes) -> bool:
    """Tell if a profile has more tags than Little CMS reads, or a curve with a negative exponent."""
    (count,) = struct.unpack_from(">I", profile, _HEADER)
    return count > _MAX_TAGS or any(
        profile[start : start + 4] == b"para" and profile[start + 12 : start + 13] >= b"\x80"
        for _, _, start, _ in _tags(profile)
    )


def as_display(profile: bytes) -> bytes:
    """Rewrite a profile so that Little CMS reads it as browsers do.

    They ignore its size, class and rendering intent, and read the table A2B0 (else A2B1) or the matrix.
    """
    edited = bytearray(profile)
    edited[:4], edited[12:16] = struct.pack(">I", len(profile)), b"mntr"
    tags = list(_tags(profile))
    unread = _FLOAT_TABLES + ((b"A2B1",) if b"A2B0" in [tag for _, tag, _, _ in tags] else ())
    for at, tag, _, _ in tags:
        if tag in unread:
            edited[at : at + 4] = b"none"
    return bytes(edited)


def table_as_rgb(profile: bytes) -> bytes:
    """Take a table from three channels of another name (Lab, HSV) for one from RGB, as browsers do in a PNG."""
    if profile[16:20] in _THREE_CHANNELS and any(tag == b"A2B0" for _, tag, _, _ in _tags(profile)):
        return profile[:16] + b"RGB " + profile[20:]
    return profile


def is_of_tables(profile: bytes) -> bool:
    """Tell if the profile's colours are in a table instead of curves and a matrix."""
    return any(tag in _TABLES for _, tag, _, _ in _tags(profile))


def is_table_of_xyz(profile: bytes) -> bool:
    """Tell if a profile's colours are in a table of XYZ values: programs take their largest for 1.0 or for 2.0."""
    return is_of_tables(profile) and profile[20:24] == b"XYZ "


def tables(profile: bytes) -> Iterator[bytes]:
    """Return the values of the tags that contain tables of colours, of each the first."""
    found = {tag: profile[start : start + size] for _, tag, start, size in reversed(list(_tags(profile)))}
    return (found[tag] for tag in _TABLES if tag in found)


def _tags(profile: bytes) -> Iterator[tuple[int, bytes, int, int]]:
    """Entries of the table of tags: position, name, and where the value starts and how long it is."""
    (count,) = struct.unpack_from(">I", profile, _HEADER)
    for entry in range(min(count, _MAX_TAGS, (len(profile) - _HEADER - 4) // 12)):
        at = _HEADER + 4 + 12 * entry
        yield at, *struct.unpack_from(">4sII", profile, at)


def _to_d50(space: RgbSpace) -> Matrix:
    chromaticities = _transposed(_rows([(x, y, 1 - x - y) for x, y in space.primaries]))
    x, y = space.white
    white = (x / y, 1.0, (1 - x - y) / y)
    amounts = _applied(_inverse(chromaticities), white)
    to_xyz = _rows(
        [tuple(value * amount for value, amount in zip(row, amounts, strict=True)) for row in chromaticities]
    )
    cones = zip(_applied(_BRADFORD, _D50), _applied(_BRADFORD, white), strict=True)
    first, second, third = (wanted / given for wanted, given in cones)
    adapted = _product(_product(_inverse(_BRADFORD), _diagonal((first, second, third))), _BRADFORD)
    return _product(adapted, to_xyz)


def _diagonal(row: Row) -> Matrix:
    return (row[0], 0.0, 0.0), (0.0, row[1], 0.0), (0.0, 0.0, row[2])


def _inverse(matrix: Matrix) -> Matrix:
    (a, b, c), (d, e, f), (g, h, i) = matrix
    determinant = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)
    cofactors = (
        (e * i - f * h, c * h - b * i, b * f - c * e),
        (f * g - d * i, a * i - c * g, c * d - a * f),
        (d * h - e * g, b * g - a * h, a * e - b * d),
    )
    return _rows([tuple(value / determinant for value in row) for row in cofactors])


def _applied(matrix: Matrix, vector: Row) -> Row:
    first, second, third = (sum(a * b for a, b in zip(row, vector, strict=True)) for row in matrix)
    return first, second, third


def _product(left: Matrix, right: Matrix) -> Matrix:
    return _transposed(_rows([_applied(left, column) for column in _transposed(right)]))


def _transposed(matrix: Matrix) -> Matrix:
    return _rows(list(zip(*matrix, strict=True)))


def _rows(rows: Sequence[tuple[float, ...]]) -> Matrix:
    first, second, third = ((row[0], row[1], row[2]) for row in rows)
    return first, second, third


def _xyz(values: Row) -> bytes:
    return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(value * 65536) for value in values))


def _sampled(curve: Curve) -> bytes:
    """Tabulate a curve at the 256 values of a sample, where it is then exact however steep it is."""
    values = [min(1.0, max(0.0, curve(sample / 255))) for sample in range(256)]
    return b"curv\0\0\0\0" + struct.pack(">I256H", 256, *(round(value * 65535) for value in values))


def _assembled(tags: dict[bytes, bytes]) -> bytes:
    start = _HEADER + 4 + 12 * len(tags)
    table, body = struct.pack(">I", len(tags)), b""
    for name, value in tags.items():
        table += name + struct.pack(">II", start + len(body), len(value))
        body += value
    size = start + len(body)
    header = struct.pack(">I4xI4s4s4s12x4s28x", size, 0x02400000, b"mntr", b"RGB ", b"XYZ ", b"acsp")
    return (header + _xyz(_D50)[8:]).ljust(_HEADER, b"\0") + table + body
