"""Words by which a category is looked for in a text: the stems of its terms, outside of what it excepts.

A category's *terms* are its name and each item of its description (split at commas, semicolons, "and", "or"), without
what is negated.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from moderation.domain.negations import without_negated

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
_SILENT = frozenset(_SAY_NOTHING.split())
# Forms that mean something else than the activity: smoked salmon, the smoke of a train.
_STEMS_OF_THEIR_OWN = frozenset(("smoke", "smoked"))
_KEPT_WORDS = 2**14

Phrases = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """Names of the categories of a pack, each with its terms and the phrases that it excepts.

    One is equal to itself alone, so that looking up by it takes no comparison of words.
    """

    categories: tuple[tuple[str, tuple[frozenset[str], ...], Phrases], ...]


def words_in(text: str) -> list[str]:
    """Return the text's words in order, casefolded, and its punctuation."""
    return _WORD.findall(text.casefold())


@lru_cache(maxsize=_KEPT_WORDS)
def significant(word: str) -> str:
    """Return a word's stem, or empty text for punctuation and words without a meaning of their own."""
    return "" if len(word) < 3 or word in _SILENT else stem_of(word)


def stem_of(word: str) -> str:
    """Return a word without its inflection: "smoking", "smoker" and "smokes" are all "smok", "knives" is "knif"."""
    if word in _STEMS_OF_THEIR_OWN:
        return word
    stem = _SUFFIX.sub("", word) if len(word) > 4 else word.removesuffix("s").removesuffix("e")
    stem = _VOICED.sub("f", stem)
    return _DOUBLED.sub(r"\1", stem) if len(stem) >= 3 else word


@lru_cache(maxsize=1024)
def terms_of(name: str, description: str) -> tuple[frozenset[str], ...]:
    """Return the stems of each term of a category."""
    texts = [name, *_SPLIT.split(without_negated(description))]
    terms = (frozenset(filter(None, map(significant, words_in(text)))) for text in texts)
    return tuple(filter(None, terms))


def phrases_of(exceptions: Iterable[str]) -> Phrases:
    """Return the phrases that a category excepts, from their first to their last significant word."""
    phrases = []
    for text in exceptions:
        stems = [significant(word) for word in words_in(text)]
        meaning = [i for i, stem in enumerate(stems) if stem]
        if meaning:
            phrases.append(tuple(stems[meaning[0] : meaning[-1] + 1]))
    return tuple(phrases)
