"""Items that are seen blind: how they come about, are taken, and are answered."""

from itertools import count, islice
from typing import Any

from moderation.domain.review import screen_of
from moderation.usecases.decide import PersonDecision, decide
from moderation.usecases.decision_keys import chance_of
from moderation.usecases.review.decide_pending import Choice, decide_pending
from moderation.usecases.review.next_item import next_item
from tests.unit.review.desk import ANNA, LEA, Desk, image, later

_DESK = Desk()


def is_chosen(name: str) -> bool:
    """Tell if an image is among the tenth that gets a second opinion."""
    return chance_of(_DESK.work, image(name)) % 10 == 0


# The first names whose images are among the tenth that gets a second opinion.
SECOND = list(islice((f"n{number}" for number in count() if is_chosen(f"n{number}")), 3))


def decided(desk: Desk, name: str, verdict: str = "unsafe", who=ANNA):
    made = desk.wait(name, "Violence", created_at="2026-11-20T10:00:00.000Z")
    desk.finalise(made, desk.decide(who, made, verdict), later(11))
    return made


def taken(desk: Desk, who, at: float = 20, first: bool = True) -> Any:
    return next_item(desk.review, who, later(at), blind_first=first).record


def answer(desk: Desk, who, record, verdict: Any, at: float = 21):
    """Answer an item that a person took, and end the ten seconds."""
    categories = () if verdict == "safe" else ("Violence",)
    choice = Choice(verdict, categories, "", screen_of(record), seen=True)
    pending = decide_pending(desk.review, who, record.image, choice, later(at)).id
    return desk.finalise(record.image, str(pending), later(at + 11))


def golden(desk: Desk, name: str = "golden"):
    made = desk.wait(name, "Violence", sorted_in=False)
    decide(
        desk.deciding, desk.get(made), PersonDecision("unsafe", ("Violence",), "Clear", LEA.id, seen=True, golden=True)
    )
    return made
