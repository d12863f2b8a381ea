"""A decision that is pending for ten seconds, taken back, put into force, and everything that may come in between."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from moderation.domain.image_ref import ImageRef
from moderation.domain.policy import parse_pack
from moderation.domain.record import escalated, overruled, reopened, utc
from moderation.domain.review import screen_of
from moderation.errors import (
    HeldBySomeone,
    ItemChanged,
    LeaseLost,
    NothingPending,
    OutOfScope,
    StoreUnavailable,
    UnknownCategory,
)
from moderation.ports import Policies
from moderation.usecases.decide import PersonDecision, decide
from moderation.usecases.erase import ErasePorts, StoredVersion, erase
from moderation.usecases.redrive import RedrivePorts, redrive
from moderation.usecases.review import finalise as finalising
from moderation.usecases.review.claim import claim, release
from moderation.usecases.review.decide_pending import Choice, decide_pending
from moderation.usecases.review.finalise import Ended, finalise, finalise_stragglers
from moderation.usecases.review.next_item import next_item
from moderation.usecases.review.park import park
from moderation.usecases.review.skip import skip
from moderation.usecases.review.undo import undo
from tests.support.fakes import FakeExecutions, FakeImages, FakePolicies, FakePublisher, FakeWork
from tests.unit.review.desk import ANNA, BEN, GRAVE, LEA, NOW, Desk, later

DUE = later(10)


def test_nothing_is_tagged_or_told_before_the_decision_is_in_force():
    desk = Desk()
    made = desk.wait("a.jpg", "Violence")

    pending = desk.decide(ANNA, made, "unsafe")

    assert desk.get(made).verdict == "review" and desk.images.tags[made] == "review" and not desk.publisher.published
    with pytest.raises(NothingPending, match="can be taken back until"):
        desk.finalise(made, pending, later(9))
    result = desk.finalise(made, pending, DUE).result
    assert result and result.record.verdict == "unsafe" and result.record.decider == ANNA.id
    assert desk.images.tags[made] == "unsafe"
    assert [topic for topic, *_ in desk.publisher.published] == ["unsafe"]
    record = desk.get(made)
    assert (record.pending_id, record.lease_holder, record.home_queue) == (None, None, None)
    assert [event.action for event in desk.audit.events] == ["decide", "in-force"]
    assert {event.who for event in desk.audit.events} == {"p-1"}


def test_a_decision_comes_into_force_once():
    desk = Desk()
    made = desk.wait("a.jpg")
    pending = desk.decide(ANNA, made)
    desk.finalise(made, pending, DUE)
    before, published = desk.get(made), list(desk.publisher.published)

    assert desk.finalise(made, pending, later(11)) == Ended()
    assert (desk.get(made), desk.publisher.published) == (before, published)


def test_an_undone_decision_leaves_nothing():
    desk = Desk()
    made = desk.wait("a.jpg")
    before = dict(desk.verdicts.records[made])
    pending = desk.decide(ANNA, made)

    undone = undo(desk.review, ANNA, made, pending, later(5))

    assert not undone.reversal and undone.record.lease_holder == ANNA.id
    with pytest.raises(NothingPending):
        desk.finalise(made, pending, DUE)
    assert next_item(desk.review, BEN, later(200)).record
    kept = {k: v for k, v in desk.verdicts.records[made].items() if not k.startswith(("lease", "home", "queue"))}
    assert kept == {k: v for k, v in before.items() if not k.startswith("queue")}


def test_a_decision_whose_answer_was_lost_is_the_same_when_it_is_sent_again():
    desk = Desk()
    made = desk.wait("a.jpg", "Violence")
    choice = Choice("unsafe", ("Violence",), "A note", screen_of(claim(desk.review, ANNA, made, NOW)), seen=True)
    first = decide_pending(desk.review, ANNA, made, choice, NOW)

    again = decide_pending(desk.review, ANNA, made, choice, later(3))

    assert again == first
    assert [event.action for event in desk.audit.events] == ["decide"]
    assert not undo(desk.review, ANNA, made, again.id, later(5)).reversal


def test_a_decision_that_differs_from_the_one_that_is_pending_is_refused():
    desk = Desk()
    made = desk.wait("a.jpg")
    screen = screen_of(claim(desk.review, ANNA, made, NOW))
    pending = decide_pending(desk.review, ANNA, made, Choice("safe", (), "A note", screen), NOW).id

    for choice in (Choice("unsafe", ("Violence",), "A note", screen), Choice("safe", (), "Another", screen)):
        with pytest.raises(HeldBySomeone, match="decide the same again"):
            decide_pending(desk.review, ANNA, made, choice, later(3))
    assert desk.get(made).pending_id == pending


def test_a_decision_that_nobody_vouched_for_is_vouched_for_when_it_is_sent_again():
    desk = Desk()
    made = desk.wait("a.jpg")
    choice = Choice("safe", (), "A note", screen_of(claim(desk.review, ANNA, made, NOW)))
    pending = str(decide_pending(desk.review, ANNA, made, choice, NOW).id)
    del desk.verdicts.records[made]["vouched"]  # the function died before

    decide_pending(desk.review, ANNA, made, choice, later(3))

    assert desk.finalise(made, pending, DUE).result


def test_what_was_taken_back_is_so_when_that_is_sent_again():
    desk = Desk()
    made = desk.wait("a.jpg")
    pending = desk.decide(ANNA, made)
    undo(desk.review, ANNA, made, pending, later(3))

    again = undo(desk.review, ANNA, made, pending, later(5))

    assert (again.reversal, again.record.lease_holder, again.record.pending_id) == (False, ANNA.id, None)
    assert [event.action for event in desk.audit.events] == ["decide", "undo"]
    with pytest.raises(NothingPending):
        undo(desk.review, BEN, made, pending, later(6))


def test_what_is_in_force_is_undone_by_a_reversal():
    desk = Desk()
    made = desk.wait("a.jpg", "Violence")
    pending = desk.decide(ANNA, made, "unsafe")
    desk.finalise(made, pending, DUE)

    undone = undo(desk.review, ANNA, made, pending, later(20))
    assert undone.reversal and undone.record.verdict == "unsafe" and desk.images.tags[made] == "unsafe"
    choice = Choice("safe", (), "A toy", screen_of(undone.record), seen=True)
    again = decide_pending(desk.review, ANNA, made, choice, later(21)).id
    assert desk.finalise(made, again, later(31)).result

    record = desk.get(made)
    assert (record.verdict, record.previous_verdict, desk.images.tags[made]) == ("safe", "unsafe", "safe")
    assert [topic for topic, *_ in desk.publisher.published] == ["unsafe", "unsafe", "safe"]


def test_a_reversal_that_nobody_decides_leaves_the_decision():
    desk = Desk()
    made = desk.wait("a.jpg")
    pending = desk.decide(ANNA, made)
    desk.finalise(made, pending, DUE)
    queue = desk.get(made).other["queue"]
    undo(desk.review, ANNA, made, pending, later(20))

    assert next_item(desk.review, BEN, later(200)).record is None
    assert desk.get(made).other["queue"] == queue and desk.get(made).verdict == "safe"


def test_only_the_decider_takes_a_decision_back():
    desk = Desk()
    made = desk.wait("a.jpg")
    pending = desk.decide(ANNA, made)

    for person in (BEN, LEA):
        with pytest.raises(NothingPending):
            undo(desk.review, person, made, pending, later(5))
    assert desk.get(made).pending_id == pending


def test_a_repeated_decision_waits_no_longer():
    desk = Desk()
    made = desk.wait("a.jpg")
    desk.finalise(made, desk.decide(ANNA, made), DUE)
    undo(desk.review, ANNA, made, "", later(20))
    pending = desk.decide(ANNA, made, at=later(21))

    assert desk.finalise(made, pending, later(31)).result

    assert desk.get(made).pending_id is None and str(desk.get(made).other["queue"]).startswith("person#")


@pytest.mark.parametrize("seconds", [121, 500])
def test_a_decision_after_the_lease_was_lost_is_refused(seconds: int):
    desk = Desk()
    made = desk.wait("a.jpg")
    screen = screen_of(claim(desk.review, ANNA, made, NOW))

    with pytest.raises(LeaseLost):
        decide_pending(desk.review, ANNA, made, Choice("safe", (), "n", screen), later(seconds))
    claim(desk.review, BEN, made, later(seconds))
    with pytest.raises(LeaseLost):
        decide_pending(desk.review, ANNA, made, Choice("safe", (), "n", screen), later(seconds + 1))
    assert desk.get(made).pending_id is None


def test_a_decision_on_what_was_not_on_the_screen_is_refused():
    desk = Desk()
    made = desk.wait("a.jpg")
    screen = screen_of(claim(desk.review, ANNA, made, NOW))
    desk.verdicts.records[made] |= {"owner": "another run", "decided_at": utc(later(1))}

    with pytest.raises(ItemChanged):
        decide_pending(desk.review, ANNA, made, Choice("safe", (), "n", screen), later(2))


def test_a_category_of_another_policy_is_refused_at_once():
    desk = Desk()
    made = desk.wait("a.jpg")
    screen = screen_of(claim(desk.review, ANNA, made, NOW))

    for choice in (Choice("unsafe", ("Spam",), "n", screen), Choice("unsafe", (), "n", screen)):
        with pytest.raises(UnknownCategory):
            decide_pending(desk.review, ANNA, made, choice, NOW)
    with pytest.raises(UnknownCategory):
        decide_pending(desk.review, ANNA, made, Choice("safe", ("Violence",), "n", screen), NOW)
    assert desk.get(made).pending_id is None


def test_nobody_claims_what_is_about_to_come_into_force():
    desk = Desk()
    made = desk.wait("a.jpg")
    desk.decide(ANNA, made)

    with pytest.raises(HeldBySomeone):
        claim(desk.review, BEN, made, later(300))
    assert next_item(desk.review, BEN, later(300)).record is None


def test_the_sweeper_ends_what_nobody_ended():
    desk = Desk()
    one, two, three = (desk.wait(f"{name}.jpg") for name in "abc")
    for made in (one, two):
        desk.decide(ANNA, made)
    desk.decide(BEN, three, at=later(15))

    ended = list(finalise_stragglers(desk.review, desk.deciding, later(20)))

    assert {straggler.image for straggler in ended} == {one, two}
    assert [desk.get(made).verdict for made in (one, two, three)] == ["safe", "safe", "review"]


def test_a_function_that_dies_after_the_record_is_followed_by_the_tag():
    desk = Desk()
    made = desk.wait("a.jpg", "Violence")
    pending = desk.decide(ANNA, made, "unsafe")

    class Dying(FakeImages):
        def tag(self, image: object, verdict: str) -> str:
            raise StoreUnavailable("Bucket intake can't be reached.")

    dying = replace(desk.deciding, images=Dying())
    with pytest.raises(StoreUnavailable):
        finalise(desk.review, dying, made, pending, DUE)
    with pytest.raises(NothingPending):
        undo(desk.review, ANNA, made, pending, later(15))
    list(finalise_stragglers(desk.review, desk.deciding, later(20)))

    record = desk.get(made)
    assert record.verdict == desk.images.tags[made] == "unsafe"
    assert record.notified is True and record.pending_id is None and len(record.history) == 2
    assert [event.action for event in desk.audit.events] == ["decide", "in-force"]


def taken_away(desk: Desk, made) -> None:
    desk.people.people[ANNA.id] = replace(ANNA, roles=frozenset())


def opted_out(desk: Desk, made) -> None:
    desk.people.people[ANNA.id] = replace(ANNA, opted_out=frozenset({"Violence"}))


def gone(desk: Desk, made) -> None:
    del desk.people.people[ANNA.id]


@pytest.mark.parametrize("happens", [taken_away, opted_out, gone])
def test_who_may_no_longer_decides_nothing(happens: Callable[[Desk, object], None]):
    desk = Desk()
    made = desk.wait("a.jpg", "Violence")
    pending = desk.decide(ANNA, made, "unsafe")
    happens(desk, made)

    ended = desk.finalise(made, pending, DUE)

    assert ended.result is None and "may not any more" in ended.refused
    assert desk.get(made).verdict == "review" and desk.images.tags[made] == "review"
    found = next_item(desk.review, BEN, DUE).record
    assert found and found.image == made


# What happens between the pending decision and its end, or in the middle of its end.


def erased(desk: Desk, made) -> None:
    ports = ErasePorts(desk.images, FakeWork(), desk.verdicts, desk.verdicts.decisions)
    list(erase(ports, [StoredVersion(made, "object version", desk.get(made))], "arn:eraser"))


def is_escalated(desk: Desk, made) -> None:
    assert desk.verdicts.compare_and_set(desk.get(made), escalated(desk.get(made), utc(later(5))))


def decided_by_command(desk: Desk, made) -> None:
    decide(desk.deciding, desk.get(made), PersonDecision("safe", (), "By command", "arn:aws:sts::1:a/b/me", seen=True))


def redriven(desk: Desk, made) -> None:
    assert desk.verdicts.compare_and_set(desk.get(made), reopened(desk.get(made)))


def revoked(desk: Desk, made) -> None:
    change = overruled(desk.get(made), "review", (), "n", "arn:lead", utc(later(5)))
    assert desk.verdicts.compare_and_set(desk.get(made), change)


def undone(desk: Desk, made) -> None:
    undo(desk.review, ANNA, made, str(desk.get(made).pending_id), later(9))


def test_a_redrive_leaves_an_item_on_which_a_decision_is_pending():
    desk = Desk()
    made = desk.wait("a.jpg", "Violence", decided_by="failure", evidence=None)
    pending = desk.decide(ANNA, made, "unsafe")
    ports = RedrivePorts("intake", desk.verdicts, desk.publisher, FakeExecutions({}), ())

    (found,) = redrive(ports, None, later(-86400), dry_run=False)

    assert (found.acted, found.action[:10]) == (False, "left alone")
    assert desk.finalise(made, pending, DUE).refused == ""
    assert desk.get(made).verdict == "unsafe"


def test_a_decision_of_a_later_release_comes_into_force():
    desk = Desk()
    made = desk.wait("a.jpg", "Violence")
    pending = desk.decide(ANNA, made, "unsafe")
    desk.verdicts.records[made]["pending"]["since_then"] = True
    desk.review.voucher.vouch(desk.get(made))

    assert desk.finalise(made, pending, DUE).refused == ""
    assert desk.get(made).verdict == "unsafe"


MEANWHILE = [erased, is_escalated, decided_by_command, redriven, revoked, undone]


@pytest.mark.parametrize("happens", MEANWHILE)
def test_what_happened_before_the_end_stands(happens: Callable[[Desk, object], None]):
    desk = Desk()
    made = desk.wait("a.jpg", "Violence")
    pending = desk.decide(ANNA, made, "unsafe")
    happens(desk, made)
    standing, tag = dict(desk.verdicts.records.get(made, {})), desk.images.tags.get(made)

    with pytest.raises(NothingPending):
        desk.finalise(made, pending, DUE)

    assert desk.verdicts.records.get(made, {}) == standing and desk.images.tags.get(made) == tag
    assert not [topic for topic, *_ in desk.publisher.published if topic == "unsafe"]


@pytest.mark.parametrize("happens", MEANWHILE)
def test_what_happens_in_the_middle_of_the_end_stands(happens: Callable[[Desk, object], None]):
    desk = Desk()
    made = desk.wait("a.jpg", "Violence")
    pending = desk.decide(ANNA, made, "unsafe")
    happened: list[bool] = []

    class InBetween(FakePolicies):
        """Policies, which are read when the record has been checked and before it is written."""

        def for_key(self, key: str) -> Policies:
            if not happened:
                happened.append(True)
                happens(desk, made)
            return super().for_key(key)

    desk.deciding = replace(desk.deciding, policies=InBetween(desk.policies.policies))
    assert desk.finalise(made, pending, DUE).refused

    assert happened
    record = desk.verdicts.get(made)
    assert record is None or (record.verdict != "unsafe" and desk.images.tags[made] != "unsafe")
    assert not [topic for topic, *_ in desk.publisher.published if topic == "unsafe"]


def taken_by_another(desk: Desk, made) -> None:
    """The lease ends, and somebody else takes the item."""
    claim(desk.review, BEN, made, later(121))


@pytest.mark.parametrize("happens", [erased, is_escalated, decided_by_command, redriven, revoked, taken_by_another])
def test_what_happens_while_a_decision_is_made_leaves_nothing_pending(happens: Callable[[Desk, object], None]):
    desk = Desk()
    made = desk.wait("a.jpg", "Violence")
    record = claim(desk.review, ANNA, made, NOW)
    choice = Choice("unsafe", ("Violence",), "A note", screen_of(record), seen=True)
    desk.queue.meanwhile.append(lambda: happens(desk, made))

    with pytest.raises((ItemChanged, LeaseLost, OutOfScope)):
        decide_pending(desk.review, ANNA, made, choice, later(1))

    standing = desk.verdicts.get(made)
    assert standing is None or (standing.pending_id is None and standing.verdict != "unsafe")
    assert list(finalise_stragglers(desk.review, desk.deciding, later(60))) == []
    assert desk.images.tags.get(made) != "unsafe"


def test_a_policy_that_changes_meanwhile_leaves_the_decision_under_the_rules_that_were_on_the_screen():
    desk = Desk()
    made = desk.wait("a.jpg", "Violence")
    pending = desk.decide(ANNA, made, "unsafe")
    other = parse_pack(
        {
            "name": "other",
            "description": "Others.",
            "categories": [{"name": "Spam", "description": "Advertisements"}],
            "questions": [{"id": "spam", "text": "Is it an advertisement?", "categories": ["Spam"]}],
        }
    )
    desk.policies.policies = Policies(other, ())

    result = desk.finalise(made, pending, DUE).result

    assert result and result.record.category == "Violence" and result.stickiness.value == "other rules"
    assert result.record.policy == {"name": GRAVE.name, "digest": GRAVE.digest}


def test_two_that_end_a_decision_at_once_end_it_once(monkeypatch):
    desk = Desk()
    image = desk.wait("a.jpg")
    pending = desk.decide(ANNA, image)
    faster = []

    def overtaken(*arguments):
        monkeypatch.undo()
        faster.append(desk.finalise(image, pending, later(11)))
        return decide(*arguments)

    monkeypatch.setattr(finalising, "decide", overtaken)
    ended = desk.finalise(image, pending, later(11))

    assert faster[0].result and not ended.refused
    assert desk.get(image).decided_by == "person" and desk.get(image).pending_id is None


def test_an_undo_that_is_sent_again_after_a_reversal_was_begun_reverses_nothing_more():
    desk = Desk()
    image = desk.wait("a.jpg")
    first = desk.decide(ANNA, image)
    desk.finalise(image, first, later(11))
    undo(desk.review, ANNA, image, first, later(12))
    again = desk.decide(ANNA, image, at=later(13))
    assert not undo(desk.review, ANNA, image, again, later(14)).reversal

    assert not undo(desk.review, ANNA, image, again, later(15)).reversal
    assert [event.action for event in desk.audit.events].count("reverse") == 1


def test_who_read_the_item_before_it_came_into_force_leaves_its_tag_to_be_set():
    """The schedule reads it before it is vouched for; another attempt puts it into force, and dies before the tag."""
    desk = Desk()
    made = desk.wait("a.jpg", "Violence")
    pending = desk.decide(ANNA, made, "unsafe")
    vouched = desk.verdicts.records[made].pop("vouched")
    faster = Desk(desk.verdicts, desk.people, desk.audit, work=desk.work, publisher=desk.publisher)

    class Dying(FakeImages):
        def tag(self, image: object, verdict: str) -> str:
            raise StoreUnavailable("Bucket intake can't be reached.")

    def put_into_force_and_die() -> None:
        desk.verdicts.records[made]["vouched"] = vouched
        with pytest.raises(StoreUnavailable):
            finalise(faster.review, replace(faster.deciding, images=Dying()), made, pending, DUE)

    desk.queue.meanwhile.append(put_into_force_and_die)
    desk.finalise(made, pending, DUE)

    assert desk.get(made).verdict == desk.images.tags[made] == "unsafe"
    assert [topic for topic, *_ in desk.publisher.published] == ["unsafe"] and desk.get(made).pending_id is None


LEAVING = {
    "park": lambda desk, made: park(desk.review, ANNA, made, later(3600), later(2)),
    "skip": lambda desk, made: skip(desk.review, ANNA, made, later(2)),
    "free": lambda desk, made: release(desk.review, ANNA, made, later(2)),
}


@pytest.mark.parametrize("leave", LEAVING.values(), ids=LEAVING)
def test_a_decision_is_not_lost_by_leaving_its_item(leave: Callable[[Desk, object], object]):
    desk = Desk()
    made = desk.wait("a.jpg", "Violence")
    desk.decide(ANNA, made, "unsafe")

    with pytest.raises(HeldBySomeone, match="You have just decided"):
        leave(desk, made)
    list(finalise_stragglers(desk.review, desk.deciding, later(20)))

    assert desk.get(made).verdict == desk.images.tags[made] == "unsafe"
    assert [event.action for event in desk.audit.events] == ["decide", "in-force"]


PRESSED = Choice("safe", (), "A note", "", seen=True, press="one press of a key")


def pressed(desk: Desk, name: str = "a.jpg") -> tuple[ImageRef, Choice]:
    """An item that Anna holds, and what she is about to decide by one press of a key."""
    made = desk.wait(name, "Violence")
    return made, replace(PRESSED, screen=screen_of(claim(desk.review, ANNA, made, NOW)))


def test_a_press_that_arrives_late_does_not_decide_what_was_taken_back():
    desk = Desk()
    made, choice = pressed(desk)
    again = decide_pending(desk.review, ANNA, made, choice, later(3))
    undo(desk.review, ANNA, made, again.id, later(5))

    with pytest.raises(NothingPending, match="taken this decision back"):
        decide_pending(desk.review, ANNA, made, choice, later(6))

    assert desk.get(made).pending_id is None and desk.get(made).pending == {"id": again.id}
    other = decide_pending(desk.review, ANNA, made, replace(choice, press="another press"), later(7))
    assert desk.finalise(made, other.id, later(18)).result and desk.get(made).pending is None


def test_a_press_that_was_taken_back_is_known_when_its_item_was_let_go_and_taken_again():
    desk = Desk()
    made, choice = pressed(desk)
    undo(desk.review, ANNA, made, decide_pending(desk.review, ANNA, made, choice, later(3)).id, later(5))
    release(desk.review, ANNA, made, later(6))
    claim(desk.review, ANNA, made, later(7))

    with pytest.raises(NothingPending, match="taken this decision back"):
        decide_pending(desk.review, ANNA, made, choice, later(8))


@pytest.mark.parametrize("seconds", [12, 200])
def test_a_press_that_is_sent_again_once_its_decision_is_in_force_is_told_so(seconds: float):
    desk = Desk()
    made, choice = pressed(desk)
    first = decide_pending(desk.review, ANNA, made, choice, NOW)
    desk.finalise(made, first.id, DUE)
    before = dict(desk.verdicts.records[made])

    again = decide_pending(desk.review, ANNA, made, choice, later(seconds))

    assert (again.id, again.until) == (first.id, utc(later(seconds)))
    assert desk.finalise(made, again.id, later(seconds)) == Ended()
    assert desk.verdicts.records[made] == before
    assert [event.action for event in desk.audit.events] == ["decide", "in-force"]


def test_a_press_that_is_sent_twice_at_once_is_told_so_although_it_came_into_force_meanwhile():
    desk = Desk()
    made, choice = pressed(desk)

    def sent_again_and_ended() -> None:
        first = decide_pending(desk.review, ANNA, made, choice, later(1))
        assert desk.finalise(made, first.id, later(11)).result

    desk.queue.meanwhile.append(sent_again_and_ended)
    again = decide_pending(desk.review, ANNA, made, choice, NOW)

    assert again.id == desk.get(made).history[-1]["id"] and desk.get(made).pending_id is None


@pytest.mark.parametrize("other", [{"verdict": "safe", "categories": ()}, {"categories": ("Gore",)}], ids=str)
def test_a_press_with_another_verdict_or_other_categories_decides_nothing_more(other: dict[str, Any]):
    desk = Desk()
    made, choice = pressed(desk)
    unsafe = replace(choice, verdict="unsafe", categories=("Violence",))
    desk.finalise(made, decide_pending(desk.review, ANNA, made, unsafe, NOW).id, DUE)
    screen = screen_of(claim(desk.review, ANNA, made, later(20)))

    with pytest.raises(NothingPending, match="counted before"):
        decide_pending(desk.review, ANNA, made, replace(unsafe, screen=screen, **other), later(21))
    assert desk.get(made).all_categories == ("Violence",) and desk.get(made).pending_id is None


def test_the_same_decision_by_another_press_is_the_one_that_is_pending():
    desk = Desk()
    made, choice = pressed(desk)
    first = decide_pending(desk.review, ANNA, made, choice, NOW)

    again = decide_pending(desk.review, ANNA, made, replace(choice, press="another press"), later(2))

    assert again == first and desk.finalise(made, first.id, DUE).result


def test_a_press_is_one_person_s_and_of_one_item():
    desk = Desk()
    made, choice = pressed(desk)
    first = decide_pending(desk.review, ANNA, made, choice, NOW)
    undo(desk.review, ANNA, made, first.id, later(2))
    release(desk.review, ANNA, made, later(3))
    screen = screen_of(claim(desk.review, BEN, made, later(4)))
    other, others = pressed(desk, "b.jpg")

    by_another = decide_pending(desk.review, BEN, made, replace(choice, screen=screen), later(5))
    of_another = decide_pending(desk.review, ANNA, other, others, later(5))

    assert len({first.id, by_another.id, of_another.id}) == 3
    assert all(desk.finalise(item, one.id, later(16)).result for item, one in ((made, by_another), (other, of_another)))


def test_a_decision_is_taken_back_by_two_requests_at_once():
    desk = Desk()
    made, choice = pressed(desk)
    pending = decide_pending(desk.review, ANNA, made, choice, NOW).id
    desk.queue.meanwhile.append(lambda: undo(desk.review, ANNA, made, pending, later(5)))

    assert not undo(desk.review, ANNA, made, pending, later(4)).reversal
    assert desk.get(made).lease_holder == ANNA.id


def test_a_verdict_that_is_replaced_while_it_is_published_is_taken_back_on_its_topic():
    desk = Desk()
    made = desk.wait("a.jpg", "Violence")
    pending = desk.decide(ANNA, made, "unsafe")

    class Slow(FakePublisher):
        """Publishes once somebody else has decided otherwise, who takes the verdict for one that nobody was told of."""

        def publish(self, verdict: str, message: Mapping[str, Any], attributes: Mapping[str, str]) -> None:
            decided_by_command(desk, made)
            super().publish(verdict, message, attributes)

    slow = Slow()
    finalise(desk.review, replace(desk.deciding, publisher=slow), made, pending, DUE)

    told = [(topic, message["verdict"]) for topic, message, _ in slow.published]
    assert told == [("unsafe", "unsafe"), ("unsafe", "safe"), ("safe", "safe")]
    record = desk.get(made)
    assert record.verdict == desk.images.tags[made] == "safe" and record.notified is True
