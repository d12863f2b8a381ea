"""A decision comes into force only as the person whom it names made it, which nothing that people write can say."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import pytest

from moderation.domain.image_ref import ImageRef
from moderation.domain.record import Record, escalated, overruled, utc
from moderation.domain.review import screen_of
from moderation.domain.vouch import digest_of
from moderation.errors import ModerationError, NotVouched, StoreUnavailable
from moderation.usecases.review.claim import claim
from moderation.usecases.review.decide_pending import Choice, decide_pending
from moderation.usecases.review.finalise import finalise_stragglers
from moderation.usecases.review.undo import undo
from moderation.usecases.review.vouch import Voucher, vouch, withdraw
from tests.support.fakes import FakeVerdicts, FakeVouches
from tests.unit.review.desk import ANNA, BEN, NOW, Desk, later

DUE = later(11)


def waits_as_before(desk: Desk, made: Any, pending: str) -> None:
    """Check that a decision isn't put into force, and that its item waits again."""
    ended = desk.finalise(made, pending, DUE)
    assert (ended.result, ended.error) == (None, "NotVouched") and "waits again" in ended.refused
    standing = desk.get(made)
    assert (standing.verdict, standing.pending_id, standing.vouched) == ("review", None, None)
    assert desk.images.tags[made] == "review" and not desk.publisher.published
    assert not any(event.action in ("in-force", "opinion") for event in desk.audit.events)


def test_a_decision_for_which_nobody_vouched_waits_again():
    desk = Desk()
    made = desk.wait("a.jpg")
    pending = desk.decide(ANNA, made)
    del desk.verdicts.records[made]["vouched"]

    waits_as_before(desk, made, pending)


def test_the_schedule_puts_it_into_force_as_little():
    desk = Desk()
    made = desk.wait("a.jpg")
    desk.decide(ANNA, made)
    del desk.verdicts.records[made]["vouched"]

    assert not list(finalise_stragglers(desk.review, desk.deciding, later(39))), "its request may be at work still"
    [straggler] = finalise_stragglers(desk.review, desk.deciding, later(41))

    assert straggler.ended and straggler.ended.error == "NotVouched" and desk.get(made).verdict == "review"


@pytest.mark.parametrize(
    "change",
    [
        {"verdict": "unsafe", "categories": ["Violence"]},
        {"categories": ["Violence"]},
        {"note": "Another"},
        {"seen": True},
        {"this_copy": True},
        {"reply": "Another"},
        {"batch": "0" * 32},
        {"seconds": 1},
        {"until": utc(NOW)},
    ],
    ids=str,
)
def test_nothing_of_a_decision_is_exchanged_after_it_was_vouched_for(change):
    desk = Desk()
    made = desk.wait("a.jpg")
    pending = desk.decide(ANNA, made)
    desk.verdicts.records[made]["pending"] |= change

    waits_as_before(desk, made, pending)


def test_a_decision_does_not_become_an_answer_without_effect():
    desk = Desk()
    made = desk.wait("a.jpg")
    pending = desk.decide(ANNA, made)
    desk.verdicts.records[made]["blind"] = {"purpose": "second", "uploaded_at": utc(NOW)}

    waits_as_before(desk, made, pending)


def test_a_voucher_of_another_decision_does_not_count():
    desk = Desk()
    made, other = desk.wait("a.jpg"), desk.wait("b.jpg")
    pending = desk.decide(ANNA, made)
    desk.decide(ANNA, other)
    desk.verdicts.records[made]["vouched"] = dict(desk.verdicts.records[other]["vouched"])

    waits_as_before(desk, made, pending)


def test_a_decision_that_was_taken_back_is_not_written_again():
    desk = Desk()
    made = desk.wait("a.jpg")
    pending = desk.decide(ANNA, made)
    seen = dict(desk.verdicts.records[made])
    undo(desk.review, ANNA, made, pending, later(5))
    desk.verdicts.records[made] |= {name: seen[name] for name in ("pending", "pending_id", "queue", "queue_order")}

    waits_as_before(desk, made, pending)


@pytest.mark.parametrize(
    "meanwhile",
    [
        {"pending_id": "f" * 32},
        {"pending_id": None},
        {"pending_id": None, "pending": None, "decided_by": "person", "history": [{"who": ANNA.id, "verdict": "safe"}]},
        {"pending": None},
        {"pending": {}},
    ],
    ids=str,
)
def test_nobody_hides_a_decision_from_who_takes_it_back(meanwhile):
    desk = Desk()
    made = desk.wait("a.jpg")
    pending = desk.decide(ANNA, made)
    seen = dict(desk.verdicts.records[made])
    desk.verdicts.records[made] |= meanwhile
    with suppress(ModerationError, KeyError):  # they may be told that it isn't pending any more
        undo(desk.review, ANNA, made, pending, later(5))
    desk.verdicts.records[made] = {k: v for k, v in seen.items() if k != "vouched"} | _vouched(desk, made)

    waits_as_before(desk, made, pending)


