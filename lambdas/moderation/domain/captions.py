"""Categories of a pack that a caption mentions, matched by words.

A category's *terms* are its name and each item of its description (split at commas, semicolons, "and", "or").
A caption supports the category if it contains every significant word of one of its terms, in any inflection.
Words without a meaning of their own ("graphic", "products", "male") don't count; a term of only such words is ignored.
"""

import re
from collections.abc import Iterable

from moderation.domain.policy import Category, Pack
from moderation.domain.yes_no import without_special_tokens

_SPLIT = re.compile(r"[,;:.()/]|\b(?:and|or|such as|like|including|e\.g)\b", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]{3,}")
_SUFFIX = re.compile(r"(?:ities|ity|ings?|ers?|ies|ed|es|s|y|e)$")
_DOUBLED = re.compile(r"([b-df-hj-np-tv-z])\1$")
_SAY_NOTHING = (
    "the any all not with without from for are was were has have that this its their his her into onto over image "
    "images photo photos picture pictures drawing drawings content contains containing shows showing shown show "
    "depicts depicting explicit graphic illustrated partial physical visible visibly identifiable real complete "
    "product products use using used uses male female person persons people man men woman women someone one party "
    "self situation situations activity activities act acts other others item items object objects thing things "
    "kind kinds type types word words text"
)
_SILENT = frozenset(_SAY_NOTHING.split())


def says_something(caption: str) -> bool:
    """Tell if a caption has a word; special tokens, punctuation and numbers are none."""
    return any(character.isalpha() for character in without_special_tokens(caption))


def supported_categories(pack: Pack, captions: Iterable[str]) -> tuple[str, ...]:
    """Names of the categories that any of the captions supports, in the pack's order."""
    spoken = [_stems(caption) for caption in captions]
    return tuple(
        category.name
        for category in pack.categories
        if any(term <= words for term in _terms(category) for words in spoken)
    )


def _terms(category: Category) -> list[frozenset[str]]:
    texts = [category.name, *_SPLIT.split(category.description)]
    return [term for term in map(_stems, texts) if term]


def _stems(text: str) -> frozenset[str]:
    words = (word.casefold() for word in _WORD.findall(text))
    return frozenset(_stem(word) for word in words if word not in _SILENT)


def _stem(word: str) -> str:
    """A word without its inflection: "smoking", "smoker" and "smokes" are all "smok"."""
    stem = _SUFFIX.sub("", word) if len(word) > 4 else word.removesuffix("s").removesuffix("e")
    return _DOUBLED.sub(r"\1", stem) if len(stem) >= 3 else word
