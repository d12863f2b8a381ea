"""Contact details in text: addresses of mail, of pages and of accounts, and telephone numbers as people write them."""

import re
from collections.abc import Iterator

_HOST = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
# A reader takes a full stop for a comma, and sets a space behind it.
_DOT = r"\s?[.,]\s?"
_EMAIL = re.compile(
    rf"(?<![\w.])[a-z0-9][\w.+,-]*\s?(?:@|©|\(at\)|\[at\])\s?{_HOST}(?:{_DOT}{_HOST})*{_DOT}[a-z]{{2,}}\b", re.I
)
_TOP_LEVEL = (
    "com|org|net|edu|gov|info|biz|io|me|app|dev|shop|store|online|site|xyz|tv|ly|gl|co|ai|eu|us|uk|de|fr|es|it|nl|be|"
    "ch|at|se|no|dk|fi|pl|cz|pt|ie|ca|au|nz|in|jp|cn|br|mx|ru|ua|tr|za|kr"
)
_URL = re.compile(
    r"(?:https?\s?:\s?/\s?/\s?\S+|\bwww\s?[.,]\s?\S+[.,]\S+"
    rf"|(?<![\w@.,])(?:{_HOST}\.)+(?:{_TOP_LEVEL})(?:/\S*|\b(?![.@\w])))",
    re.I,
)
_HANDLE = re.compile(r"(?<![\w.@])@[a-z_][\w.]{1,29}", re.I)
_NAMED_HANDLE = re.compile(
    r"\b(?:ig|insta|instagram|snap|snapchat|telegram|tiktok|twitter|discord|kik|whatsapp|onlyfans|fb)\s?[:@/]\s?@?"
    r"[a-z0-9_][\w.#]{2,29}",
    re.I,
)

_NUMBER = r"[(]?\d(?:[ ().\-/]{0,3}\d)"
_INTERNATIONAL = re.compile(r"(?<![\w+])\+\s?[1-9]\d{0,2}(?:[ ().\-/]{0,3}\d){6,12}(?!\d)")
_SHORT_INTERNATIONAL = re.compile(r"(?<![\w+])\+\s?[1-9]\d{0,2}[ .\-]\d{3}[ .\-]\d{3,4}(?!\d)")
_CALLED = re.compile(
    rf"\b(?:tel|telephone|telefon|phone|call|mobile|mobil|cell|fax|whatsapp|text|sms|ring)\b[\s.:]{{0,3}}(?:me|us|at|on|no)?"
    rf"[\s.:]{{0,2}}\+?{_NUMBER}{{4,14}}(?!\d)",
    re.I,
)
_LOCAL = re.compile(r"(?<![\w.\-/])\d{3}\s?[-.]\s?\d{4}(?![\w\-/]|\.\d)")
_AREA = re.compile(r"(?<![\w.\-/])(?:\(\d{3}\)\s?|\d{3}[-. ])\d{3}[-. ]\d{4}(?![\w\-/]|\.\d)")


def emails(text: str) -> Iterator[tuple[int, int]]:
    """Yield where addresses of mail stand."""
    yield from (match.span() for match in _EMAIL.finditer(text))


def urls(text: str) -> Iterator[tuple[int, int]]:
    """Yield where addresses of pages stand: with a scheme, with `www`, or a host under a common top level."""
    yield from (match.span() for match in _URL.finditer(text))


def handles(text: str) -> Iterator[tuple[int, int]]:
    """Yield where names of accounts stand: behind an @, or behind the name of a network."""
    for pattern in (_HANDLE, _NAMED_HANDLE):
        yield from (match.span() for match in pattern.finditer(text))


def written_phones(text: str) -> Iterator[tuple[int, int]]:
    """Yield where telephone numbers stand in forms that no plan of numbers needs to confirm."""
    for pattern in (_INTERNATIONAL, _SHORT_INTERNATIONAL, _CALLED, _AREA, _LOCAL):
        yield from (match.span() for match in pattern.finditer(text))
