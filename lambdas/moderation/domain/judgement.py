"""The judge's answer about an image, and the error for an answer that can't be used."""

from dataclasses import dataclass
from typing import Literal

Flag = Literal["safe", "unsafe"]
NO_ANSWER = "The judge gave no answer. A person must decide."


class UnusableJudgement(Exception):
    """The judge's text contains no valid answer; the message gives the reason, to be quoted in a repair request."""


@dataclass(frozen=True)
class Judgement:
    """The judge's answer about an image. `category` is one of the pack's categories, or None if safe."""

    flag: Flag
    category: str | None
    reason: str
