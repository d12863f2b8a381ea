"""The queue is kept in order: what comes back, what is unsorted, what is late, and what nobody may see."""

from dataclasses import replace
from typing import Any

import pytest

from moderation.domain.image_ref import ImageRef
from moderation.domain.lanes import UNSORTED
from moderation.domain.limits import MAX_LANES
from moderation.errors import Misconfigured
from moderation.usecases.review import sweep_queue as module
from moderation.usecases.review.claim import claim
from moderation.usecases.review.next_item import next_item
from moderation.usecases.review.park import park
from moderation.usecases.review.sweep_queue import sweep_queue
from tests.support.fakes import FakePeople
from tests.unit.review.desk import ANNA, NOW, Desk, later


def test_failures_and_items_of_earlier_releases_are_sorted_into_their_lanes():
    desk = Desk()
    old = desk.wait("posts/old.jpg", "Gore", sorted_in=False)
    failed = desk.wait("posts/failed.jpg", sorted_in=False, policy={}, evidence=None)

    assert sweep_queue(desk.review, NOW).sorted_in == 2

    record = desk.get(old)
    assert (record.severity, record.supports, record.due_at) == (9, ["Gore"], "2026-11-27T13:00:00.000Z")
    assert record.other["queue"] not in UNSORTED and desk.get(failed).severity == 4
    assert sweep_queue(desk.review, NOW).sorted_in == 0


def test_an_item_whose_policy_is_gone_keeps_none_of_the_others_from_their_lanes():
    desk = Desk()
    broken = desk.wait("a.jpg", "Gore", hours_ago=60, sorted_in=False, policy={"name": "x", "digest": "gone"})
    other = desk.wait("b.jpg", "Gore", hours_ago=2, sorted_in=False)

    swept = sweep_queue(desk.review, NOW)

    assert (swept.sorted_in, swept.unreadable, swept.overdue) == (1, 1, 2)
    assert desk.get(other).other["queue"] not in UNSORTED and desk.get(broken).other["queue"] in UNSORTED


def test_what_an_earlier_bucket_left_in_the_table_stops_no_sweep_and_nobody(monkeypatch):
    """IAM denies its records to the function, by their partition keys; the queue itself knows its bucket."""
    desk = Desk()
    mine = desk.wait("a.jpg", "Gore", sorted_in=False)
    theirs = [desk.wait(name, "Gore", sorted_in=sorted_in) for name, sorted_in in (("b.jpg", False), ("c.jpg", True))]
    claim(desk.review, ANNA, theirs[1], NOW)
    for image in theirs:
        desk.verdicts.records[replace(image, bucket="earlier")] = desk.verdicts.records.pop(image)
    get, put_back = desk.verdicts.get, desk.queue.put_back

    def ours(image: ImageRef) -> ImageRef:
        if image.bucket == "earlier":
            raise Misconfigured("AccessDeniedException")
        return image

    monkeypatch.setattr(desk.verdicts, "get", lambda image: get(ours(image)))
    monkeypatch.setattr(desk.queue, "put_back", lambda record: put_back(record) if ours(record.image) else None)

    assert sweep_queue(desk.review, later(600)).sorted_in == 1
    found = next_item(desk.review, ANNA, later(600)).record
    assert found is not None and found.image == mine


def test_an_item_that_somebody_takes_while_it_is_sorted_stays_theirs():
    desk = Desk()
    made = desk.wait("a.jpg", sorted_in=False)
    desk.queue.meanwhile.append(lambda: claim(desk.review, ANNA, made, NOW))

    assert sweep_queue(desk.review, NOW).sorted_in == 0
    assert desk.get(made).lease_holder == ANNA.id


def test_leases_that_ran_out_go_back():
    desk = Desk()
    made = desk.wait("a.jpg")
    queue = desk.get(made).other["queue"]
    claim(desk.review, ANNA, made, NOW)

    assert sweep_queue(desk.review, later(60)).put_back == 0
    assert sweep_queue(desk.review, later(121)).put_back == 1
    assert desk.get(made).other["queue"] == queue


def test_overdue_items_are_counted_wherever_they_are():
    desk = Desk()
    desk.wait("late.jpg", "Gore", hours_ago=2)
    desk.wait("in time.jpg", "Violence", hours_ago=2)
    parked = desk.wait("parked.jpg", "Gore", hours_ago=2)
    claim(desk.review, ANNA, parked, NOW)
    park(desk.review, ANNA, parked, later(3600), NOW)
    for number in range(MAX_LANES):
        desk.wait(f"user-{number}/a.jpg", "Violence")
    desk.wait("late and unsorted/a.jpg", "Violence", hours_ago=50)

    assert sweep_queue(desk.review, NOW).overdue == 3


