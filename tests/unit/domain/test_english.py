"""Text of words that aren't English is unread, and never ends as safe."""

import pytest

from moderation.domain.decision import decide
from moderation.domain.english import is_english, is_unread
from moderation.domain.judgement import Judgement
from tests.unit.domain.shipped import evidence_of, shipped


@pytest.mark.parametrize("word", ["gun", "knives", "okay", "colour", "color", "i", "don't"])
def test_common_words_in_any_form_are_english(word: str) -> None:
    assert is_english(word)


@pytest.mark.parametrize("word", ["niacoc", "pistole", "und", "xqz", "b"])
def test_other_words_are_not(word: str) -> None:
    assert not is_english(word)


@pytest.mark.parametrize(
    "text",
    [
        "bitte nicht den rasen betreten",
        "ich bringe euch alle um",
        "hijo de puta, con mucho cariño",
        "xqz rrt plm vvb wwd",
        "have a nice day my friends ich bringe euch alle um and more words for you to read",
    ],
)
def test_five_words_that_are_mostly_not_english_are_unread(text: str) -> None:
    assert is_unread(text)


@pytest.mark.parametrize(
    "text",
    [
        "boulangerie patisserie",
        "salida de emergencia",
        "cuidado con el perro",
        "a man with a gun and a dog called Balthasar",
        "happy birthday Giuseppe and Annalena",
        "visit us at https://www.example.com/menu/summer",
        "write to jane.smith@example.org for tickets",
        "Dr. & Mrs. Smith, est. 1987",
        "B 123 XY 4711 KQL",
        "c'est la vie",
    ],
)
def test_short_signs_names_and_addresses_are_not(text: str) -> None:
    assert not is_unread(text)


@pytest.mark.parametrize(
    "caption",
    [
        'a wall with the words "ich bringe euch alle um"',
        "a man beside a sign that says ik zal jullie allemaal vinden",
        'a card with "das ist doch" and "kein spass"',
        "ein mann mit einem hut",
    ],
)
def test_a_caption_with_unread_text_is_reviewed_and_the_reason_says_so(caption: str) -> None:
    pack = shipped("default")
    decision = decide(pack, evidence_of(pack, caption), Judgement("safe", None, "A sign."))
    assert (decision.verdict, decision.row) == ("review", "instructions")
    assert "words that aren't English, which are text from the picture" in decision.reason
