"""Parser of the judge's answer, the free text of a language model.

It tolerates prose, code fences and echoed templates around the JSON object, single quotes, bare words, trailing
commas, and all spellings that models use for the flag. It rejects objects that disagree, an object that breaks off
after its flag, and an unsafe flag without one of the policy's categories.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

MAX_CHARACTERS = 200_000
MAX_REASON = 1000
_MAX_DEPTH = 8

Flag = Literal["safe", "unsafe"]

_FLAGS: dict[str, Flag] = {
    "yes": "unsafe",
    "unsafe": "unsafe",
    "not safe": "unsafe",
    "true": "unsafe",
    "no": "safe",
    "safe": "safe",
    "not unsafe": "safe",
    "false": "safe",
}

# Possessive quantifiers (`*+`) never backtrack, so every match takes linear time. A single quote ends
# a string only where JSON could go on: the apostrophe in 'the person isn't clothed' doesn't.
_DOUBLE = r'"(?:[^"\\]|\\.)*+"'
_SINGLE = r"'(?:[^'\\]|\\.|'(?!\s*+[,:}\]]))*+'"
_STRING = re.compile(f"{_DOUBLE}|{_SINGLE}", re.DOTALL)
_BARE = re.compile(r"[A-Za-z_][\w-]*+|-?\d++(?:\.\d++)?+")
_SPACE = re.compile(r"\s*+")
_OBJECT_START = re.compile(r"""\{\s*+(?:"[^"\\]*+"|'[^'\\]*+'|[A-Za-z_]\w*+)\s*+:""")
_BRACE = re.compile(rf"{_DOUBLE[:-1]}(?:\"|\Z)|(?<=[{{,:\[\s]){_SINGLE[:-1]}(?:'|\Z)|[{{}}]", re.DOTALL)
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\s]++")


class UnusableJudgement(Exception):
    """The judge's text contains no valid answer; the message gives the reason, to be quoted in a repair request."""


@dataclass(frozen=True)
class Judgement:
    """The judge's answer about an image. `category` is one of the pack's categories, or None if safe."""

    flag: Flag
    category: str | None
    reason: str


def parse_judgement(text: str, categories: Sequence[str]) -> Judgement:
    """Return the only judgement in the judge's text; `categories` are the policy's names.

    Takes linear time. Raises `UnusableJudgement` if there is none, or more than one and they differ. A
    category is matched whatever its case; "Violence: Weapons" and "3. Violence (weapons)" are Violence, but
    a subcategory alone isn't accepted.
    """
    if len(text) > MAX_CHARACTERS:
        raise UnusableJudgement(f"the answer has more than {MAX_CHARACTERS} characters")
    judgements = [_judgement(flag, fields, categories) for flag, fields in _flagged_objects(text)]
    if not judgements:
        raise UnusableJudgement('there is no JSON object with a "flag" of "safe" or "unsafe"')
    if len({(judgement.flag, judgement.category) for judgement in judgements}) > 1:
        raise UnusableJudgement("there is more than one JSON object and they disagree")
    return judgements[0]


def _judgement(flag: Flag, fields: Mapping[str, Any], categories: Sequence[str]) -> Judgement:
    reason = _one_line(fields.get("reason"))
    if flag == "safe":
        return Judgement(flag, None, reason)
    given = fields.get("category")
    if isinstance(given, list) and len(given) == 1:
        given = given[0]
    category = _category(given, categories) if isinstance(given, str) else None
    if category is None:
        raise UnusableJudgement(f"the flag is unsafe but the category {_quoted(given)} is none of the policy's")
    return Judgement(flag, category, reason)


def _flag(fields: Mapping[str, Any]) -> Flag | None:
    flag = fields.get("flag")
    return _FLAGS.get(_plain(flag).strip(" .!")) if isinstance(flag, str) else None


def _category(given: str, categories: Sequence[str]) -> str | None:
    """Return the name that equals `given`, or else the only name that it starts with and mentions."""
    plain = _plain(given)
    for name in categories:
        if _plain(name) == plain:
            return name
    plain = re.sub(r"^[\W\d]*(?:category\b)?[\W\d]*", "", plain)
    mentioned = [name for name in categories if _mentions(plain, _plain(name))]
    leading = [name for name in mentioned if plain.startswith(_plain(name))]
    if not leading:
        return None
    longest = max(leading, key=len)
    others = [name for name in mentioned if _plain(name) not in _plain(longest)]
    return None if others else longest


def _mentions(text: str, phrase: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(phrase)}(?!\w)", text) is not None


def _plain(text: str) -> str:
    return " ".join(re.split(r"[\s_]+", text.strip())).casefold()


def _one_line(reason: object) -> str:
    """Return the reason as one line of valid Unicode; pairs of escaped surrogates become one character."""
    if not isinstance(reason, str):
        return ""
    valid = reason.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return _UNPRINTABLE.sub(" ", valid).strip()[:MAX_REASON]


def _quoted(value: object) -> str:
    return f'"{_UNPRINTABLE.sub(" ", str(value))[:60]}"'


def _flagged_objects(text: str) -> Iterator[tuple[Flag, Mapping[str, Any]]]:
    """Return the objects with a valid flag, outermost first and from left to right.

    Strings aren't searched: an object quoted in a reason isn't an answer. An unreadable object is skipped to its end;
    if it contains a valid flag or has no end, the whole text is rejected.
    """
    start = _OBJECT_START.search(text)
    while start:
        fields, end = _read_object(text, start.start(), 0)
        if end is not None:
            yield from _with_flag(fields)
        else:
            end = _closing_brace(text, start.start())
            if end is None or _flag(fields):
                raise UnusableJudgement("the JSON object isn't complete or isn't valid JSON")
        start = _OBJECT_START.search(text, end)


def _with_flag(value: object) -> Iterator[tuple[Flag, Mapping[str, Any]]]:
    if isinstance(value, Mapping):
        flag = _flag(value)
        if flag:
            yield flag, value
            return
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _with_flag(item)


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
