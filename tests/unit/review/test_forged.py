"""Decisions that whoever writes only what people's work writes can't put into force: leases, `pending`, its id."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from moderation.domain.record import Record, utc
from moderation.domain.reports import report_of
from moderation.domain.review import alike_id, screen_of
from moderation.usecases.review.undo import undo
from tests.support.fakes import FakeImages
from tests.unit.review.desk import ANNA, BEN, NOW, Desk, later

LONG_AGO = "2026-01-01T00:00:00.000Z"


def decided(desk: Desk, verdict: str = "unsafe") -> tuple[Any, str]:
    """An item with Anna's decision in force, and the decision's id."""
    made = desk.wait("a.jpg", "Violence")
    pending = desk.decide(ANNA, made, verdict)
    assert desk.finalise(made, pending, later(11)).result
    return made, pending


def forge(desk: Desk, made: Any, pending: str, **said: Any) -> None:
    """Write a pending decision as nothing but the record says, as whoever holds the role of people's requests can."""
    record = desk.get(made)
    written = {
        "id": pending,
        "verdict": "safe",
        "categories": [],
        "note": "Forged",
        "who": ANNA.id,
        "at": standing_at(record, pending),
        "until": LONG_AGO,
        "screen": screen_of(record),
        "seen": True,
    }
    lease = {"lease_holder": ANNA.id, "lease_until": "2099-01-01T00:00:00.000Z"}
    desk.verdicts.records[made] |= {"pending": {**written, **said}, "pending_id": pending, **lease}


def standing_at(record: Record, pending: str) -> str:
    """The time at which Anna decides in these tests, of which her decision's id is made."""
    return next((at for at in map(utc, (NOW, later(21))) if alike_id([record.image], ANNA.id, at) == pending), LONG_AGO)


AS_MADE: dict[str, Any] = {"verdict": "unsafe", "categories": ["Violence"], "note": "A note", "seen": False}


@pytest.mark.parametrize(
    "said",
    [
        {},
        AS_MADE | {"verdict": "safe", "categories": []},
        AS_MADE | {"categories": ["Weapons"]},
        AS_MADE | {"categories": ["Violence", "Weapons"]},
        AS_MADE | {"note": "Another note"},
        AS_MADE | {"who": BEN.id},
        AS_MADE | {"this_copy": True},
        AS_MADE | {"seen": True},
    ],
)
def test_the_last_decision_in_force_takes_no_other_content(said):
    desk = Desk()
    made, pending = decided(desk)
    before, published = desk.get(made), list(desk.publisher.published)
    forge(desk, made, pending, **said)

    desk.finalise(made, pending, later(60))

    standing = desk.get(made)
    assert (standing.verdict, standing.history, standing.pending_id) == (before.verdict, before.history, None)
    assert desk.images.tags[made] == "unsafe" and desk.publisher.published == published


def test_a_decision_of_a_picture_that_nobody_saw_does_not_become_one_of_a_picture_that_was_seen():
    desk = Desk()
    made = desk.wait("a.jpg", "Violence")
    pending = desk.decide(ANNA, made)
    desk.finalise(made, pending, later(11))
    forge(desk, made, pending, note="A note", seen=True)

    desk.finalise(made, pending, later(60))
    assert not desk.get(made).history[-1].get("seen") and not desk.get(made).decision


def test_the_same_content_answers_no_report_that_came_since():
    desk = Desk()
    made, pending = decided(desk, "safe")
    report = report_of("r-1", "notice", "p-app", "n-1", "Look", later(20))
    desk.verdicts.records[made] |= {"reports": [vars(report)], "report_id": report.id}
    history = desk.get(made).history
    forge(desk, made, pending, note="A note", seen=False, reply="Forged")

    desk.finalise(made, pending, later(60))

    assert desk.get(made).history == history and not desk.get(made).reports[0]["outcome"]


def test_a_decision_in_force_is_noted_as_nobodys_blind_answer():
    desk = Desk()
    made, pending = decided(desk)
    forge(desk, made, pending, **AS_MADE)
    desk.verdicts.records[made]["blind"] = {"purpose": "second", "uploaded_at": LONG_AGO}

    desk.finalise(made, pending, later(60))

    assert not desk.get(made).opinions


