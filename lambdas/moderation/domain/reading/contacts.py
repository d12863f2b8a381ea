"""Contact details in text: addresses of mail, of pages and of accounts, and telephone numbers as people write them."""

import re
from collections.abc import Iterator

# ASCII's word characters alone: other scripts write an address right beside their own letters.
_FLAGS = re.I | re.A
# Lengths have the bounds of the standards: without one, a long line of hyphens or dots takes seconds.
_HOST = "[a-z0-9\u00df-\u024f](?:[a-z0-9\u00df-\u024f-]{0,61}[a-z0-9\u00df-\u024f])?"
_PARTS = 20  # of a host, at most
_TOP_LEVEL = (
    "com|org|net|edu|gov|info|biz|io|me|app|dev|shop|store|online|site|xyz|tv|ly|gl|co|ai|eu|us|uk|de|fr|es|it|nl|be|"
    "ch|at|se|no|dk|fi|pl|cz|pt|ie|ca|au|nz|in|jp|cn|br|mx|ru|ua|tr|za|kr"
)
# A reader takes a full stop for a comma, and sets a space beside a sign: then only a common top level tells an address
# from "Live @ Wembley, London". Nor is "Photo © agency.com" one. In "(at)" and "(dot)" nothing else is meant.
_AT = r"(?:[@©]|\s?[(\[{<]\s?at\s?[)\]}>]\s?)"
_DOT = r"\s?(?:[.,]|[(\[{<]\s?dot\s?[)\]}>])\s?"
_MAIL_HOST = "gmail|googlemail|yahoo|hotmail|outlook|live|icloud|aol|gmx|web|proton|protonmail|mail|yandex|qq|naver|msn"
_EMAIL = re.compile(
    r"(?<!\w)(?<!\w\.)[a-z0-9][\w.+,-]{0,63}"
    rf"(?:{_AT}{_HOST}(?:{_DOT}{_HOST}){{0,{_PARTS}}}(?:\.[a-z]{{2,}}|{_DOT}(?:{_TOP_LEVEL}))"
    rf"|(?:\s?@|©)\s?{_HOST}(?:\.{_HOST}){{0,{_PARTS}}}(?:[.,](?:{_TOP_LEVEL})|{_DOT}(?:com|org|net|edu|gov))"
    rf"|\sat\s(?:{_MAIL_HOST})\sdot\s(?:{_TOP_LEVEL}))\b"
    r"(?!:[\w~/])",  # "git@github.com:org/repo" names a repository
    _FLAGS,
)
_URL = re.compile(
    r"(?:https?\s?:\s?/\s?/\s?\S+|\bwww\s?[.,]\s?\S+[.,]\S+"
    rf"|(?<![\w@.,])(?:{_HOST}\.){{1,{_PARTS}}}(?:{_TOP_LEVEL})(?:/\S*|\b(?![.@\w])))",
    _FLAGS,
)
_HANDLE = re.compile(r"(?<![\w.@])@[a-z_][\w.]{1,29}", _FLAGS)
_NAMED_HANDLE = re.compile(
    r"\b(?:ig|insta|instagram|snap|snapchat|telegram|tiktok|twitter|discord|kik|whatsapp|onlyfans|fb)\s?[:@/]\s?@?"
    r"[a-z0-9_][\w.#]{2,29}",
    re.I,
)

_NUMBER = r"[(]?\d(?:[ ().\-/]{0,3}\d)"
_INTERNATIONAL = re.compile(r"(?<![\w+])\+\s?[1-9]\d{0,2}(?:[ ().\-/]{0,3}\d){6,12}(?!\d)", _FLAGS)
_DIALLED_INTERNATIONAL = re.compile(
    r"(?<![\d+])(?<!\d[ .\-/])00[1-9]\d{0,2}[ .\-/](?:\d[ .\-/]?){5,11}\d(?!\d)", _FLAGS
)
_SHORT_INTERNATIONAL = re.compile(r"(?<![\w+])\+\s?[1-9]\d{0,2}[ .\-]\d{3}[ .\-]\d{3,4}(?!\d)", _FLAGS)
_BEFORE = r"[\s.:]{0,3}(?:me|us|at|on|no|nr|number)?[\s.:]{0,2}\+?"
_CALLED = re.compile(
    r"\b(?:t[eé]l(?:;[\w=,;-]{1,60}(?=:))?"
    r"|t[eé]l[eé](?:phone|f[oó]n|f[oó]no|foon|fone)|tfno|tlf|phone|call|fax|fon|gsm(?=[ .:]{1,3}0[1-9])"
    r"|тел|телефон)\b"
    rf"{_BEFORE}{_NUMBER}{{4,14}}(?!\d)"
    # Also words of other texts: "ring 18 000", "text 10000 words".
    rf"|\b(?:mobile|mobil|m[oó]vil|mob|handy|cell?|celular|whatsapp|text|sms|ring)\b{_BEFORE}{_NUMBER}{{6,14}}(?!\d)"
    # Chinese, Japanese, Korean, Arabic, Hebrew
    rf"|(?:电话|電話|手机|手機|전화|휴대폰|هاتف|جوال|טלפון){_BEFORE}{_NUMBER}{{6,14}}(?!\d)",
    re.I,
)
# An area in brackets with the nought of long distance; and Russian numbers.
_TRUNK = re.compile(
    r"(?<![\w.\-/])(?:\(0\d{1,4}\)[ /-]?(?:\d[ \-/]?){4,8}\d"
    r"|(?:[78][ -]?)?\(\d{3,5}\)\s?\d{1,3}-\d\d-\d\d|[78][ -]\d{3}[ -]\d{3}-\d\d-\d\d)(?![\w\-/]|\.\d)",
    _FLAGS,
)
_CHAT_LINK = re.compile(r"\b(?:wa\.me/|whatsapp\.com/send/?\?phone=)\+?\d{7,15}(?!\d)", _FLAGS)
_RANGE = r"(?!\d00\s?-\s?\d\d00)"  # "100-2000 Hz": both ends are round
_LOCAL = re.compile(rf"(?<![\w.\-/]){_RANGE}\d{{3}}\s?-\s?\d{{4}}(?![\w\-/]|\.\d)", _FLAGS)
_AREA = re.compile(r"(?<![\w.\-/])(?:\(\d{3}\)\s?|\d{3}[-. ])\d{3}[-. ]\d{4}(?![\w\-/]|\.\d)", _FLAGS)


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
    for pattern in (
        *(_INTERNATIONAL, _DIALLED_INTERNATIONAL, _SHORT_INTERNATIONAL),
        *(_CALLED, _TRUNK, _AREA, _LOCAL, _CHAT_LINK),
    ):
        yield from (match.span() for match in pattern.finditer(text))
