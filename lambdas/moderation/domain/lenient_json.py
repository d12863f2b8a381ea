"""Reader of JSON objects as language models write them, amid other text.

It tolerates single and typographic quotes, bare words and trailing commas, and takes linear time.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_MAX_DEPTH = 8

# Possessive quantifiers (`*+`) never backtrack, so every match takes linear time. A single quote ends
# a string only where JSON could go on: the apostrophe in 'the person isn't clothed' doesn't.
_DOUBLE = r'"(?:[^"\\]|\\.)*+"'
_SINGLE = r"'(?:[^'\\]|\\.|'(?!\s*+[,:}\]]))*+'"
_MARKS = (r"\u201c\u201d\u201e\u201f\u00ab\u00bb", r"\u2018\u2019\u201a\u201b")  # typographic quotes
_TYPOGRAPHIC = "|".join(rf"[{marks}](?:[^{marks}\\]|\\.|[{marks}](?!\s*+[,:}}\]]))*+[{marks}]" for marks in _MARKS)
_STRING = re.compile(f"{_DOUBLE}|{_SINGLE}|{_TYPOGRAPHIC}", re.DOTALL)
_BARE = re.compile(r"[A-Za-z_][\w-]*+|-?\d++(?:\.\d++)?+")
_SPACE = re.compile(r"\s*+")
_QUOTED = "|".join(rf"[{marks}][^{marks}\\]*+[{marks}]" for marks in ('"', "'", *_MARKS))
_OBJECT_START = re.compile(rf"\{{\s*+(?:{_QUOTED}|[A-Za-z_]\w*+)\s*+:")
_BRACE = re.compile(rf"{_DOUBLE[:-1]}(?:\"|\Z)|(?<=[{{,:\[\s]){_SINGLE[:-1]}(?:'|\Z)|[{{}}]", re.DOTALL)
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}


@dataclass(frozen=True)
class Found:
    """An object of the text and its place. A broken one has the members before its fault, and no end if none follows.

    Keys are in lower case; numbers and the words true, false and null are text.
    """

    value: Mapping[str, Any]
    start: int
    end: int | None
    broken: bool = False


def find_objects(text: str) -> Iterator[Found]:
    """Return the objects of the text, outermost first and from left to right.

    Strings aren't searched: an object quoted within one isn't found. A broken object is skipped to its closing brace.
    """
    start = _OBJECT_START.search(text)
    while start:
        fields, end = _read_object(text, start.start(), 0)
        broken = end is None
        end = _closing_brace(text, start.start()) if end is None else end
        yield Found(fields, start.start(), end, broken)
        start = _OBJECT_START.search(text, end) if end is not None else None


def _closing_brace(text: str, start: int) -> int | None:
    """Return the end of the object that starts at `start`, by its braces alone, or None."""
    depth = 0
    for token in _BRACE.finditer(text, start):
        depth += {"{": 1, "}": -1}.get(token[0], 0)
        if depth == 0:
            return token.end()
    return None


def _read_object(text: str, start: int, depth: int) -> tuple[dict[str, Any], int | None]:
    """The members of the object at `start`, keys in lower case, and its end.

    A broken object has no end (None) and the members before the fault.
    """
    fields: dict[str, Any] = {}
    position = _skip_space(text, start + 1)
    while position < len(text):
        if text[position] == "}":
            return fields, position + 1
        key, position = _read_scalar(text, position)
        position = _skip_space(text, position)
        if not isinstance(key, str) or text[position : position + 1] != ":":
            break
        value, end = _read_value(text, _skip_space(text, position + 1), depth + 1)
        position = _skip_space(text, end) if end is not None else len(text)
        if text[position : position + 1] not in (",", "}"):
            break
        key = key.strip().casefold()
        if fields.setdefault(key, value) != value:
            break
        position = _skip_space(text, position + 1) if text[position] == "," else position
    return fields, None


def _read_value(text: str, start: int, depth: int) -> tuple[Any, int | None]:
    opening = text[start : start + 1]
    if opening in ("{", "[") and depth > _MAX_DEPTH:
        return None, None
    if opening == "{":
        return _read_object(text, start, depth)
    if opening == "[":
        return _read_list(text, start, depth)
    value, end = _read_scalar(text, start)
    return value, end if end > start else None


def _read_list(text: str, start: int, depth: int) -> tuple[list[Any], int | None]:
    items: list[Any] = []
    position = _skip_space(text, start + 1)
    while position < len(text):
        if text[position] == "]":
            return items, position + 1
        value, end = _read_value(text, position, depth + 1)
        position = _skip_space(text, end) if end is not None else len(text)
        if text[position : position + 1] not in (",", "]"):
            break
        items.append(value)
        position = _skip_space(text, position + 1) if text[position] == "," else position
    return items, None


def _read_scalar(text: str, start: int) -> tuple[str | None, int]:
    """A string or bare word and its end; None and `start` if there is neither.

    Numbers and the words true, false and null stay text: only what they spell matters here.
    """
    string = _STRING.match(text, start)
    if string:
        return _ESCAPE.sub(_unescape, string[0][1:-1]), string.end()
    bare = _BARE.match(text, start)
    return (bare[0], bare.end()) if bare else (None, start)


def _unescape(match: re.Match[str]) -> str:
    escape = match[1]
    return chr(int(escape[1:], 16)) if len(escape) > 1 else _ESCAPES.get(escape, escape)


def _skip_space(text: str, position: int) -> int:
    space = _SPACE.match(text, position)
    return space.end() if space else position
