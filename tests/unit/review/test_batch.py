"""Several items at once: counted before, confirmed by number, pending together, undone as one."""

from dataclasses import replace
from datetime import datetime
from itertools import count
from typing import Any

import pytest

from moderation.domain.image_ref import ImageRef
from moderation.domain.record import escalated, utc
from moderation.domain.review import screen_of
from moderation.errors import NotConfirmed, NothingPending, StoreUnavailable
from moderation.usecases.review.claim import claim, release
from moderation.usecases.review.decide_batch import Batch, decide_batch, identical_items, preview_batch, undo_batch
from moderation.usecases.review.decide_pending import Choice
from moderation.usecases.review.finalise import Straggler, finalise_stragglers
from tests.unit.review.desk import ANNA, BEN, LEA, NOW, Desk, later

SAFE = Choice("safe", (), "Drawings", "", seen=True)


def waiting(desk: Desk, *names: str, **more: Any) -> dict[ImageRef, str]:
    """Items with what a person saw of each."""
    prepared = {"preprocessing_version": "1", **more}
    return {made: screen_of(desk.get(made)) for made in (desk.wait(name, **prepared) for name in names)}


def test_a_dry_run_says_what_would_be_decided_and_changes_nothing():
    desk = Desk()
    screens = waiting(desk, "a.jpg", "b.jpg", "c.jpg", "d.jpg")
    held, changed, grave, _ = screens
    claim(desk.review, BEN, held, NOW)
    desk.verdicts.records[changed]["owner"] = "another run"
    desk.verdicts.compare_and_set(desk.get(grave), escalated(desk.get(grave), utc(NOW)))
    before = {made: dict(desk.verdicts.records[made]) for made in screens}

    found = preview_batch(desk.review, LEA, screens, SAFE, NOW)

    assert [made.key for made in found.items] == ["d.jpg"]
    assert {made.key for made in found.left_alone} == {"a.jpg", "b.jpg", "c.jpg"}
    assert {made: desk.verdicts.records[made] for made in screens} == before and not desk.audit.events


def test_a_batch_is_decided_only_as_it_was_confirmed():
    desk = Desk()
    screens = waiting(desk, "a.jpg", "b.jpg", "c.jpg")

    with pytest.raises(NotConfirmed, match="confirmed 2 items, and 3 can be decided"):
        decide_batch(desk.review, ANNA, screens, SAFE, 2, lambda: NOW)
    assert all(desk.get(made).pending_id is None and desk.get(made).lease_holder is None for made in screens)

    batch = decide_batch(desk.review, ANNA, screens, SAFE, 3, lambda: NOW)

    assert set(batch.items) == set(screens)
    assert len(stragglers(desk, 45)) == 3
    assert {desk.images.tags[made] for made in screens} == {"safe"}


def test_a_batch_is_undone_as_one_and_leaves_nothing():
    desk = Desk()
    screens = waiting(desk, "a.jpg", "b.jpg")
    batch = decide_batch(desk.review, ANNA, screens, SAFE, 2, lambda: NOW)

    assert undo_batch(desk.review, BEN, batch.pending, later(4)).items == ()
    assert undo_batch(desk.review, ANNA, dict.fromkeys(screens, "another"), later(4)).items == ()
    undone = undo_batch(desk.review, ANNA, batch.pending, later(5))

    assert undone.items == batch.items and not undone.left_alone
    assert stragglers(desk, 60) == []
    assert {desk.get(made).verdict for made in screens} == {"review"}


def slow_batch(desk: Desk) -> tuple[dict[ImageRef, str], Batch]:
    """A batch of three, made at 0, 10 and 20 seconds."""
    screens = waiting(desk, "a.jpg", "b.jpg", "c.jpg")
    moments = map(later, (0, 0, 10, 20))  # its dry run's first
    return screens, decide_batch(desk.review, ANNA, screens, SAFE, 3, lambda: next(moments))


def test_each_item_of_a_long_batch_has_ten_seconds_of_its_own():
    desk = Desk()
    screens, batch = slow_batch(desk)

    assert [(desk.get(made).pending or {})["until"] for made in screens] == [utc(later(s)) for s in (10, 20, 30)]
    last = list(screens)[-1]
    with pytest.raises(NothingPending, match="can be taken back until"):
        desk.finalise(last, batch.pending[last], later(29))


def test_a_long_batch_is_taken_back_as_one_for_ten_seconds_from_its_end():
    """The schedule leaves it alone as long as a batch may last, and its page ends it."""
    desk = Desk()
    screens, batch = slow_batch(desk)
    single = desk.decide(ANNA, desk.wait("single.jpg"))

    assert [ended.ended and ended.ended.pending and ended.ended.pending.id for ended in stragglers(desk, 30)] == [
        single
    ]
    undone = undo_batch(desk.review, ANNA, batch.pending, later(30))

    assert undone.items == tuple(screens) and not undone.left_alone