@pytest.mark.parametrize("altered", [{}, {"note": "Another"}, {"verdict": "safe", "categories": []}, {"who": BEN.id}])
def test_what_the_tag_or_the_message_is_missing_of_is_still_finished(altered):
    desk = Desk()
    made = desk.wait("a.jpg", "Violence")
    pending = desk.decide(ANNA, made, "unsafe")
    works, desk.deciding = desk.deciding, replace(desk.deciding, images=_Failing())
    with pytest.raises(OSError, match="died"):
        desk.finalise(made, pending, later(11))
    desk.deciding = works
    desk.verdicts.records[made]["pending"] |= altered

    assert desk.finalise(made, pending, later(12)).result
    assert desk.images.tags[made] == "unsafe" and desk.get(made).pending_id is None
    assert [topic for topic, *_ in desk.publisher.published] == ["unsafe"]


@pytest.mark.parametrize(
    "anew",
    [
        {"verdict": "review", "decided_by": "judge"},
        {"verdict": "safe", "decided_by": "judge"},
        {"verdict": None, "decided_by": None},
        {"as_of": LONG_AGO},
        {"verdict": "safe"},
    ],
    ids=str,
)
def test_a_decision_of_an_item_that_was_judged_anew_is_not_finished(anew):
    desk = Desk()
    made, pending = decided(desk)
    desk.verdicts.records[made] |= anew
    history, published = desk.get(made).history, list(desk.publisher.published)
    forge(desk, made, pending, **AS_MADE)

    ended = desk.finalise(made, pending, later(60))

    assert ended.result is None and "judged anew" in ended.refused
    standing = desk.get(made)
    assert (standing.verdict, standing.history) == (anew.get("verdict", "unsafe"), history)
    assert desk.publisher.published == published


class _Failing(FakeImages):
    def tag(self, *args: Any, **more: Any) -> Any:
        raise OSError("died")


def reversed_since(desk: Desk, made: Any, pending: str) -> None:
    undo(desk.review, ANNA, made, pending, later(20))
    assert desk.finalise(made, desk.decide(ANNA, made, "safe", later(21)), later(32)).result


def decided_since(desk: Desk, made: Any, pending: str) -> None:
    record = desk.get(made)
    history = [*record.history, {**record.history[-1], "id": "f" * 32, "verdict": "safe", "who": BEN.id}]
    desk.verdicts.records[made] |= {"history": history, "verdict": "safe"}


def answered_since(desk: Desk, made: Any, pending: str) -> None:
    """Let the id be that of an answer without effect."""
    opinion = {"purpose": "second", "who": BEN.id, "id": pending, "at": LONG_AGO, "verdict": "safe", "categories": []}
    desk.verdicts.records[made] |= {
        "history": [],
        "opinions": [{**opinion, "first_verdict": "safe", "first_categories": []}],
    }


@pytest.mark.parametrize("since", [reversed_since, decided_since, answered_since])
def test_a_decision_that_was_counted_is_counted_no_second_time(since: Callable[[Desk, Any, str], None]):
    desk = Desk()
    made, pending = decided(desk)
    since(desk, made, pending)
    before = desk.get(made)
    forge(desk, made, pending, **AS_MADE)

    ended = desk.finalise(made, pending, later(90))

    assert (ended.result, ended.error) == (None, "NotVouched") and "waits again" in ended.refused
    assert (desk.get(made).history, desk.get(made).opinions) == (before.history, before.opinions)


def test_the_id_on_the_record_is_the_decisions_own():
    desk = Desk()
    made = desk.wait("a.jpg", "Violence")
    forge(desk, made, "a" * 32)
    desk.verdicts.records[made]["pending_id"] = "b" * 32

    ended = desk.finalise(made, "b" * 32, later(60))

    assert (ended.result, ended.error) == (None, "NotVouched") and desk.get(made).verdict == "review"


def test_a_decision_of_another_image_or_person_does_not_count():
    """An id is made of the image, the person and the time."""
    desk = Desk()
    made, other = desk.wait("a.jpg", "Violence"), desk.wait("b.jpg", "Violence")
    pending = desk.decide(ANNA, other, "unsafe")
    copied = desk.verdicts.records[other]["pending"]
    forge(desk, made, pending, **{**copied, "screen": screen_of(desk.get(made)), "until": utc(later(10))})

    ended = desk.finalise(made, pending, later(60))

    assert (ended.result, ended.error) == (None, "NotVouched") and "waits again" in ended.refused
    assert desk.get(made).verdict == "review"
