"""Categories of a pack that a caption mentions, matched by words.

A caption supports a category if it contains every significant word of one of the category's terms, in any inflection,
outside of the phrases that the category excepts.
Words without a meaning of their own ("graphic", "products", "male") don't count; a term of only such words is ignored.
A word of `subjects.py` counts as the subjects that it is a narrower word of as well: "handgun" supports "weapons".
Swear words of other languages, threats and insults count as the subject of insults.
"""

import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain

from moderation.domain.category_words import Phrases, Vocabulary, significant, stem_of, words_in
from moderation.domain.clues import Clues
from moderation.domain.disguises import undisguised
from moderation.domain.english import words_of
from moderation.domain.foreign_subjects import FOREIGN_SUBJECTS
from moderation.domain.hostility import WORDS_OF_HOSTILITY, is_hostile, swears_masked
from moderation.domain.letters import restored
from moderation.domain.policy import Pack
from moderation.domain.subjects import INSULTS, LOOKALIKES, OTHER_SENSES, SUBJECTS
from moderation.domain.yes_no import without_special_tokens

_KEPT = 1024  # texts whose reading is kept: captions and answers are read several times, and a "no" over and over
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
    names = frozenset[str]().union(*(_supported_by(pack.vocabulary, text, by_subject) for text in {*captions}))
    return tuple(name for name in pack.category_names if name in names) if names else ()


@lru_cache(maxsize=_KEPT)
def _supported_by(vocabulary: Vocabulary, caption: str, by_subject: bool) -> frozenset[str]:
    """Names of the categories that a caption supports."""
    return frozenset(
        name
        for name, terms, excepted in vocabulary.categories
        if any(map(_said(caption, excepted, by_subject).issuperset, terms))
    )


def _readings(caption: str) -> Iterator[str]:
    """Ways to read a caption; a swear word is added if it insults or threatens, "phone number" if it has one."""
    readings = list(restored(caption))
    yield from readings
    yield from undisguised(caption)
    in_letters = readings[::2]  # the others are words that were cut up
    hostile = _CLUES.of(caption.casefold()) and any(is_hostile(_without_punctuation(text)) for text in in_letters)
    if hostile or swears_masked(caption.casefold()):
        yield _SWEAR_WORD
    if any(map(_PHONE_NUMBER.search, in_letters)):
        yield "phone number"


def _without_punctuation(text: str) -> str:
    return " ".join(word for word in words_in(text) if word.isalnum())


@lru_cache(maxsize=_KEPT)
def _said(caption: str, excepted: Phrases, by_subject: bool) -> frozenset[str]:
    """Stems of the words of a caption's readings, and those of their subjects, outside of the excepted phrases."""
    rest = [_without(words, excepted) for words in _read(caption, by_subject)]
    said = {significant(word) for word in set(chain.from_iterable(rest))}
    return frozenset(said.union(*map(_broader, rest)) if by_subject else said)


@lru_cache(maxsize=_KEPT)
def _read(caption: str, by_subject: bool) -> tuple[list[str], ...]:
    """Words of each of a caption's readings."""
    if by_subject:
        return tuple(map(_without_other_senses, _read(caption, by_subject=False)))
    return tuple(words_in(reading) for reading in _readings(caption))


def _without(words: list[str], phrases: Phrases) -> list[str]:
    """Put a comma in the place of every phrase that stands in the words as it is written."""
    if not phrases:
        return words
    stems = [significant(word) for word in words]
    kept, i = [], 0
    while i < len(words):
        length = max((len(phrase) for phrase in phrases if tuple(stems[i : i + len(phrase)]) == phrase), default=0)
        kept.append("," if length else words[i])
        i += length or 1
    return kept


def _without_other_senses(words: list[str]) -> list[str]:
    """Put a comma in the place of every phrase in which a name of a subject has another sense."""
    kept = [*words]
    for start, end in reversed([*_places(_OTHER_SENSES, _OTHER_SENSES_FROM, words)]):
        kept[start:end] = [","]
    return kept


def _broader(words: list[str]) -> set[str]:
    """Stems of the subjects that the words are narrower words of; the longest phrase at each place counts."""
    return set().union(*(_NARROWER[tuple(words[i:j])] for i, j in _places(_NARROWER, _NARROWER_FROM, words)))


def _places(
    phrases: Container[tuple[str, ...]], lengths: Mapping[str, Sequence[int]], words: list[str]
) -> Iterator[tuple[int, int]]:
    """Yield start and end of each phrase in the words, the longest at each place; `lengths` are by the first word."""
    if lengths.keys().isdisjoint(words):
        return
    free = 0
    for start, word in enumerate(words):
        if word in lengths and start >= free:
            ends = (start + length for length in lengths[word])
            free = next((end for end in ends if tuple(words[start:end]) in phrases), free)
            if free > start:
                yield start, free


def _narrower() -> dict[tuple[str, ...], frozenset[str]]:
    """Stems of the subjects that each narrower word or phrase, in singular and plural, belongs to."""
    found: dict[tuple[str, ...], frozenset[str]] = {}
    subjects = [(names, phrases.split(", ")) for names, phrases in chain(SUBJECTS.items(), FOREIGN_SUBJECTS.items())]
    for names, phrases in [*subjects, (INSULTS, words_of("profanity"))]:
        stems = frozenset(stem_of(name) for name in names.split(", "))
        for phrase in phrases:
            for words in (tuple(words_in(phrase)), tuple(words_in(_plural(phrase)))):
                found[words] = found.get(words, frozenset()) | stems
    return found | {tuple(words_in(phrase)): frozenset() for phrase in LOOKALIKES.split(", ")}


def _plural(phrase: str) -> str:
    return phrase + ("es" if phrase.endswith(("s", "x", "ch", "sh")) else "s")


def _lengths(phrases: Iterable[tuple[str, ...]]) -> dict[str, list[int]]:
    """Numbers of words of the phrases by their first word, the most first."""
    found: dict[str, set[int]] = {}
    for phrase in phrases:
        found.setdefault(phrase[0], set()).add(len(phrase))
    return {first: sorted(lengths, reverse=True) for first, lengths in found.items()}


_OTHER_SENSES = {tuple(words_in(form)) for phrase in OTHER_SENSES.split(", ") for form in (phrase, _plural(phrase))}
_NARROWER = _narrower()
_OTHER_SENSES_FROM, _NARROWER_FROM = _lengths(_OTHER_SENSES), _lengths(_NARROWER)
_CLUES = Clues(hostile=WORDS_OF_HOSTILITY)
