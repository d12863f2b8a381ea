"""Text from inside a picture: made harmless before the judge reads it, and recognised as an injection.

`neutralise` protects the prompt; `looks_like_instructions` sends the image to a person, because a judge that has
read such words can't be relied on. It knows the kinds of injection in the test suite, and few others.
"""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from moderation.domain.encodings import hides_text
from moderation.domain.injection_patterns import steers, steers_clearly, talks_about_a_thing
from moderation.domain.letters import has_foreign_letters

MAX_CHARACTERS = 2000
MAX_JOINED_CHARACTERS = 10_000
SAYS_MORE = "says more about something forbidden than a description does"

# Brackets, quotes and signs of prompts and JSON, and their replacements.
_BRACKETS = {"Ps": "(", "Pe": ")", "Pi": "'", "Pf": "'"}
_SIGNS = str.maketrans({"<": "(", ">": ")", '"': "'", "`": "'", "#": " ", "|": "/", "\\": "/"})
_REPEATED = re.compile(r"([=*_~\-/.:'])\1{2,}")
_ROLE = re.compile(r"\b(system|assistant|user|human|inst|sys)\s*:", re.IGNORECASE)

_JOINERS = "\u200c\u200d"  # emoji and several scripts are written with them
_SOFT_HYPHEN = "\u00ad"
_BLACK_FLAG = "\U0001f3f4"  # the flags of England, Scotland and Wales are this one and tag characters
_TAGS = range(0xE0000, 0xE0080)


@lru_cache(maxsize=1024)
def neutralise(text: str, limit: int) -> str:
    """Reduce to one line of at most `limit` characters that can't leave its quotes, fence or role in a prompt.

    Invisible characters go, brackets become round ones, double quotes single ones, and role names lose their
    colon; letters of any script stay.
    """
    shown = text.translate(_ASCII) if text.isascii() else "".join(map(_shown, unicodedata.normalize("NFKC", text)))
    line = " ".join(shown.translate(_SIGNS).split())
    return _ROLE.sub(r"\1 -", _REPEATED.sub(r"\1", line))[:limit].rstrip()


def looks_like_instructions(text: str) -> bool:
    """Tell if a caption or an answer addresses its reader, hides its words, or has letters that no captioner writes.

    Anything longer than `MAX_CHARACTERS` counts as instructions: no caption is that long.
    """
    return how_it_steers(text) != ""


@lru_cache(maxsize=1024)
def how_it_steers(text: str) -> str:
    """Return why a caption or an answer can't be trusted, as the predicate of a sentence; empty if it can."""
    if has_foreign_letters(text):
        return "has letters that the captioner doesn't write, so that it is text from the picture"
    if len(text) > MAX_CHARACTERS or _hides_characters(text) or hides_text(text) or steers(text):
        return "reads like instructions"
    return SAYS_MORE if talks_about_a_thing(text) else ""


def look_like_instructions_together(texts: Sequence[str]) -> bool:
    """Tell if texts that are read one after the other address their reader, though none of them alone does.

    Weak signs don't count: any twelve captions have some. Texts that are too long to be captions count.
    """
    return sum(map(len, texts)) > MAX_JOINED_CHARACTERS or any(
        hides_text(joined) or steers_clearly(joined) for joined in (" ".join(texts), "".join(texts))
    )


def _shown(character: str) -> str:
    category = unicodedata.category(character)
    if category in ("Cf", "Cs", "Co", "Cn"):
        return ""
    return " " if category == "Cc" else _BRACKETS.get(category, character)


_ASCII = {code: _shown(chr(code)) for code in range(128)}


def _hides_characters(text: str) -> bool:
    """Tell if there are zero-width, bidirectional, tag or private characters that no script or emoji needs."""
    return not text.isascii() and any(
        unicodedata.category(character) in ("Cf", "Co")
        and character != _SOFT_HYPHEN
        and not (character in _JOINERS and _joins(text, i))
        and not (ord(character) in _TAGS and _BLACK_FLAG in text[max(0, i - 6) : i])
        for i, character in enumerate(text)
    )


def _joins(text: str, position: int) -> bool:
    """Tell if a joiner is next to a character that isn't ASCII: Latin letters never need one."""
    neighbours = text[max(0, position - 1) : position] + text[position + 1 : position + 2]
    return not neighbours.isascii()
