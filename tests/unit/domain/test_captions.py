"""Captions that support a category: by its words in any inflection, not by words that merely look alike."""

import time

import pytest

from moderation.domain.captions import named_categories, supported_categories
from moderation.domain.policy import Category, Pack, Question
from tests.unit.domain.shipped import shipped


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
        ("Knives", "a knife"),
        ("Knife", "several knives"),
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
        ("Wine", "a sign that says win a prize"),
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


@pytest.mark.parametrize(
    "description",
    [
        "Weapons, but not kitchen knives",
        "Weapons, not kitchen knives or toy swords",
        "Weapons (except toy swords, kitchen knives)",
        "Weapons other than toy swords, kitchen knives. Guns",
        "Weapons excl. kitchen knives",
        "Weapons without kitchen knives",
        "Weapons apart from kitchen knives; guns",
        "Weapons; kitchen knives are allowed",
        "Weapons, kitchen knives excepted, guns",
        "Weapons, kitchen knives don't count",
        "Weapons, kitchen knives don\N{RIGHT SINGLE QUOTATION MARK}t count",
        "Weapons. Kitchen knives are not included.",
        "Weapons, not: kitchen knives",
        "Weapons, e.g. guns, except kitchen knives, e.g. bread knives",
    ],
)
def test_what_a_description_negates_supports_no_category(description: str) -> None:
    category = Category("Violence", description)

    assert not supports(category, "a chef with a kitchen knife")
    assert supports(category, "many weapons on a table")


@pytest.mark.parametrize(
    ("description", "caption"),
    [
        ("Guns, not toys, knives", "a knife"),  # a negation ends at a comma
        ("Weapons (except swords), knives", "a knife"),  # an exclusion at a bracket
        ("Other than at fairs. Guns", "a gun"),  # or at a full stop
        ("Non-medical drugs", "non-medical drugs"),
        ("Notes of hatred", "a note of hatred"),  # "not" is a word of its own
        ("Knives that are not allowed", "a knife"),
        ("Weapons, but also nudes", "a nude"),
    ],
)
def test_what_stands_outside_a_negation_counts(description: str, caption: str) -> None:
    assert supports(Category("Rule", description), caption)


KNIVES = Category("Weapons", "Guns, Knives", exceptions=("Kitchen knives", "knives in a museum"))


@pytest.mark.parametrize(
    "caption", ["a kitchen knife on a table", "two KITCHEN KNIVES", "old knives in the museum", "a knife in a museum"]
)
def test_the_words_of_an_exception_support_no_category(caption: str) -> None:
    assert not supports(KNIVES, caption)


@pytest.mark.parametrize(
    "caption",
    [
        "a kitchen knife and a gun",
        "a kitchen knife beside another knife",
        "a man in a kitchen with a knife",  # the words of an exception stand in a row
        "a kitchen, knives",
        "a knife",
        "the museum of knives",
    ],
)
def test_other_words_beside_an_exception_do(caption: str) -> None:
    assert supports(KNIVES, caption)


@pytest.mark.parametrize("exception", ["the", "with, of", "; 5"])
def test_an_exception_without_words_excepts_nothing(exception: str) -> None:
    assert supports(Category("Weapons", "Guns", exceptions=(exception,)), "the gun, with a man")


@pytest.mark.parametrize(
    ("name", "caption"),
    [
        ("Weapons", "a man with a handgun"),
        ("Weapons", "two AK-47 rifles"),
        ("Alcoholic Beverages", "a bottle of vodka"),
        ("Drugs", "a bag of heroin"),
        ("Drug Paraphernalia", "a bong on a shelf"),
        ("Underwear", "a woman in panties"),
        ("Corpses", "a severed head"),
        ("Smoking", "a cigarette"),
    ],
)
def test_a_narrower_word_supports_its_subject_but_names_nothing(name: str, caption: str) -> None:
    pack = Pack("small", "A rule.", (Category(name, ""),), (Question("q", "Is it?", (name,)),))
    assert supported_categories(pack, [caption]) == (name,)
    assert named_categories(pack, [caption]) == ()


@pytest.mark.parametrize(
    "caption",
    [
        "a man taking a shot",
        "pots and pans",
        "a carpenter makes a joint",
        "a can of coke",
        "weeding a garden",
        "grey pants",
        "a revolving door",
        "a pen is on a table",
        "a kitchen knife",
        "a root beer float",
    ],
)
def test_words_with_another_common_meaning_support_no_subject(caption: str) -> None:
    names = ("Weapons", "Drugs", "Alcohol", "Nudity", "Underwear")
    pack = Pack("small", "Rules.", tuple(Category(name, "") for name in names), (Question("q", "Is it?", names),))
    assert supported_categories(pack, [caption]) == ()


@pytest.mark.parametrize("caption", ["a g-u-n", "a g.u.n", "a g u n", "a gu n", "a 9un", "a GU.N", "a g_u_n"])
def test_a_word_that_is_cut_up_or_has_signs_for_letters_is_found(caption: str) -> None:
    assert supports(Category("Gun", ""), caption)
    assert supports(Category("Weapons", ""), caption)


def test_an_exception_holds_for_narrower_words_too() -> None:
    assert not supports(Category("Weapons", "", exceptions=("kitchen cleaver",)), "a kitchen cleaver")
    assert supports(Category("Weapons", "", exceptions=("kitchen cleaver",)), "a cleaver")


def test_reading_the_longest_caption_takes_no_time() -> None:
    started = time.thread_time()
    supported_categories(shipped("default"), ["g u n a 1 x " * 166])
    assert time.thread_time() - started < 2
