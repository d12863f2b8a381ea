"""Letters of a text: those that no captioner writes, and what disguised ones stand for.

BLIP-2 describes pictures in English, so it writes Latin letters, with accents at most. Other scripts, and letters of
mathematics, phonetics or enclosed in boxes, were read off the picture.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

# Basic Latin to Latin Extended-B, Latin Extended Additional (Vietnamese), and the ligatures of "fi", "fl" and "ff".
_LATIN = re.compile("[\u0000-\u024f\u1e00-\u1eff\ufb00-\ufb06]")
# Single letters that serve as symbols: modifiers such as an apostrophe, Greek ones ("π"), those of units.
_MODIFIERS = range(0x02B0, 0x0300)
_SYMBOLS = re.compile("[\u0370-\u03ff\u207f\u2100-\u214f]")
_FLAGS = re.compile("(?:[\U0001f1e6-\U0001f1ff]{2})+")
_BOXED = re.compile("[\u24b6-\u24e9\U0001f110-\U0001f189\U0001f1e6-\U0001f1ff]")
_BRAILLE = re.compile("[\u2800-\u28ff]")
_MARKS = re.compile("[\u0300-\u036f]")
_FEW = 2
_IN_LETTERS = 3  # of the readings, with signs as letters at most
_KEPT_TEXTS = 256  # each is read several times in a row
_KEPT = 2**14  # words that are kept as they were read

_SHAPE = re.compile(
    r"LATIN (?:SMALL |CAPITAL )?LETTER (?:(?:SMALL CAPITAL|TURNED|REVERSED|DOTLESS|OPEN|INSULAR) )*([A-Z])\b"
)
_BOX_STARTS = (0x24B6, 0x24D0, 0x1F110, 0x1F130, 0x1F150, 0x1F170, 0x1F1E6)
SIGNS_AS_LETTERS = str.maketrans("013456789@$!|", "oieasgtbgasil")
OTHER_ALPHABETS = str.maketrans("авеєіјкмнорсѕтухԁһӏαβεικνοσρτυχ", "abeeijkmhopcstyxdhlabeiknooptux")
_ONE_AS_L = str.maketrans("1!|", "lll")
ROT13 = str.maketrans("abcdefghijklmnopqrstuvwxyz", "nopqrstuvwxyzabcdefghijklm")
ATBASH = str.maketrans("abcdefghijklmnopqrstuvwxyz", "zyxwvutsrqponmlkjihgfedcba")
_STUTTER = re.compile(r"(\w)\1+")
_WORD = re.compile(r"[a-z]{5,}")
_TOKEN = re.compile(r"[^\W_]+")
_BETWEEN_WORDS = re.compile(r"[\W_]+")
# No part of a word that is cut up: "a pen is on a table".
_SMALL_WORDS = (
    "a i an and the in on is it as at to of or us we he me my no so by be do go if up for with are was his her"
)
_WHOLE_WORDS = frozenset(_SMALL_WORDS.split())
_LONGEST_CUT = 14
_LARGE_PARTS = 3
_OFTEN_SCRAMBLED = "ignore policy policies rules instructions moderator moderation disregard bypass approve"
_SCRAMBLED: dict[tuple[str, str], str] = {
    (word[0], "".join(sorted(word))): word for word in _WORD.findall(_OFTEN_SCRAMBLED)
}


def has_foreign_letters(text: str) -> bool:
    """Tell if the text has letters or digits that a captioner doesn't write; emoji, accents and flags are no such."""
    if text.isascii():
        return False
    composed = unicodedata.normalize("NFC", text)
    foreign = [character for character in composed if _is_foreign(character)]
    symbols = [character for character in foreign if _SYMBOLS.match(character)]
    return (
        len(foreign) > len(symbols)
        or len(symbols) >= _FEW
        or len(_BOXED.findall(_FLAGS.sub("", composed))) > _FEW
        or len(_MARKS.findall(composed)) > _FEW
    )


@lru_cache(maxsize=_KEPT_TEXTS)
def readings(folded: str) -> tuple[str, ...]:
    """Return the ways to read a casefolded text: in plain letters, signs as letters, backwards, in simple ciphers."""
    plain = _plain_letters(folded)
    signs = plain.translate(SIGNS_AS_LETTERS)
    return (
        plain,
        signs,
        plain.translate(_ONE_AS_L).translate(SIGNS_AS_LETTERS),
        _WORD.sub(_unscrambled, plain),
        _WORD.sub(_unscrambled, _STUTTER.sub(r"\1", plain)),
        plain[::-1],
        signs[::-1],
        plain.translate(ROT13),
        plain.translate(ATBASH),
    )


def in_plain_letters(text: str) -> str:
    """Return a text in lower case and plain Latin letters, as far as its letters have a plain form."""
    return _plain_letters(unicodedata.normalize("NFKC", text).casefold())


def in_words(reading: str) -> str:
    """Return the words of a reading between single spaces, without signs."""
    return _BETWEEN_WORDS.sub(" ", reading).strip()


def restored(text: str) -> Iterator[str]:
    """Return a text in plain letters and with signs as letters, each followed by the words that it has cut up."""
    in_letters = readings(unicodedata.normalize("NFKC", text).casefold())[:_IN_LETTERS]
    for reading in dict.fromkeys(in_letters):
        yield reading
        yield " , ".join(_joined(_TOKEN.findall(reading)))


def _plain_letters(folded: str) -> str:
    if folded.isascii():
        return folded
    decomposed = unicodedata.normalize("NFKD", "".join(map(_plain, folded)))
    return "".join(character for character in decomposed if not unicodedata.combining(character))


def _joined(parts: list[str]) -> Iterator[str]:
    """Return what neighbouring parts make together: small ones with a lone letter, or two or three of any length."""
    for start, first in enumerate(parts):
        if len(first) > 2 and first in _WHOLE_WORDS:
            continue
        word, small, whole, letter = "", True, False, False
        for number, part in enumerate(parts[start : start + _LONGEST_CUT], 1):
            word += part
            small = small and len(part) <= 2
            whole = whole or part in _WHOLE_WORDS
            letter = letter or (len(part) == 1 and part not in _WHOLE_WORDS)
            if len(word) > _LONGEST_CUT or not (small or (number <= _LARGE_PARTS and not whole)):
                break
            if number > 1 and (letter or not whole):
                yield word


def _is_foreign(character: str) -> bool:
    if _LATIN.match(character) or ord(character) in _MODIFIERS:
        return False
    return unicodedata.category(character) in ("Lu", "Ll", "Lt", "Lm", "Lo", "Nd") or bool(_BRAILLE.match(character))


def _plain(character: str) -> str:
    if character.isascii():
        return character
    if unicodedata.category(character) == "Cf":  # a soft hyphen, joints of no width
        return ""
    if _BOXED.match(character):
        start = max(start for start in _BOX_STARTS if start <= ord(character))
        return chr(ord("a") + (ord(character) - start) % 26)
    shape = _SHAPE.match(unicodedata.name(character, ""))
    return str(shape[1]).lower() if shape else character


def _unscrambled(found: re.Match[str]) -> str:
    return _in_order(found[0])


@lru_cache(maxsize=_KEPT)
def _in_order(word: str) -> str:
    return _SCRAMBLED.get((word[0], "".join(sorted(word))), word)
