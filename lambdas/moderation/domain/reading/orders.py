"""Orders to the judge in the text of an image."""

import unicodedata
from collections.abc import Sequence

from moderation.domain.injection_patterns import steers_in_words
from moderation.domain.letters import OTHER_ALPHABETS, in_plain_letters
from moderation.domain.reading.text import Reading

_MOST_CHARACTERS = 10_000


def reads_like_orders(reading: Reading) -> str:
    """Return the view whose text addresses the judge, line by line or as a whole; empty if none does.

    The text of all views counts together as well, in their order: an animation may say an order word by word. Letters
    of any script are ordinary in a picture, and so are weak signs: only clear ones count.
    """
    views = reading.by_view
    for view, texts in views.items():
        if any(map(_orders, texts)) or _steers(texts):
            return view
    together = list(dict.fromkeys(text for texts in views.values() for text in texts))
    return " and ".join([*views][:: len(views) - 1]) if len(views) > 1 and _steers(together) else ""


def _steers(texts: Sequence[str]) -> bool:
    return _orders(" ".join(texts)[:_MOST_CHARACTERS])


def _orders(text: str) -> bool:
    """Tell if a text gives orders, also in letters that look alike or with characters of no width between its words."""
    return any(map(steers_in_words, [text] if text.isascii() else [text, _apart(text), _in_latin(text)]))


def _apart(text: str) -> str:
    return "".join(" " if unicodedata.category(each) == "Cf" else each for each in text)


def _in_latin(text: str) -> str:
    return in_plain_letters(text).translate(OTHER_ALPHABETS)
