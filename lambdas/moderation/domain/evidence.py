"""Answers and captions of the vision model."""

from dataclasses import asdict, dataclass
from typing import Any

from moderation.domain.reading.text import Reading


@dataclass(frozen=True)
class Answer:
    """The vision model's answer to one question about one view of the image.

    `p_yes` and `p_blank` are P(yes) in [0, 1] on the view and on a blank image, as shares of yes and no alone;
    `p_yes_no` is the probability that the answer is yes or no at all. None if the endpoint doesn't give them.
    """

    view: str
    question: str
    text: str
    p_yes: float | None = None
    p_blank: float | None = None
    p_yes_no: float | None = None


def answer_data(answer: Answer) -> dict[str, Any]:
    """Plain data of an answer, as stored; `p_yes_no` only where the endpoint gave it."""
    return {name: value for name, value in asdict(answer).items() if name != "p_yes_no" or value is not None}


@dataclass(frozen=True)
class Caption:
    """The vision model's description of one view."""

    view: str
    text: str


@dataclass(frozen=True)
class Evidence:
    """All answers and captions, over all views of an image, and the text in it; None if it wasn't read.

    `unseen` says in sentences what got no view, `unread` why there is no text, `partly_unread` of what there is none.
    """

    answers: tuple[Answer, ...]
    captions: tuple[Caption, ...] = ()
    unseen: tuple[str, ...] = ()
    reading: Reading | None = None
    unread: str = ""
    partly_unread: tuple[str, ...] = ()
