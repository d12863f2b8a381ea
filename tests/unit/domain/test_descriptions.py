"""Captions that clear noes can deny, and those that they can't: minimal pairs of each closed form."""

import time

import pytest

from moderation.domain.captions import supported_categories
from moderation.domain.descriptions import Parts, can_be_denied, split
from tests.unit.domain.shipped import shipped

PACK = shipped("default")


def denied(text: str) -> bool:
    return can_be_denied(text, lambda part: bool(supported_categories(PACK, [part])))


@pytest.mark.parametrize(
    ("text", "described", "quoted"),
    [
        ('a gun and a note "be kind"', "a gun and a note  ", ("be kind",)),
        ("a gun and a note \u201cbe kind\u201d", "a gun and a note  ", ("be kind",)),
        ("a gun and a sign that says it's fine", "a gun and a sign that says", (" it's fine",)),
        ("a gun next to a sign on a wall", "a gun next to a sign on a wall", ()),
    ],
)
def test_a_caption_is_split_into_what_is_described_and_what_is_quoted(
    text: str, described: str, quoted: tuple[str, ...]
) -> None:
    assert split(text) == Parts(described, quoted)


@pytest.mark.parametrize(
    ("deniable", "talk"),
    [
        ("a gun next to a sign on a wall", "a gun next to a sign that says open"),
        ("a sign that says no guns allowed", "a gun and a sign that says no guns allowed"),
        ("a man with a gun is reading a newspaper", "a man with a gun and a note reading hello"),
        ('a sign that says "gun free zone"', 'a sign that says "gun free of charge"'),
        ("a gun and a banana on a table", "a gun, a banana on a table"),
        ("a table with a gun, a hat and a banana", "a table with a gun, a hat, a banana"),
        ("a man with a gun in his hand", "a man with a gun in disguise"),
        ("a man is holding a gun", "the gun is a pen"),
        ("a gun that is lying on a table", "a gun that is decoration"),
        ("a man pointing a gun", "a gun representing peace"),
        ("a can of beer", "a gun can stay"),
        ("a statue of a naked man", "a naked man of clay"),
        ("a gun on a shelf", "a gun on a shelf for a play"),
        ("a gun on a wooden table", "a gun accepted on a wooden table"),
        ("a man dressed as a soldier with a gun", "a gun as a soldier has it"),
        ("no guns allowed", "an allowed gun"),
        ("no guns", "no gun here"),
        ("no drugs allowed", "no cocaine to see here"),
        ("no weapons in the library", "no weapons in the picture"),
        ("firearms are prohibited in this building", "there is no gun in this building"),
        ("smoking is permitted in marked areas only", "smoking is permitted in this picture"),
        ('a sign that says "smoking area"', 'a sign that says "smoking is healthy"'),
        ("a man with a gun", "ein mann mit einer pistole"),
        ("a man with a gun", "a man with a gun, 0nly a t0y"),
        ("a man with a gun, a rifle and a hat", "a man with a gun / a toy"),
    ],
)
def test_only_closed_forms_are_denied(deniable: str, talk: str) -> None:
    assert (denied(deniable), denied(talk)) == (True, False)


@pytest.mark.parametrize(
    "part", ["a gun, ", "'a ", '"a" ', "no guns in ", "for a ", "a - b ", "g.u.n ", "the word is "]
)
def test_the_time_is_bounded_for_the_longest_captions(part: str) -> None:
    start = time.thread_time()
    denied((part * 2000)[:2000])
    assert time.thread_time() - start < 5
