"""Categories of a pack that a caption mentions, matched by words.

A category's *terms* are its name and each item of its description (split at commas, semicolons, "and", "or"), without
what is negated. A caption supports the category if it contains every significant word of one of its terms, in any
inflection, outside of the phrases that the category excepts.
Words without a meaning of their own ("graphic", "products", "male") don't count; a term of only such words is ignored.
"""

import re
from collections.abc import Iterable

from moderation.domain.negations import without_negated
from moderation.domain.policy import Category, Pack
from moderation.domain.yes_no import without_special_tokens

_SPLIT = re.compile(r"[,;:.()/]|\b(?:and|or|such as|like|including|e\.g)\b", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]+|[^\w\s'-]")
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
_SILENT = frozenset(_SAY_NOTHING.split())


def says_something(caption: str) -> bool:
    """Tell if a caption has a word; special tokens, punctuation and numbers are none."""
    return any(character.isalpha() for character in without_special_tokens(caption))


def supported_categories(pack: Pack, captions: Iterable[str]) -> tuple[str, ...]:
    """Names of the categories that any of the captions supports, in the pack's order."""
    spoken = [_stems(caption) for caption in captions]
    return tuple(category.name for category in pack.categories if _is_supported(category, spoken))


def _is_supported(category: Category, captions: list[list[str]]) -> bool:
    terms, excepted = _terms(category), _exceptions(category)
    said = [frozenset(_without(caption, excepted)) for caption in captions]
    return any(term <= words for term in terms for words in said)


def _terms(category: Category) -> list[frozenset[str]]:
    texts = [category.name, *_SPLIT.split(without_negated(category.description))]
    terms = (frozenset(filter(None, _stems(text))) for text in texts)
    return [term for term in terms if term]


def _exceptions(category: Category) -> list[list[str]]:
    """The phrases that the category excepts, from their first to their last significant word."""
    phrases = []
    for stems in map(_stems, category.exceptions):
        significant = [i for i, stem in enumerate(stems) if stem]
        if significant:
            phrases.append(stems[significant[0] : significant[-1] + 1])
    return phrases


def _without(words: list[str], phrases: list[list[str]]) -> list[str]:
    """Drop every phrase that stands in the words as it is written."""
    kept, i = [], 0
    while i < len(words):
        length = max((len(phrase) for phrase in phrases if words[i : i + len(phrase)] == phrase), default=0)
        if not length:
            kept.append(words[i])
        i += length or 1
    return kept


def _stems(text: str) -> list[str]:
    """Stems of the text's words in order, with empty text in the place of insignificant words and of punctuation."""
    words = (word.casefold() for word in _WORD.findall(text))
    return ["" if len(word) < 3 or word in _SILENT else _stem(word) for word in words]


def _stem(word: str) -> str:
    """A word without its inflection: "smoking", "smoker" and "smokes" are all "smok", "knives" is "knif"."""
    stem = _SUFFIX.sub("", word) if len(word) > 4 else word.removesuffix("s").removesuffix("e")
    stem = _VOICED.sub("f", stem)
    return _DOUBLED.sub(r"\1", stem) if len(stem) >= 3 else word
