"""The judge's answer about an image, and the error for an answer that can't be used."""

import re
from dataclasses import dataclass
from typing import Literal

Flag = Literal["safe", "unsafe"]
NO_ANSWER = "The judge gave no answer. A person must decide."
_NONE = re.compile(r"\[no answer: (\w+)\]")


class UnusableJudgement(Exception):
    """The judge's text contains no valid answer; the message gives the reason, to be quoted in a repair request."""


@dataclass(frozen=True)
class Judgement:
    """The judge's answer about an image. `category` is one of the pack's categories, or None if safe."""

    flag: Flag
    category: str | None
    reason: str


def no_answer(why: str) -> str:
    """Return the text in place of an answer that a judge didn't give; `why` is a word of its server."""
    return f"[no answer: {why}]"


def why_no_answer(text: str) -> str | None:
    """Return the word in a text of `no_answer`; None of any other text."""
    none = _NONE.fullmatch(text)
    return none[1] if none else None