def test_a_batch_whose_page_was_closed_comes_into_force_all_the_same():
    desk = Desk()
    screens, _ = slow_batch(desk)

    for seconds in (41, 51, 61):
        assert len(stragglers(desk, seconds)) == 1
    assert {desk.get(made).verdict for made in screens} == {"safe"}


def stragglers(desk: Desk, seconds: float) -> list[Straggler]:
    return list(finalise_stragglers(desk.review, desk.deciding, later(seconds)))


def test_what_of_a_batch_is_in_force_stays_and_is_not_opened_again():
    desk = Desk()
    screens = waiting(desk, "a.jpg", "b.jpg")
    batch = decide_batch(desk.review, ANNA, screens, SAFE, 2, lambda: NOW)
    first, second = screens
    assert desk.finalise(first, batch.pending[first], later(11)).result

    undone = undo_batch(desk.review, ANNA, batch.pending, later(12))

    assert undone.items == (second,) and "in force" in undone.left_alone[first]
    assert (desk.get(first).verdict, desk.get(first).lease_holder) == ("safe", None)
    assert "reverse" not in [event.action for event in desk.audit.events]


@pytest.mark.parametrize(
    "meanwhile",
    [{"batch": "0" * 32}, {"id": "f" * 32}, {"who": BEN.id}, {"verdict": "unsafe"}, {"categories": None}],
    ids=str,
)
def test_nobody_hides_an_item_from_who_takes_a_batch_back(meanwhile: dict[str, Any]):
    desk = Desk()
    screens = waiting(desk, "a.jpg", "b.jpg")
    batch = decide_batch(desk.review, ANNA, screens, SAFE, 2, lambda: NOW)
    hidden, other = screens
    pending = desk.verdicts.records[hidden]["pending"]
    desk.verdicts.records[hidden]["pending"] = pending | meanwhile

    undone = undo_batch(desk.review, ANNA, batch.pending, later(5))

    assert other in undone.items and desk.get(other).pending_id is None
    written_again = {"pending": pending, "pending_id": batch.pending[hidden], "lease_holder": ANNA.id}
    desk.verdicts.records[hidden] |= written_again
    assert desk.finalise(hidden, batch.pending[hidden], later(20)).error == "NotVouched"
    assert desk.get(hidden).verdict == "review"


def test_a_batch_whose_answer_was_lost_is_the_same_when_it_is_sent_again():
    desk = Desk()
    screens = waiting(desk, "a.jpg", "b.jpg")
    first = decide_batch(desk.review, ANNA, screens, SAFE, 2, lambda: NOW)

    again = decide_batch(desk.review, ANNA, screens, SAFE, 2, lambda: later(3))

    assert (again.id, dict(again.pending)) == (first.id, dict(first.pending)) and not again.left_alone
    assert [event.action for event in desk.audit.events] == ["decide", "decide"]
    assert len(undo_batch(desk.review, ANNA, again.pending, later(5)).items) == 2


def test_a_batch_that_was_cut_off_is_completed_when_it_is_sent_again():
    desk = Desk()
    screens = waiting(desk, "a.jpg", "b.jpg")
    first = decide_batch(desk.review, ANNA, screens, SAFE, 2, lambda: NOW)
    for name in ("pending", "pending_id"):
        del desk.verdicts.records[first.items[1]][name]

    again = decide_batch(desk.review, ANNA, screens, SAFE, 2, lambda: later(3))

    assert (again.id, again.items, again.left_alone) == (first.id, first.items, {})
    assert again.pending[first.items[0]] == first.pending[first.items[0]]


def test_a_batch_that_is_sent_again_while_it_is_at_work_is_one_and_is_taken_back_whole():
    desk = Desk()
    screens, second = waiting(desk, "a.jpg", "b.jpg", "c.jpg", "d.jpg"), list[Batch]()
    calls = count()

    def clock() -> datetime:
        if next(calls) == 3:  # two of its items are pending by now
            second.append(decide_batch(desk.review, ANNA, screens, SAFE, 4, lambda: later(3)))
        return later(2)

    decide_batch(desk.review, ANNA, screens, SAFE, 4, clock)

    assert set(second[0].items) == set(screens)
    assert set(undo_batch(desk.review, ANNA, second[0].pending, later(6)).items) == set(screens)
    assert {desk.get(image).pending_id for image in screens} == {None}


PRESSED = replace(SAFE, press="one press of a key")


def test_a_batch_that_is_sent_again_once_it_is_in_force_is_told_so():
    desk = Desk()
    screens = waiting(desk, "a.jpg", "b.jpg")
    first = decide_batch(desk.review, ANNA, screens, PRESSED, 2, lambda: NOW)
    assert len(stragglers(desk, 45)) == 2

    again = decide_batch(desk.review, ANNA, screens, PRESSED, 2, lambda: later(50))

    assert (again.id, dict(again.pending), dict(again.left_alone)) == (first.id, dict(first.pending), {})
    assert [event.action for event in desk.audit.events].count("decide") == 2
    assert {desk.get(made).lease_holder for made in screens} == {None}


