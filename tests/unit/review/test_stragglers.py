"""Decisions that nobody ended, and what else may stand in their place: none keeps the others from their end."""

from dataclasses import replace
from typing import Any

import pytest

from moderation.domain.lanes import UNSORTED, away
from moderation.domain.record import Change, Record, utc
from moderation.errors import Misconfigured
from moderation.usecases.review.finalise import finalise_stragglers
from moderation.usecases.review.next_item import next_item
from moderation.usecases.review.sweep_queue import sweep_queue
from tests.support.fakes import FakeReviewQueue
from tests.unit.review.desk import ANNA, BEN, NOW, Desk, later

MALFORMED: dict[str, Any] = {
    "empty": {},
    "a list": ["safe"],
    "a text": "safe",
    "without a time": {"id": "x", "verdict": "safe", "categories": [], "note": "", "who": ANNA.id},
    "of other types": {"categories": 7, "who": [], "until": 3, "id": {}, "verdict": None, "note": 1},
}
ENDLESS = {"until": "9999-12-31T00:00:00.000Z"}


def forged(desk: Desk, name: str, pending: Any, **more: Any) -> Any:
    """An item with something on it that isn't a decision, listed before all others."""
    made = desk.wait(name, "Violence")
    desk.decide(ANNA, made)
    record = desk.verdicts.records[made]
    record |= {"pending": pending, "queue_order": utc(later(-60)), **more}
    return made


@pytest.mark.parametrize("pending", MALFORMED.values(), ids=MALFORMED)
def test_what_is_no_decision_goes_back_to_people_and_stops_nothing(pending: Any) -> None:
    desk = Desk()
    bad = forged(desk, "bad.jpg", pending)
    good = desk.wait("good.jpg", "Violence")
    desk.decide(BEN, good)

    ended = {straggler.image: straggler for straggler in finalise_stragglers(desk.review, desk.deciding, later(20))}

    assert desk.get(good).verdict == "safe"
    assert ended[bad].error and ended[bad].ended is None
    assert desk.get(bad).pending_id is None and desk.get(bad).verdict == "review"
    found = next_item(desk.review, BEN, later(30)).record
    assert found is not None and found.image == bad
    assert list(finalise_stragglers(desk.review, desk.deciding, later(80))) == [], "it is reported once"


def test_a_decision_that_would_never_end_goes_back_to_people() -> None:
    desk = Desk()
    made = desk.wait("a.jpg", "Violence")
    desk.decide(ANNA, made)
    record = desk.verdicts.records[made]
    record |= {"pending": {**record["pending"], **ENDLESS}, "queue_order": utc(NOW)}

    [straggler] = finalise_stragglers(desk.review, desk.deciding, later(20))

    assert straggler.error == "ValueError" and desk.get(made).pending_id is None


@pytest.mark.parametrize("gone", [("pending",), ("pending_id",), ("pending", "pending_id", "home_queue", "home_order")])
def test_an_item_without_a_decision_that_is_listed_as_pending_is_not_lost(gone: tuple[str, ...]) -> None:
    desk = Desk()
    made = desk.wait("a.jpg", "Violence")
    desk.decide(ANNA, made)
    for name in gone:
        del desk.verdicts.records[made][name]

    [straggler] = finalise_stragglers(desk.review, desk.deciding, later(20))

    assert straggler.error
    assert desk.get(made).other["queue"] != away("pending")
    sweep_queue(desk.review, later(20))
    assert desk.get(made).other["queue"] not in UNSORTED
    assert next_item(desk.review, BEN, later(30)).record


def test_an_error_of_the_table_at_one_record_leaves_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk()
    bad, good = (desk.wait(name, "Violence") for name in ("bad.jpg", "good.jpg"))
    for made in (bad, good):
        desk.decide(ANNA, made)
    get = desk.verdicts.get

    def denied(image: Any) -> Any:
        if image == bad:
            raise Misconfigured("AccessDeniedException")
        return get(image)

    monkeypatch.setattr(desk.verdicts, "get", denied)

    ended = {
        straggler.image: straggler.error for straggler in finalise_stragglers(desk.review, desk.deciding, later(20))
    }

    assert ended == {bad: "Misconfigured", good: ""}


def test_what_is_in_force_stays_until_a_person_looks_at_it() -> None:
    """Its tag may still be another."""
    desk = Desk()
    made = desk.wait("a.jpg", "Violence")
    pending = desk.decide(ANNA, made, "unsafe")
    desk.finalise(made, pending, later(10))
    desk.verdicts.records[made] |= {
        "pending": {},
        "pending_id": pending,
        "queue": away("pending"),
        "queue_order": utc(NOW),
    }

    for _ in range(2):
        [straggler] = finalise_stragglers(desk.review, desk.deciding, later(20))
        assert straggler.error == "KeyError"
    assert desk.get(made).verdict == "unsafe"


def test_an_item_that_can_never_be_written_stops_no_others() -> None:
    """To DynamoDB's condition an empty holder is none: whoever may write leases can write one."""
    desk = Desk()
    stuck, other = desk.wait("a.jpg"), desk.wait("b.jpg")
    for made in (stuck, other):
        desk.decide(ANNA, made)
    desk.verdicts.records[stuck]["lease_holder"] = "somebody"

    class Unwritable(FakeReviewQueue):
        def compare_lease(self, record: Record, change: Change) -> bool:
            return record.image != stuck and super().compare_lease(record, change)

    review = replace(desk.review, queue=Unwritable(desk.verdicts))
    found = {one.image: one for one in finalise_stragglers(review, desk.deciding, later(60))}

    assert found[stuck].error == "StoreUnavailable" and desk.get(other).verdict == "safe"
