"""Tables of ICC profiles: by how much two ways to interpolate their colours may differ."""

import itertools
import math
import struct
from collections.abc import Callable

import pytest

from moderation.domain.image.icc_tables import is_too_large, twist
from tests.support.colour_files import assembled

Axes = tuple[int, ...]
Light = Callable[..., float]


def nodes(axes: Axes, light: Light, form: str) -> bytes:
    most = 255 if form == "B" else 65535
    points = itertools.product(*[[step / (points - 1) for step in range(points)] for points in axes])
    return b"".join(struct.pack(">3" + form, round(most * light(*point)), 0, 0) for point in points)


def bytes_table(axes: Axes, light: Light) -> bytes:
    head = b"mft1" + bytes(4) + bytes([len(axes), 3, axes[0], 0]) + bytes(36)
    return head + bytes(256 * len(axes)) + nodes(axes, light, "B") + bytes(768)


def words_table(axes: Axes, light: Light) -> bytes:
    head = b"mft2" + bytes(4) + bytes([len(axes), 3, axes[0], 0]) + bytes(36) + struct.pack(">2H", 5, 2)
    return head + bytes(2 * 5 * len(axes)) + nodes(axes, light, "H") + bytes(12)


def newer_table(axes: Axes, light: Light) -> bytes:
    head = b"mAB " + bytes(4) + bytes([len(axes), 3, 0, 0]) + struct.pack(">5I", 0, 0, 0, 32, 0)
    return head + bytes(axes).ljust(16, b"\0") + b"\2\0\0\0" + nodes(axes, light, "H")


def profile(table: bytes, tag: bytes = b"A2B0") -> bytes:
    return assembled(b"RGB ", b"Lab ", {tag: table})


def product(first: float, second: float, *_: float) -> float:
    return first * second


@pytest.mark.parametrize("table", [bytes_table, words_table, newer_table])
@pytest.mark.parametrize(("axes", "expected"), [((2, 2, 2), 1 / 4), ((3, 3, 3), 1 / 16), ((5, 5, 5, 5), 1 / 64)])
def test_the_twist_is_the_difference_in_the_middle_of_a_face(table, axes: Axes, expected: float) -> None:
    assert twist(profile(table(axes, product))) == pytest.approx(expected, abs=0.003)


@pytest.mark.parametrize("table", [bytes_table, words_table, newer_table])
@pytest.mark.parametrize("place", list(itertools.combinations(range(3), 2)))
def test_every_pair_of_axes_counts(table, place: tuple[int, int]) -> None:
    made = profile(table((3, 3, 3), lambda *point: point[place[0]] * point[place[1]]))

    assert twist(made) == pytest.approx(1 / 16, abs=0.003)


@pytest.mark.parametrize("table", [bytes_table, words_table, newer_table])
def test_a_table_of_planes_has_no_twist_however_steep(table) -> None:
    assert twist(profile(table((2, 2, 2), lambda *point: sum(point) / 3))) < 0.003
    assert twist(profile(table((9, 9, 9), lambda *point: round(8 * point[0]) % 2))) == 0


def test_the_axes_of_the_newer_kind_have_points_of_their_own() -> None:
    assert twist(profile(newer_table((2, 17, 5), product))) == pytest.approx(1 / 64, abs=0.001)


def test_one_odd_point_is_enough() -> None:
    odd = newer_table((9, 9, 9), lambda *point: float(point == (0.5, 0.25, 0.75)))

    assert twist(profile(odd)) == pytest.approx(1 / 4)


@pytest.mark.parametrize("tag", [b"A2B0", b"A2B1"])
def test_both_tables_that_browsers_read_count(tag: bytes) -> None:
    assert twist(profile(bytes_table((2, 2, 2), product), tag)) > 0.2


@pytest.mark.parametrize("table", [bytes_table, words_table, newer_table])
@pytest.mark.parametrize("kept", [40, 60, 100, 400])
def test_a_table_that_is_cut_short_is_none(table, kept: int) -> None:
    assert twist(profile(table((9, 9, 9), product)[:kept])) == 0


def test_curves_without_a_table_and_other_kinds_have_no_twist() -> None:
    curves = b"mAB " + bytes(4) + bytes([3, 3, 0, 0]) + bytes(60)

    assert twist(profile(curves)) == 0
    assert twist(profile(b"none" + bytes(100))) == 0


@pytest.mark.parametrize(("axes", "large"), [((66, 66, 66), False), ((67, 67, 67), True), ((24, 24, 24, 24), True)])
def test_a_table_of_too_many_points_is_told(axes: Axes, large: bool) -> None:
    size = math.prod(axes)
    head = b"mAB " + bytes(4) + bytes([len(axes), 3, 0, 0]) + struct.pack(">5I", 0, 0, 0, 32, 0)

    assert is_too_large(profile(head + bytes(axes).ljust(16, b"\0") + b"\1\0\0\0" + bytes(3 * size))) is large