def _vouched(desk: Desk, made: ImageRef) -> dict[str, Any]:
    return {k: v for k, v in desk.verdicts.records[made].items() if k == "vouched"}


def test_nothing_of_a_voucher_outlives_the_decision():
    desk = Desk()
    made = desk.wait("a.jpg")
    desk.finalise(made, desk.decide(ANNA, made), DUE)
    assert desk.get(made).vouched is None

    other = desk.wait("b.jpg")
    desk.decide(ANNA, other)
    standing = desk.get(other)
    for change in (overruled(standing, "safe", (), "n", "arn", utc(DUE)), escalated(standing, utc(DUE))):
        assert standing.with_change(change).vouched is None


@dataclass(frozen=True)
class Failing:
    """Voucher that raises an error."""

    error: Exception

    def vouch(self, record: Record) -> None:
        raise self.error

    def withdraw(self, image: ImageRef, pending_id: str) -> None:
        raise self.error


@pytest.mark.parametrize("error", [NotVouched("no"), StoreUnavailable("no")])
def test_a_decision_that_nobody_vouches_for_is_taken_back_at_once(error):
    desk = Desk()
    made = desk.wait("a.jpg")
    screen = screen_of(claim(desk.review, ANNA, made, NOW))
    failing = replace(desk.review, voucher=Failing(error))

    with pytest.raises(type(error)):
        decide_pending(failing, ANNA, made, Choice("safe", (), "n", screen), NOW)

    standing = desk.get(made)
    assert (standing.pending_id, standing.lease_holder) == (None, ANNA.id)
    assert [event.action for event in desk.audit.events] == ["decide", "undo"]
    assert desk.finalise(made, desk.decide(ANNA, made), DUE).result


def test_a_decision_is_not_taken_back_while_somebody_still_vouches_for_it():
    desk = Desk()
    made = desk.wait("a.jpg")
    pending = desk.decide(ANNA, made)

    with pytest.raises(StoreUnavailable):
        undo(replace(desk.review, voucher=Failing(StoreUnavailable("no"))), ANNA, made, pending, later(5))

    assert desk.get(made).pending_id == pending and desk.finalise(made, pending, DUE).result
    assert "undo" not in [event.action for event in desk.audit.events], "it is in force: that is no fault of the audit"


@dataclass(frozen=True)
class Unheard:
    """Voucher whose answer is lost."""

    voucher: Voucher

    def vouch(self, record: Record) -> None:
        self.voucher.vouch(record)
        raise StoreUnavailable("no")

    def withdraw(self, image: ImageRef, pending_id: str) -> None:
        self.voucher.withdraw(image, pending_id)


def test_a_decision_whose_voucher_was_not_heard_of_stands():
    desk = Desk()
    made = desk.wait("a.jpg")
    screen = screen_of(claim(desk.review, ANNA, made, NOW))
    unheard = replace(desk.review, voucher=Unheard(Voucher(desk.vouching, ANNA.id)))

    pending = decide_pending(unheard, ANNA, made, Choice("safe", (), "n", screen), NOW).id

    assert desk.finalise(made, pending, DUE).result


@pytest.mark.parametrize("ended", [False, True])
def test_what_was_sent_again_meanwhile_is_not_taken_back_by_a_voucher_that_fails_late(ended):
    desk = Desk()
    made = desk.wait("a.jpg")
    choice = Choice("safe", (), "n", screen_of(claim(desk.review, ANNA, made, NOW)))
    again = []

    class FailingLate:
        def vouch(self, record: Record) -> None:
            again.append(decide_pending(desk.review, ANNA, made, choice, later(3)))
            if ended:
                assert desk.finalise(made, again[0].id, later(11)).result
            raise StoreUnavailable("no")

        def withdraw(self, image: ImageRef, pending_id: str) -> None:
            raise AssertionError("it was vouched for")

    first = decide_pending(replace(desk.review, voucher=FailingLate()), ANNA, made, choice, NOW)

    assert first.id == again[0].id
    assert ended or desk.finalise(made, first.id, later(11)).result
    assert [event.action for event in desk.audit.events] == ["decide", "in-force"]


def test_a_decision_that_could_not_be_taken_back_was_not_undone_in_the_audit(monkeypatch):
    desk = Desk()
    made = desk.wait("a.jpg")
    screen = screen_of(claim(desk.review, ANNA, made, NOW))

    def fails(*given: object) -> bool:
        raise StoreUnavailable("no")

    class Outage(Unheard):
        """Voucher that takes its time, while the table can't be written any more."""

        def vouch(self, record: Record) -> None:
            monkeypatch.setattr(desk.queue, "compare_lease", fails)
            raise StoreUnavailable("no")

        def withdraw(self, image: ImageRef, pending_id: str) -> None:
            fails()

    voucher = Voucher(desk.vouching, ANNA.id)
    with pytest.raises(StoreUnavailable):
        outage = replace(desk.review, voucher=Outage(voucher))
        decide_pending(outage, ANNA, made, Choice("safe", (), "n", screen), NOW)
    monkeypatch.undo()
    voucher.vouch(desk.get(made))

    assert desk.finalise(made, str(desk.get(made).pending_id), DUE).result
    assert [event.action for event in desk.audit.events] == ["decide", "in-force"]


