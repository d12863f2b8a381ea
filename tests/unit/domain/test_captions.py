"""Captions that support a category: by its words in any inflection, not by words that merely look alike."""

import pytest

from moderation.domain.captions import supported_categories
from moderation.domain.policy import Category, Pack, Question


def supports(category: Category, caption: str) -> bool:
    pack = Pack("small", "A rule.", (category,), (Question("q", "Is it?", (category.name,)),))
    return supported_categories(pack, [caption]) == (category.name,)


@pytest.mark.parametrize(
    ("name", "caption"),
    [
        ("Smoking", "a man who smokes"),
        ("Smoking", "the SMOKERS"),
        ("Gun", "two guns"),
        ("Weapon", "many weapons on a table"),
        ("Hate", "a hated man"),
        ("Stabbing", "a stab wound"),
        ("Nudity", "a nude"),
    ],
)
def test_a_word_is_found_in_any_inflection(name: str, caption: str) -> None:
    assert supports(Category(name, ""), caption)


@pytest.mark.parametrize(
    ("name", "caption"),
    [
        ("Arms", "an army"),  # four letters keep all but a plural's s and an e
        ("Dying", "hair dye"),  # of which a stem would be too short
        ("Gun", "gunpowder"),
        ("Drugs", "a dog"),
    ],
)
def test_another_word_is_not(name: str, caption: str) -> None:
    assert not supports(Category(name, ""), caption)


def test_each_item_of_the_description_is_a_term_of_its_own() -> None:
    category = Category("Substances", "bottles of beer, wine glasses or a syringe")

    assert supports(category, "a syringe")
    assert supports(category, "a glass that held wine")
    assert not supports(category, "a glass of water")
    assert not supports(category, "a bottle")


def test_words_that_say_nothing_alone_support_no_category() -> None:
    assert not supports(Category("Explicit content", "graphic pictures of persons"), "a graphic picture of a person")


def test_the_categories_come_in_the_packs_order_whatever_the_captions_order() -> None:
    categories = (Category("Weapon", ""), Category("Smoking", ""), Category("Nudity", ""))
    pack = Pack("small", "Rules.", categories, (Question("q", "Is it?", ("Weapon",)),))

    assert supported_categories(pack, ["a nude", "a weapon"]) == ("Weapon", "Nudity")
    assert supported_categories(pack, []) == ()
