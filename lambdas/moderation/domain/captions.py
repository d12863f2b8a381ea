"""Categories of a pack that a caption mentions, matched by words.

A category's *terms* are its name and each item of its description (split at commas, semicolons, "and", "or"), without
what is negated. A caption supports the category if it contains every significant word of one of its terms, in any
inflection, outside of the phrases that the category excepts.
Words without a meaning of their own ("graphic", "products", "male") don't count; a term of only such words is ignored.
A word of `subjects.py` counts as the subjects that it is a narrower word of as well: "handgun" supports "weapons".
Swear words of other languages, threats and insults count as the subject of insults.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import chain

from moderation.domain.disguises import undisguised
from moderation.domain.english import words_of
from moderation.domain.foreign_subjects import FOREIGN_SUBJECTS
from moderation.domain.hostility import is_hostile, swears_masked
from moderation.domain.letters import restored
from moderation.domain.negations import without_negated
from moderation.domain.policy import Category, Pack
from moderation.domain.subjects import INSULTS, LOOKALIKES, OTHER_SENSES, SUBJECTS
from moderation.domain.yes_no import without_special_tokens

_SPLIT = re.compile(r"[,;:.()/]|\b(?:and|or|such as|like|including|e\.g)\b", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+|[^\w\s'-]")
_SUFFIX = re.compile(r"(?:ities|ity|ings?|ers?|ies|ed|es|s|y|e)$")
_DOUBLED = re.compile(r"([b-df-hj-np-tv-z])\1$")
_VOICED = re.compile(r"v$")  # knives, wolves
_SAY_NOTHING = (
    "the any all not with without from for are was were has have that this its their his her into onto over image "
    "images photo photos picture pictures drawing drawings content contains containing shows showing shown show "
    "depicts depicting explicit graphic illustrated partial physical visible visibly identifiable real complete "
    "product products use using used uses male female person persons people man men woman women someone one party "
    "self situation situations activity activities act acts other others item items object objects thing things "
    "kind kinds type types word words text but also win wins winner winners winning"
)
_KEPT = 1024  # texts whose reading is kept: captions and answers are read several times, and a "no" over and over
_SILENT = frozenset(_SAY_NOTHING.split())
# Forms that mean something else than the activity: smoked salmon, the smoke of a train.
_STEMS_OF_THEIR_OWN = frozenset(("smoke", "smoked"))
_SWEAR_WORD = "fuck"
_PHONE_NUMBER = re.compile(
    r"\b(?:phone|telephone|tel|cell|mobile|whatsapp|call|dial|text|ring|contact|sms|number|numbers|reach me)\b"
    r"\D{0,30}\(?\+?(?:\d[ ().-]{0,2}){7,14}(?!\d)"
)


def says_something(caption: str) -> bool:
    """Tell if a caption has a word; special tokens, punctuation and numbers are none."""
    return any(character.isalpha() for character in without_special_tokens(caption))


def supported_categories(pack: Pack, captions: Iterable[str]) -> tuple[str, ...]:
    """Names of the categories that any of the captions supports, in the pack's order."""
    return _supported(pack, captions, by_subject=True)


def named_categories(pack: Pack, captions: Iterable[str]) -> tuple[str, ...]:
    """Names of the categories that any of the captions supports by the pack's own words, in the pack's order."""
    return _supported(pack, captions, by_subject=False)


def _supported(pack: Pack, captions: Iterable[str], *, by_subject: bool) -> tuple[str, ...]:
    names = frozenset[str]().union(*(_supported_by(pack.categories, text, by_subject) for text in {*captions}))
    return tuple(category.name for category in pack.categories if category.name in names) if names else ()


@lru_cache(maxsize=_KEPT)
def _supported_by(categories: tuple[Category, ...], caption: str, by_subject: bool) -> frozenset[str]:
    """Names of the categories that a caption supports."""

    def is_supported(category: Category) -> bool:
        words = _said(caption, _exceptions(category), by_subject)
        return any(term <= words for term in _terms(category))

    return frozenset(category.name for category in categories if is_supported(category))


def _readings(caption: str) -> Iterator[str]:
    """Ways to read a caption; a swear word is added if it insults or threatens, "phone number" if it has one."""
    readings = list(restored(caption))
    yield from readings
    yield from undisguised(caption)
    in_letters = readings[::2]  # the others are words that were cut up
    if swears_masked(caption.casefold()) or any(is_hostile(_without_punctuation(text)) for text in in_letters):
        yield _SWEAR_WORD
    if any(map(_PHONE_NUMBER.search, in_letters)):
        yield "phone number"


def _without_punctuation(text: str) -> str:
    return " ".join(word for word in _words(text) if word.isalnum())