def test_nobody_vouches_late_for_what_was_taken_back():
    desk = Desk()
    made = desk.wait("a.jpg")
    pending = desk.decide(ANNA, made)
    digest = digest_of(desk.get(made))

    class Slow(FakeVouches):
        """Vouches that are written once the decision was taken back."""

        def put(self, image: ImageRef, vouched: Mapping[str, str]) -> bool:
            undo(desk.review, ANNA, made, pending, later(5))
            return super().put(image, vouched)

    with pytest.raises(NotVouched, match="taken back"):
        vouch(replace(desk.vouching, vouches=Slow(desk.verdicts)), made, pending, digest, ANNA.id)

    assert desk.get(made).vouched is None


def test_an_item_whose_decision_can_not_be_read_keeps_no_voucher():
    desk = Desk()
    made = desk.wait("a.jpg")
    desk.decide(ANNA, made)
    desk.verdicts.records[made]["pending"] = {}

    list(finalise_stragglers(desk.review, desk.deciding, DUE))

    assert desk.get(made).vouched is None


def nobody(desk: Desk, made: Any) -> tuple[str, str]:
    return digest_of(desk.get(made)), "s-nobody"


def somebody_else(desk: Desk, made: Any) -> tuple[str, str]:
    return digest_of(desk.get(made)), BEN.id


def exchanged_on_the_way(desk: Desk, made: Any) -> tuple[str, str]:
    digest = digest_of(desk.get(made))
    desk.verdicts.records[made]["pending"] |= {"verdict": "unsafe", "categories": ["Violence"]}
    return digest, ANNA.id


def no_right(desk: Desk, made: Any) -> tuple[str, str]:
    desk.people.people[ANNA.id] = replace(ANNA, roles=frozenset({"auditor"}))
    return digest_of(desk.get(made)), ANNA.id


def out_of_scope(desk: Desk, made: Any) -> tuple[str, str]:
    desk.people.people[ANNA.id] = replace(ANNA, prefixes=("elsewhere/",))
    return digest_of(desk.get(made)), ANNA.id


@pytest.mark.parametrize("how", [nobody, somebody_else, exchanged_on_the_way, no_right, out_of_scope])
def test_nobody_vouches_for_what_they_did_not_decide(how: Callable[[Desk, Any], tuple[str, str]]):
    desk = Desk()
    made = desk.wait("a.jpg")
    pending = desk.decide(ANNA, made)
    del desk.verdicts.records[made]["vouched"]
    digest, who = how(desk, made)

    with pytest.raises(NotVouched):
        vouch(desk.vouching, made, pending, digest, who)

    assert desk.get(made).vouched is None


class Counted(FakeVerdicts):
    """Records of others, and those that were read."""

    def __init__(self, verdicts: FakeVerdicts) -> None:
        super().__init__()
        self.records, self.read = verdicts.records, list[ImageRef]()

    def get(self, image: ImageRef) -> Record | None:
        self.read.append(image)
        return super().get(image)


@pytest.mark.parametrize("in_force", [False, True])
def test_who_takes_a_decision_back_reads_its_record_once(in_force):
    desk = Desk()
    made = desk.wait("a.jpg")
    pending = desk.decide(ANNA, made)
    if in_force:
        desk.finalise(made, pending, DUE)
    verdicts = Counted(desk.verdicts)
    voucher = Voucher(replace(desk.vouching, verdicts=verdicts), ANNA.id)
    review = replace(desk.review, verdicts=verdicts, voucher=voucher)

    assert undo(review, ANNA, made, pending, later(20)).reversal == in_force
    assert verdicts.read == [made]


def test_a_later_decision_is_still_vouched_for_when_an_earlier_one_is_taken_back():
    desk = Desk()
    made = desk.wait("a.jpg")
    earlier = desk.decide(ANNA, made)
    undo(desk.review, ANNA, made, earlier, later(1))
    desk.decide(ANNA, made, at=later(2))

    withdraw(desk.vouching, made, earlier, ANNA.id)
    assert desk.get(made).vouched


def test_nobody_withdraws_for_another_person():
    desk = Desk()
    made = desk.wait("a.jpg")
    pending = desk.decide(ANNA, made)

    withdraw(desk.vouching, made, pending, BEN.id)
    assert desk.get(made).vouched

    withdraw(desk.vouching, made, pending, ANNA.id)
    assert desk.get(made).vouched is None
