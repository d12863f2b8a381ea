"""Text from inside a picture: made harmless before the judge reads it, and recognised as an injection.

`neutralise` protects the prompt; `looks_like_instructions` sends the image to a person, because a judge that has
read such words can't be relied on. It knows the kinds of injection in the test suite, and no others.
"""

import base64
import binascii
import re
import unicodedata

from moderation.domain.injection_patterns import steers

MAX_CHARACTERS = 2000

# Brackets, quotes and signs of prompts and JSON, and their replacements.
_BRACKETS = {"Ps": "(", "Pe": ")", "Pi": "'", "Pf": "'"}
_SIGNS = str.maketrans({"<": "(", ">": ")", '"': "'", "`": "'", "#": " ", "|": "/", "\\": "/"})
_REPEATED = re.compile(r"([=*_~\-/.:'])\1{2,}")
_ROLE = re.compile(r"\b(system|assistant|user|human|inst|sys)\s*:", re.IGNORECASE)

_JOINERS = "\u200c\u200d"  # emoji and several scripts are written with them
_SOFT_HYPHEN = "\u00ad"
_BLACK_FLAG = "\U0001f3f4"  # the flags of England, Scotland and Wales are this one and tag characters
_TAGS = range(0xE0000, 0xE0080)
_LOOKALIKES = re.compile(r"[a-z]\w*[\u0400-\u058f\u13a0-\u13ff]|[\u0400-\u058f\u13a0-\u13ff]\w*[a-z]", re.IGNORECASE)

_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{16,}")
_HEXADECIMAL = re.compile(r"(?:[0-9a-f]{2}[ :]?){8,}", re.IGNORECASE)
_ESCAPES = re.compile(
    r"(?:%[0-9a-f]{2}){4}|(?:\\u[0-9a-f]{4}){2}|(?:\\x[0-9a-f]{2}){3}|(?:&#x?[0-9a-f]+;){2}|(?:[01]{8}\s?){4}",
    re.IGNORECASE,
)


def neutralise(text: str, limit: int) -> str:
    """Reduce to one line of at most `limit` characters that can't leave its quotes, fence or role in a prompt.

    Invisible characters go, brackets become round ones, double quotes single ones, and role names lose their
    colon; letters of any script stay.
    """
    shown = "".join(_shown(character) for character in unicodedata.normalize("NFKC", text))
    line = " ".join(shown.translate(_SIGNS).split())
    return _ROLE.sub(r"\1 -", _REPEATED.sub(r"\1", line))[:limit].rstrip()


def looks_like_instructions(text: str) -> bool:
    """Tell if a caption or an answer addresses its reader, or hides its words.

    Anything longer than `MAX_CHARACTERS` counts as instructions: no caption is that long.
    """
    return (
        len(text) > MAX_CHARACTERS
        or _hides_characters(text)
        or _LOOKALIKES.search(text) is not None
        or _ESCAPES.search(text) is not None
        or any(map(_is_base64_of_text, _BASE64.findall(text)))
        or any(map(_is_hexadecimal_of_text, _HEXADECIMAL.findall(text)))
        or steers(text)
    )


def _shown(character: str) -> str:
    category = unicodedata.category(character)
    if category in ("Cf", "Cs", "Co", "Cn"):
        return ""
    return " " if category == "Cc" else _BRACKETS.get(category, character)


def _hides_characters(text: str) -> bool:
    """Tell if there are zero-width, bidirectional, tag or private characters that no script or emoji needs."""
    return any(
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


def _is_base64_of_text(run: str) -> bool:
    run = run.translate(str.maketrans("-_", "+/"))
    try:
        return _is_text(base64.b64decode(run[: len(run) // 4 * 4]))
    except binascii.Error:
        return False


def _is_hexadecimal_of_text(run: str) -> bool:
    digits = re.sub(r"[ :]", "", run)
    # English in hexadecimal always has letters among its digits; a long number has none.
    return not digits.isdigit() and _is_text(bytes.fromhex(digits))


def _is_text(decoded: bytes) -> bool:
    return decoded.isascii() and decoded.decode("ascii").isprintable()
