"""Threats, insults and disguised words: by how they are built, in captions of a picture's text."""

import pytest

from moderation.domain.captions import supported_categories
from moderation.domain.policy import Category, Pack
from tests.unit.domain.shipped import shipped

DEFAULT = shipped("default")


def supported(text: str, pack: Pack = DEFAULT) -> tuple[str, ...]:
    return supported_categories(pack, [text])


@pytest.mark.parametrize(
    "text",
    [
        "i would never threaten you, but i will burn your house down",
        "die you pig",
        "kill all of them",
        "we know where you live",
        "all of them must die",
        "i hope you get cancer",
        "we have your daughter",
        "hand over the money or we hurt your kids",
        "tomorrow the school will burn",
        "smash her face",
        "see you bleed",
        "pay or the boy dies",
        "burn the banks",
        "die traitor die",
    ],
)
def test_a_threat_is_told_by_who_harms_whom(text: str) -> None:
    assert supported(f'a wall with the words "{text}"') == ("Harassment",)


@pytest.mark.parametrize(
    "text",
    [
        "you are a worthless piece of trash",
        "your mother is a whore",
        "what a loser",
        "anna is a fat pig",
        "nobody likes you",
        "jews are rats",
        "no muslims allowed",
        "shut up",
        "ur so ugly it hurts",
    ],
)
def test_an_insult_is_told_by_who_is_called_what(text: str) -> None:
    assert supported(f'a t-shirt that says "{text}"') == ("Harassment",)


@pytest.mark.parametrize(
    "text",
    [
        "a pig lying in the mud",
        "two rats in a cage",
        "a man hitting a tennis ball",
        "a photographer shooting a wedding",
        "a sign that says kill the lights",
        "a poster that says shut up and take my money",
        "a mug that says you are my sunshine",
        "a banner that says we will find you a home",
        "a sign that says trespassers will be prosecuted",
        "there is trash on the ground",
        "a fat cow in a field",
        "a cocker spaniel and two roosters",
        "a sign that says you are next in line",
    ],
)
def test_plain_descriptions_and_signs_are_neither(text: str) -> None:
    assert supported(text) == ()


@pytest.mark.parametrize(
    "text",
    [
        "f*ck off",
        "sh!t",
        "fvck you",
        "b**ch",
        "fuuuuck",
        "k1ll all of them",
        "f***",
        "sh1thead",
        "d*ck",
        "hijo de puta",
        "ti ammazzo",
    ],
)
def test_swear_words_with_signs_for_letters_and_in_other_languages_count(text: str) -> None:
    assert supported(f'a sticker with the text "{text}"') == ("Harassment",)


def test_a_pack_without_such_a_category_is_not_concerned() -> None:
    pack = Pack("p", "", (Category("Weapons", "Guns"),), ())
    assert supported("a wall that says i will kill you", pack) == ()


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("niacoc for sale", "Drugs"),
        ("eniacoc", "Drugs"),
        ("nug", "Violence"),
        ("pbpnvar", "Drugs"),
        ("G for golf, U for uniform, N for november", "Violence"),
        ("golf uniform november", "Violence"),
        ("b as in boy, o as in oscar, m as in mike, b as in boy", "Violence"),
        ("first letters: giraffe, umbrella, nest", "Violence"),
        ("gvn", "Violence"),
        ("kokaine", "Drugs"),
        ("marijuanna", "Drugs"),
    ],
)
def test_words_backwards_in_ciphers_and_spelled_by_words_are_read(text: str, category: str) -> None:
    assert category in supported(f'a paper that says "{text}"')


@pytest.mark.parametrize("text", ["a regal palace", "a sign that says mike and charlie", "a smoked salmon bagel"])
def test_english_words_are_not_read_backwards(text: str) -> None:
    assert supported(text) == ()


@pytest.mark.parametrize(
    ("text", "is_supported"),
    [
        ("smoked salmon", False),
        ("a train with smoke coming out of its chimney", False),
        ("a man smoking", True),
        ("a smoker", True),
        ("he smokes", True),
        ("men who smoke", True),
    ],
)
def test_smoke_and_what_was_smoked_are_not_smoking(text: str, is_supported: bool) -> None:
    assert ("Tobacco" in supported(text)) == is_supported


@pytest.mark.parametrize("text", ["a bath bomb", "root beer", "blood oranges", "a hot glue gun", "a blood drive"])
def test_a_word_in_another_sense_supports_nothing(text: str) -> None:
    assert supported(text) == ()


def test_the_same_word_outside_of_such_a_phrase_does() -> None:
    assert "Violence" in supported("a bath bomb and a bomb")