def test_what_is_in_nobodys_scope_is_counted_and_only_where_there_are_people():
    desk = Desk()
    desk.wait("posts/a.jpg", "Violence", "Gore")
    desk.wait("posts/b.jpg", "Violence")
    desk.wait("shop/c.jpg", "Violence")
    desk.people = FakePeople(replace(ANNA, opted_out=frozenset({"Gore"}), prefixes=("posts/",)))
    nobody = replace(ANNA, roles=frozenset({"auditor"}))

    assert sweep_queue(replace(desk.review, people=desk.people), NOW).unseen == 2
    assert sweep_queue(replace(desk.review, people=FakePeople()), NOW).unseen == 0
    assert sweep_queue(replace(desk.review, people=FakePeople(nobody)), NOW).unseen == 0


GONE = {"name": "x", "digest": "gone"}


def unsorted(desk: Desk) -> set[str]:
    return {image.key for image, record in desk.verdicts.records.items() if record["queue"] in UNSORTED}


@pytest.mark.parametrize("at_once", [5, 20])
def test_no_number_of_items_that_stay_unsorted_keeps_another_from_its_lane(
    monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(module, "_AT_ONCE", at_once)
    desk = Desk()
    for number in range(12):
        desk.wait(f"stuck-{number}.jpg", "Gore", hours_ago=100 - number, sorted_in=False, policy=GONE)
    desk.wait("good.jpg", "Gore", hours_ago=1, sorted_in=False)

    sorted_in = [sweep_queue(desk.review, NOW).sorted_in for _ in range(3)]

    assert sum(sorted_in) == 1 and "good.jpg" not in unsorted(desk)
    desk.wait("oldest.jpg", "Gore", hours_ago=200, sorted_in=False)
    assert sum(sweep_queue(desk.review, NOW).sorted_in for _ in range(4)) == 1, "and all begins anew"
    assert len(unsorted(desk)) == 12


def test_items_that_are_due_at_the_same_moment_are_swept_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_AT_ONCE", 2)
    desk = Desk()
    for number in range(9):
        desk.wait(f"{number}.jpg", "Gore", hours_ago=1, sorted_in=False, policy=GONE if number < 5 else {})

    assert sum(sweep_queue(desk.review, NOW).sorted_in for _ in range(3)) == 4


@pytest.mark.parametrize(
    "forged", [{"pending_id": "x"}, {"home_queue": None}, {"home_queue": None, "home_order": None}]
)
def test_what_cannot_be_put_back_keeps_nothing_away(monkeypatch: pytest.MonkeyPatch, forged: dict[str, Any]) -> None:
    """Whoever may lease items may write that of any number, without where they waited."""
    monkeypatch.setattr(module, "_AT_ONCE", 3)
    desk = Desk()
    stuck = [desk.wait(f"stuck-{number}.jpg", "Gore") for number in range(3)]
    for made in stuck:
        claim(desk.review, ANNA, made, NOW)
        desk.verdicts.records[made] |= forged
    last = desk.wait("z.jpg", "Gore")
    claim(desk.review, ANNA, last, later(1))

    for _ in range(2):
        sweep_queue(desk.review, later(200))

    assert all(str(desk.get(made).other["queue"]).startswith("review#") for made in (*stuck, last))
    assert not unsorted(desk)


def test_a_report_that_is_none_stops_no_sweep() -> None:
    desk = Desk()
    desk.wait("a.jpg", "Gore", hours_ago=3, sorted_in=False, reports=["?"], due_at=7)
    good = desk.wait("b.jpg", "Gore", sorted_in=False)

    swept = sweep_queue(desk.review, NOW)

    assert (swept.sorted_in, swept.unreadable) == (1, 1) and desk.get(good).other["queue"] not in UNSORTED


@pytest.mark.parametrize(
    ("forged", "overdue", "unseen"),
    [({"created_at": ""}, 4, 0), ({"due_at": 7}, 4, 0), ({"supports": 7}, 3, 1), ({"skipped_by": 5}, 3, 0)],
)
def test_what_cannot_be_read_is_late_or_unseen_and_the_others_are_counted(
    forged: dict[str, Any], overdue: int, unseen: int
) -> None:
    desk = Desk()
    desk.wait("junk.jpg", "Gore", sorted_in=False, policy=GONE, **forged)
    desk.wait("late.jpg", "Gore", hours_ago=60, sorted_in=False, policy=GONE)
    desk.verdicts.records[ImageRef("intake", "x", "v1")] = {"queue": UNSORTED[0], "queue_order": "0"}
    parked = desk.wait("parked.jpg", "Gore", hours_ago=2)
    claim(desk.review, ANNA, parked, NOW)
    desk.verdicts.records[parked] |= {"due_at": None, "created_at": ""}

    swept = sweep_queue(desk.review, NOW)

    assert (swept.overdue, swept.unseen) == (overdue, unseen)