def test_a_batch_that_arrives_late_does_not_decide_what_was_taken_back():
    desk = Desk()
    screens = waiting(desk, "a.jpg", "b.jpg")
    again = decide_batch(desk.review, ANNA, screens, PRESSED, 2, lambda: later(3))
    undo_batch(desk.review, ANNA, again.pending, later(5))
    for made in screens:
        release(desk.review, ANNA, made, later(6))

    late = decide_batch(desk.review, ANNA, screens, PRESSED, 2, lambda: later(7))

    assert not late.items and all("taken this decision back" in why for why in late.left_alone.values())
    anew = decide_batch(desk.review, ANNA, screens, replace(PRESSED, press="another"), 2, lambda: later(8))
    assert set(anew.items) == set(screens)


@pytest.mark.parametrize("broken", [{"reports": [5]}, {"opinions": [5]}])
def test_an_item_that_cannot_be_read_stops_no_batch(broken: dict[str, Any]):
    desk = Desk()
    screens = waiting(desk, "a.jpg", "b.jpg", "c.jpg")
    unread = list(screens)[1]
    desk.verdicts.records[unread].update(broken)

    batch = decide_batch(desk.review, ANNA, screens, PRESSED, 2, lambda: NOW)

    assert len(batch.items) == 2 and "can't be read" in batch.left_alone[unread]


def test_an_item_that_somebody_holds_and_whose_history_cannot_be_read_stops_no_batch():
    desk = Desk()
    screens = waiting(desk, "a.jpg", "b.jpg")
    broken, other = screens
    claim(desk.review, BEN, broken, NOW)
    desk.verdicts.records[broken]["history"] = 5

    batch = decide_batch(desk.review, ANNA, screens, PRESSED, 1, lambda: NOW)

    assert batch.items == (other,) and "Somebody else" in batch.left_alone[broken]


def test_a_dry_run_leaves_alone_what_its_categories_do_not_fit():
    desk = Desk()
    screens = waiting(desk, "a.jpg", "b.jpg")

    for categories in ((), ("Unheard of",)):
        found = preview_batch(desk.review, ANNA, screens, replace(SAFE, verdict="unsafe", categories=categories), NOW)
        assert not found.items and all("categor" in why for why in found.left_alone.values())


def test_an_item_that_is_taken_meanwhile_is_left_alone():
    desk = Desk()
    screens = waiting(desk, "a.jpg", "b.jpg")
    first, second = screens
    desk.queue.meanwhile.append(lambda: claim(desk.review, BEN, first, NOW))

    batch = decide_batch(desk.review, ANNA, screens, SAFE, 2, lambda: NOW)

    assert batch.items == (second,) and "Somebody else" in batch.left_alone[first]


def test_an_error_at_one_item_leaves_what_was_decided_and_the_others():
    desk = Desk()
    screens = waiting(desk, "a.jpg", "b.jpg", "c.jpg")
    first, broken, last = screens
    voucher = desk.review.voucher

    class Failing:
        def vouch(self, record):
            if record.image == broken:
                raise StoreUnavailable("Function vouch failed: try again.")
            voucher.vouch(record)

        withdraw = voucher.withdraw

    batch = decide_batch(replace(desk.review, voucher=Failing()), ANNA, screens, SAFE, 3, lambda: NOW)

    assert batch.items == (first, last) and "try again" in batch.left_alone[broken]


def test_what_its_own_checks_refused_is_made_safe_by_nobody_at_once():
    desk = Desk()
    unprepared = desk.wait("a.jpg")

    found = preview_batch(desk.review, ANNA, {unprepared: screen_of(desk.get(unprepared))}, SAFE, NOW)

    assert not found.items and "by itself alone" in found.left_alone[unprepared]


def test_a_batch_is_no_larger_than_what_one_person_may_change():
    desk = Desk()
    screens = waiting(desk, *(f"{number}.jpg" for number in range(21)))

    with pytest.raises(NotConfirmed, match="at most 20"):
        decide_batch(desk.review, ANNA, screens, SAFE, 21, lambda: NOW)


def test_the_identical_ones_are_those_that_are_free_and_in_scope():
    desk = Desk()
    shown, *_ = waiting(desk, "posts/a.jpg", "posts/b.jpg", "avatars/c.jpg", "posts/d.jpg")
    waiting(desk, "posts/other.jpg", sha256="cd" * 32)
    claim(desk.review, BEN, ImageRef("intake", "posts/d.jpg", "v1"), NOW)
    limited = replace(ANNA, prefixes=("posts/",))

    assert [record.image.key for record in identical_items(desk.review, limited, shown, NOW)] == ["posts/b.jpg"]
