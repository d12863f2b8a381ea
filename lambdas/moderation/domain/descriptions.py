"""Captions that answers can deny: closed forms of what a captioner writes of a scene.

A caption is split into what it describes and what it quotes. Where a caption names something forbidden and quotes text,
answers deny it only if all of the text forbids: "no guns allowed". Without text it must be a noun phrase: things with
attributes, prepositions of place and verbs in "-ing". Everything else may be talk that answers don't deny.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from moderation.domain import description_words as classes
from moderation.domain.english import is_unread
from moderation.domain.injection_patterns import is_description
from moderation.domain.letters import readings, restored
from moderation.domain.subjects import SUBJECTS

_QUOTES = str.maketrans(dict.fromkeys("\u201c\u201d\u201e\u00ab\u00bb", '"') | dict.fromkeys("\u2018\u2019\u201a", "'"))
_MARKED = re.compile(r""""([^"]*)"?|(?<!\w)'([^']*(?:(?<=\w)'(?=\w)[^']*)*)'(?!\w)""")
_QUOTING = re.compile(classes.QUOTING)
_SUBSTITUTION = re.compile(classes.SUBSTITUTION)
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_COMPOUND = re.compile(r"\b(t|close|x|e|self|black|and|mid|semi|old|multi|one|two) ?- ?(?=\w)")
_BREAK = re.compile(r"\s+-+\s+|[\u2013\u2014,()]")
_ODD = re.compile(r"[^\w\s'\",.!?()&%$€£#\u2013\u2014-]")
_CLOTHES = re.compile(
    r"\b(?:without (?:a |any |his |her |their )?(?:shirts?|tops?|clothes|clothing|bra)|no (?:shirt|clothes|top)(?: on)?"
    r"|wearing (?:nothing|no clothes)|who (?:is|are)(?= \w+ing\b)|(?<=shaped )like|(?<=dressed )as)"
)
_SHORT_WORD = 3
_FEW = 2
_FORBIDS = re.compile(
    r"(?:(?:thank you for |please )?(?:do )?not|please|no|stop(?: the)?|say no to|end(?: the)?|against|ban|quit|anti)\b"
)
_NOT_A_SIGN = re.compile(
    r"\b(?:is|are|was|were|there|here|this|that|i|it|to see|visible|seen|picture|photo|image|hands?)\b"
)
_SIGN_ENDS = re.compile(
    r"\b(?:(?:(?:allowed|permitted) )?(?:in|on|within|inside|at|near|under) (?!this|that|it\b)[\w ]+|allowed|permitted"
    r"|please|beyond this point|today|zone|area|indoors|of any kind|tolerated|policy|against (?:women|children"
    r"|animals))$"
)
_SMOKING = re.compile(r"smoking (?:area|zone|section|room|lounge|kills|causes cancer)")
_REGULATES = re.compile(
    r"(?:\w+ )?(?:\w+ing|\w+s|alcohol|tobacco) (?:is|are)"
    r" (?:strictly )?(?:not (?:allowed|permitted)|prohibited|forbidden"
    r"|banned"
    r"|(?:allowed|permitted) (?:only )?(?:in|at|on) (?!this|these|that|any|every|all)[\w ]+)"
)
_PICTURED = re.compile(r"\b(?:picture|photo|image|post|upload|ad|drawing|painting|caption|hands?|view|frame)s?\b")
_FREE = re.compile(
    r"\w+ free(?: (?:school|zone|area|home|building|workplace|campus|city|park|event|beer|wine|drinks?|cocktails?))*"
)
_SUBJECT_WORDS = frozenset(_WORD.findall(" ".join(SUBJECTS.values()))) - classes.TALKING


@dataclass(frozen=True)
class Parts:
    """A caption's description and the words that it quotes."""

    described: str
    quoted: tuple[str, ...]


def split(text: str) -> Parts:
    """Split a caption into what is described and what is quoted.

    Quoted is what stands in quotation marks; without any, what follows a word such as "says" or "label".
    """
    folded = " ".join(text.casefold().translate(_QUOTES).split())
    quoted = tuple(first or second for first, second in _MARKED.findall(folded) if _WORD.search(first or second))
    if quoted:
        return Parts(_MARKED.sub(" ", folded), quoted)
    for match in _QUOTING.finditer(folded):
        rest = folded[match.end() :]
        first = _WORD.search(rest)
        if (
            first
            and not _goes_on(first[0])
            and not re.match(r"\s*(?:[,.]|of\b)", rest)
            and not _QUOTING.match(rest.strip())
        ):
            return Parts(folded[: match.end()], (rest,))
    return Parts(folded, ())


