"""Words in disguise within a text: backwards, in a simple cipher, with other letters, or spelled by whole words.

Only words that aren't English are read in these ways: "regal" is no "lager".
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from moderation.domain.english import is_english
from moderation.domain.letters import ATBASH, ROT13, SIGNS_AS_LETTERS, in_plain_letters

_WORD = re.compile(r"[a-z0-9@$!]{3,}")
_LONG_ENOUGH_FOR_CIPHERS = 4
_REPEATED = re.compile(r"([a-z])\1{2,}")
_DOUBLED = re.compile(r"([a-z])\1")
_OTHER_LETTERS = (("v", "u"), ("vv", "w"), ("ph", "f"), ("ck", "k"), ("kk", "ck"), ("x", "ck"), ("z", "s"), ("k", "c"))
# Words that mean drugs once they are disguised; in plain letters they have common other senses.
_SLANG = {"weed": "marijuana", "pot": "marijuana", "dope": "marijuana", "kush": "marijuana", "coke": "cocaine"}
_LETTER_FOR_WORD = re.compile(r"\b([a-z])\W+(?:is |stands |as )?(?:for|in|like|wie)\W+(?:an? |the )?(?=\1[a-z]+)")
_ALPHABET = (
    "alfa alpha bravo charlie delta echo foxtrot golf hotel india juliet juliett kilo lima mike november oscar papa "
    "quebec romeo sierra tango uniform victor whiskey xray yankee zulu"
)
_CODE_WORDS = frozenset(_ALPHABET.split())
_INITIALS = re.compile(r"\b(?:(?:first|initial) letters?|initials|acrostic)\b(.*)")
_FEWEST_LETTERS = 3
_KEPT = 2**14  # words whose readings are kept


def undisguised(text: str) -> Iterator[str]:
    """Return what disguised words of the text stand for, each kind as one text with the words between commas."""
    plain = in_plain_letters(text)
    yield " , ".join(reading for word in _WORD.findall(plain) for reading in _readings(word))
    yield " , ".join(_spelled_by_words(plain))


@lru_cache(maxsize=_KEPT)
def _readings(word: str) -> tuple[str, ...]:
    return () if is_english(word) else tuple(_in_letters(word))


def _in_letters(word: str) -> Iterator[str]:
    letters = word.translate(SIGNS_AS_LETTERS)
    if not letters.isalpha():
        return
    if letters != word and letters in _SLANG:
        yield _SLANG[letters]
    yield letters[::-1]
    if len(letters) >= _LONG_ENOUGH_FOR_CIPHERS:
        yield letters.translate(ROT13)
        yield letters.translate(ATBASH)
    for number_of_letters in (r"\1", r"\1\1"):
        yield _REPEATED.sub(number_of_letters, letters)
    yield _DOUBLED.sub(r"\1", letters)
    for other, letter in _OTHER_LETTERS:
        if other in letters:
            yield letters.replace(other, letter)


def _spelled_by_words(plain: str) -> Iterator[str]:
    yield "".join(_LETTER_FOR_WORD.findall(plain))
    run = ""
    for word in [*re.findall(r"[a-z]+", plain.replace("x-ray", "xray")), ""]:
        if word in _CODE_WORDS:
            run += word[0]
        elif run:
            yield run if len(run) >= _FEWEST_LETTERS else ""
            run = ""
    for rest in _INITIALS.findall(plain):
        yield "".join(word[0] for word in re.findall(r"[a-z]+", rest))
