"""English words, and text that isn't made of them: words in a picture that nobody in the pipeline reads."""

import re
from functools import cache
from pathlib import Path

from moderation.domain.letters import in_plain_letters

_WORDS = Path(__file__).parents[1] / "words"
_ADDRESS = re.compile(r"\S*(?:://|www\.|@\S+\.)\S*")
_IN_ADDRESSES = ("://", "www.", "@")
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
_ABBREVIATION_WORDS = "dr mr mrs st est inc ltd co vs pm tv dvd cd usa uk eu nyc vip diy faq xxl"
_ABBREVIATIONS = frozenset(_ABBREVIATION_WORDS.split())
_SHORT_FORMS = ("'s", "n't", "'re", "'ll", "'ve", "'d", "'m")
_ONE_LETTER_WORDS = frozenset("aeiouy")
# A text is unread from this many words, if most of them, or all but one of so many in a row, aren't English.
_LEAST_WORDS = 5


@cache
def words_of(name: str) -> frozenset[str]:
    """Return the lines of a list in `words/`."""
    return frozenset((_WORDS / f"{name}.txt").read_text("utf-8").splitlines())


def is_english(word: str) -> bool:
    """Tell if a lower-case word, in any inflection, is a common English one."""
    return word in ("a", "i") or word.endswith(_SHORT_FORMS) or word in words_of("english") or word in _ABBREVIATIONS


def is_unread(text: str) -> bool:
    """Tell if a text of at least five words has mostly, or in one place, words that aren't English."""
    if any(sign in text for sign in _IN_ADDRESSES):
        text = _ADDRESS.sub(" ", text)
    words = _WORD.findall(in_plain_letters(text.replace("\u2019", "'")))
    unknown = [not is_english(word) for word in words if len(word) > 1 or word in _ONE_LETTER_WORDS]
    number = sum(unknown)
    return len(unknown) >= _LEAST_WORDS and (
        number > len(unknown) / 2
        or (
            number >= _LEAST_WORDS - 1
            and any(
                sum(unknown[i : i + _LEAST_WORDS]) >= _LEAST_WORDS - 1 for i in range(len(unknown) - _LEAST_WORDS + 1)
            )
        )
    )