@lru_cache(maxsize=_KEPT)
def _said(caption: str, excepted: tuple[tuple[str, ...], ...], by_subject: bool) -> frozenset[str]:
    """Stems of the words of a caption's readings, and those of their subjects, outside of the excepted phrases."""
    rest = [_without(words, excepted) for words in _read(caption, by_subject)]
    said = {_significant(word) for word in set(chain.from_iterable(rest))}
    return frozenset(said.union(*map(_broader, rest)) if by_subject else said)


@lru_cache(maxsize=_KEPT)
def _read(caption: str, by_subject: bool) -> tuple[list[str], ...]:
    """Words of each of a caption's readings."""
    if by_subject:
        return tuple(map(_without_other_senses, _read(caption, by_subject=False)))
    return tuple(_words(reading) for reading in _readings(caption))


@lru_cache(maxsize=1024)
def _terms(category: Category) -> tuple[frozenset[str], ...]:
    texts = [category.name, *_SPLIT.split(without_negated(category.description))]
    terms = (frozenset(filter(None, map(_significant, _words(text)))) for text in texts)
    return tuple(filter(None, terms))


@lru_cache(maxsize=1024)
def _exceptions(category: Category) -> tuple[tuple[str, ...], ...]:
    """The phrases that the category excepts, from their first to their last significant word."""
    phrases = []
    for text in category.exceptions:
        stems = [_significant(word) for word in _words(text)]
        significant = [i for i, stem in enumerate(stems) if stem]
        if significant:
            phrases.append(tuple(stems[significant[0] : significant[-1] + 1]))
    return tuple(phrases)


def _without(words: list[str], phrases: tuple[tuple[str, ...], ...]) -> list[str]:
    """Put a comma in the place of every phrase that stands in the words as it is written."""
    if not phrases:
        return words
    stems = [_significant(word) for word in words]
    kept, i = [], 0
    while i < len(words):
        length = max((len(phrase) for phrase in phrases if tuple(stems[i : i + len(phrase)]) == phrase), default=0)
        kept.append("," if length else words[i])
        i += length or 1
    return kept


def _without_other_senses(words: list[str]) -> list[str]:
    """Put a comma in the place of every phrase in which a name of a subject has another sense."""
    kept, i = [], 0
    while i < len(words):
        length = next((n for n in (3, 2) if tuple(words[i : i + n]) in _OTHER_SENSES), 0)
        kept.append("," if length else words[i])
        i += length or 1
    return kept


def _broader(words: list[str]) -> set[str]:
    """Stems of the subjects that the words are narrower words of; the longest phrase at each place counts."""
    stems: set[str] = set()
    i = 0
    while i < len(words):
        length = next((n for n in range(_LONGEST_PHRASE, 0, -1) if tuple(words[i : i + n]) in _NARROWER), 0)
        stems |= _NARROWER.get(tuple(words[i : i + length]), frozenset())
        i += length or 1
    return stems


def _words(text: str) -> list[str]:
    """The text's words in order, casefolded, and its punctuation."""
    return _WORD.findall(text.casefold())


def _significant(word: str) -> str:
    """A word's stem, or empty text for punctuation and words without a meaning of their own."""
    return "" if len(word) < 3 or word in _SILENT else _stem(word)


def _stem(word: str) -> str:
    """A word without its inflection: "smoking", "smoker" and "smokes" are all "smok", "knives" is "knif"."""
    if word in _STEMS_OF_THEIR_OWN:
        return word
    stem = _SUFFIX.sub("", word) if len(word) > 4 else word.removesuffix("s").removesuffix("e")
    stem = _VOICED.sub("f", stem)
    return _DOUBLED.sub(r"\1", stem) if len(stem) >= 3 else word


def _narrower() -> dict[tuple[str, ...], frozenset[str]]:
    """Stems of the subjects that each narrower word or phrase, in singular and plural, belongs to."""
    found: dict[tuple[str, ...], frozenset[str]] = {}
    subjects = [(names, phrases.split(", ")) for names, phrases in chain(SUBJECTS.items(), FOREIGN_SUBJECTS.items())]
    for names, phrases in [*subjects, (INSULTS, words_of("profanity"))]:
        stems = frozenset(_stem(name) for name in names.split(", "))
        for phrase in phrases:
            for words in (tuple(_words(phrase)), tuple(_words(_plural(phrase)))):
                found[words] = found.get(words, frozenset()) | stems
    return found | {tuple(_words(phrase)): frozenset() for phrase in LOOKALIKES.split(", ")}


def _plural(phrase: str) -> str:
    return phrase + ("es" if phrase.endswith(("s", "x", "ch", "sh")) else "s")


_OTHER_SENSES = {tuple(_words(form)) for phrase in OTHER_SENSES.split(", ") for form in (phrase, _plural(phrase))}
_NARROWER = _narrower()
_LONGEST_PHRASE = max(map(len, _NARROWER))
