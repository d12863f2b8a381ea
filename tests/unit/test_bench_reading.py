"""`make bench-reading`: the packs that are compared, and its table."""

import pytest

from moderation.domain.policy import parse_pack
from scripts.bench.reading import KINDS, ROUTES, picture, table, unread_pack
from tests.unit.domain.shipped import shipped


def test_the_packs_differ_in_what_is_read_alone() -> None:
    unread, default = parse_pack(unread_pack()), shipped("default")

    assert default.is_read and not unread.is_read
    assert unread.asked == tuple(question for question in unread.questions)
    assert [question.text for question in unread.questions] == [question.text for question in default.questions]


@pytest.mark.parametrize("kind", KINDS[:2], ids=str)
def test_each_picture_is_a_new_one(kind) -> None:
    assert picture(kind, 1) == picture(kind, 1)
    assert picture(kind, 1) != picture(kind, 2)


def test_the_table_compares_medians() -> None:
    seconds = {(kind, route): [1.0, 5.0, 1.5 if route == "unread" else 1.7] for kind in KINDS for route in ROUTES}

    assert "| 512 x 512 | none | 1.50 s (1.00 to 5.00) | 1.70 s (1.00 to 5.00) | +0.20 s |" in table(seconds)