def can_be_denied(text: str, names_something: Callable[[str], bool]) -> bool:
    """Tell if clear noes can deny what a caption names; `names_something` tells if a text names a forbidden thing."""
    parts = split(text)
    if not is_description(text) or _substitutes(text) or _is_foreign(parts.described):
        return False
    if not names_something(text):
        return True
    if _forbids(text):
        return True
    if parts.quoted:
        return not names_something(parts.described) and all(map(_forbids, parts.quoted))
    return _is_plain(parts.described)


def quotes_unread_text(text: str) -> bool:
    """Tell if a caption has text of words that aren't English: it was read off the picture, and nothing reads it."""
    parts = split(text)
    return any(map(is_unread, (parts.described, *parts.quoted, " ".join(parts.quoted))))


def _forbids(text: str) -> bool:
    """Tell if a sign forbids: each part a plural, mass noun or gerund, alone or with "allowed" and the like."""
    return all(_is_forbidding(" ".join(_WORD.findall(part))) for part in text.casefold().split(",") if part.strip())


def _is_forbidding(words: str) -> bool:
    if _FREE.fullmatch(words) or _SMOKING.fullmatch(words):
        return True
    if _REGULATES.match(words) and not _PICTURED.search(words):
        return True
    lead = _FORBIDS.match(words)
    if not lead:
        return False
    rest = words[lead.end() :].strip()
    end = _SIGN_ENDS.search(rest)
    nouns = (rest[: end.start()] if end else rest).split()
    if not nouns or _PICTURED.search(words) or _NOT_A_SIGN.search(" ".join(nouns)):
        return False
    return _is_general(nouns[-1]) or (end is not None and end[0] in ("zone", "area", "policy"))


def _is_general(noun: str) -> bool:
    return noun.endswith("ing") or (noun.endswith("s") and not noun.endswith("ss")) or noun in classes.MASSES


def _is_plain(described: str) -> bool:
    """Tell if a description has only things with attributes, places and what is being done, and no apposition."""
    joined = _COMPOUND.sub(r"\1", _CLOTHES.sub(" ", described))
    segments = [_WORD.findall(segment) for segment in _BREAK.split(joined)]
    segments = [segment for segment in segments if segment]
    return (
        not _ODD.search(joined)
        and not _cut_up_talk(joined)
        and all(map(_is_plain_segment, segments))
        and ("and" in segments[-1] or all(map(_continues, segments[1:])))
    )


def _continues(segment: list[str]) -> bool:
    return segment[0] in classes.PLACES or segment[0] == "and" or _is_doing(segment[0])


def _is_plain_segment(words: list[str]) -> bool:
    before, after = ["", *words[:-1]], [*words[1:], ""]
    return all(map(_is_plain_word, before, words, after))


def _is_plain_word(before: str, word: str, after: str) -> bool:
    if word == "can":
        return before in classes.DETERMINERS or before in classes.PLACES
    if word in ("that", "which"):
        return after in ("is", "are") or _QUOTING.fullmatch(after) is not None
    if word in classes.TALKING or (word in classes.ORDERS and not before) or (word, after) == ("free", "of"):
        return False
    if word in ("is", "are", "was", "were"):
        return before == "there" or after in classes.PLACES or after in classes.PLACED or _is_doing(after)
    if word == "for":
        return after == "sale" or before in classes.ADVERTISING
    if word == "to":
        return before in ("next", "close", "attached", "tied", "up") or after in classes.DETERMINERS
    if word == "by":
        return before in classes.SURROUNDED or not before.endswith(("ed", "en", "wn"))
    if word in classes.NOT_DOING or (before == "of" and word in classes.MATERIALS):
        return False
    return not word.endswith(("ed", "ly", "n't")) or word in classes.PLACED | classes.ORDINARY | _SUBJECT_WORDS


def _is_doing(word: str) -> bool:
    return word.endswith("ing") and word not in classes.NOT_DOING


def _goes_on(word: str) -> bool:
    return word in classes.PLACES or word in ("and", "is", "are", "that", "which", "for") or _is_doing(word)


def _cut_up_talk(text: str) -> bool:
    """Tell if a word that talks is cut up, has signs for letters, or stands backwards or in a cipher with others."""
    words = set(_WORD.findall(text))
    disguised = classes.TALKING - words
    _, signs, signs_with_l, _, _, *others = (set(_WORD.findall(reading)) for reading in readings(text))
    joined = {word for reading in restored(text) for word in _WORD.findall(reading) if len(word) > _SHORT_WORD}
    return bool(disguised & (signs | signs_with_l | joined)) or any(
        len([word for word in disguised & reading if len(word) >= _SHORT_WORD]) >= _FEW for reading in others
    )


def _substitutes(text: str) -> bool:
    return "=" in text or any(_SUBSTITUTION.search(" ".join(_WORD.findall(reading))) for reading in restored(text))


def _is_foreign(described: str) -> bool:
    plain = next(iter(restored(described)))
    return sum(word in classes.FOREIGN for word in _WORD.findall(plain)) >= classes.LEAST_FOREIGN
