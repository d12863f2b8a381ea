"""Answers and captions of the vision model."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Answer:
    """The vision model's answer to one question about one view of the image.

    `p_yes` and `p_blank` are P(yes) in [0, 1] on the view and on a blank image; None if the endpoint
    gives no probability.
    """

    view: str
    question: str
    text: str
    p_yes: float | None = None
    p_blank: float | None = None


@dataclass(frozen=True)
class Caption:
    """The vision model's description of one view."""

    view: str
    text: str


@dataclass(frozen=True)
class Evidence:
    """All answers and captions, over all views of an image; `unseen` says in sentences what got no view."""

    answers: tuple[Answer, ...]
    captions: tuple[Caption, ...] = ()
    unseen: tuple[str, ...] = ()
