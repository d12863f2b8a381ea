"""The queue of people: what comes next, to whom, and who holds it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from moderation.domain.lanes import Standing
from moderation.domain.limits import MAX_LANES
from moderation.domain.record import utc
from moderation.errors import HeldBySomeone, LeaseLost, OutOfScope, SkipRefused, StoreUnavailable
from moderation.usecases.review.claim import claim, release, renew
from moderation.usecases.review.count_waiting import count_waiting
from moderation.usecases.review.next_item import Found, next_item
from moderation.usecases.review.park import park
from moderation.usecases.review.skip import MOST_A_DAY, skip
from tests.unit.review.desk import ANNA, BEN, LEA, NOW, Desk, image, later


def names(desk: Desk, person=ANNA, at=NOW) -> list[str]:
    """The keys that come one after the other, until there is none."""
    keys = []
    while record := next_item(desk.review, person, at).record:
        keys.append(record.image.key)
    return keys


def test_the_gravest_comes_first_then_what_is_due_first():
    desk = Desk()
    desk.wait("late.jpg", "Violence", hours_ago=40)
    desk.wait("new.jpg", "Violence")
    desk.wait("gore.jpg", "Gore")
    desk.wait("both.jpg", "Gore", "Violence", hours_ago=0.5)

    assert names(desk) == ["both.jpg", "gore.jpg", "late.jpg", "new.jpg"]


def test_items_of_earlier_releases_and_failures_come_in_between():
    desk = Desk()
    desk.wait("gore.jpg", "Gore")
    desk.wait("old.jpg", hours_ago=3, sorted_in=False)
    desk.wait("new.jpg", "Violence")

    assert desk.get(image("old.jpg")).other["queue_order"].startswith("5#")
    assert names(desk) == ["gore.jpg", "old.jpg", "new.jpg"]


def test_two_people_never_get_the_same_item():
    desk = Desk()
    desk.wait("a.jpg")
    desk.wait("b.jpg")

    first, second = (next_item(desk.review, person, NOW).record for person in (ANNA, BEN))

    assert first and second and {first.image.key, second.image.key} == {"a.jpg", "b.jpg"}
    assert next_item(desk.review, BEN, NOW).record is None


def test_an_item_that_is_taken_at_the_same_moment_is_passed_over():
    desk = Desk()
    desk.wait("a.jpg", hours_ago=1)
    desk.wait("b.jpg")
    desk.queue.meanwhile.append(lambda: claim(desk.review, BEN, image("a.jpg"), NOW))

    found = next_item(desk.review, ANNA, NOW).record

    assert found and found.image.key == "b.jpg"
    assert desk.get(image("a.jpg")).lease_holder == BEN.id


def test_opted_out_and_out_of_scope_items_are_left_to_others():
    desk = Desk()
    desk.wait("posts/a.jpg", "Violence", "Gore")
    desk.wait("posts/b.jpg", "Violence")
    desk.wait("avatars/c.jpg", "Violence")
    desk.wait("posts/deep/d.jpg", "Smoking")
    squeamish = replace(ANNA, opted_out=frozenset({"Gore"}), prefixes=("posts/",))

    assert names(desk, replace(squeamish, categories=frozenset({"Violence"}))) == ["posts/b.jpg"]
    assert names(desk, squeamish, later(200)) == ["posts/b.jpg", "posts/deep/d.jpg"]
    assert names(desk, LEA, later(400))[0] == "posts/a.jpg"


def test_a_prefix_within_the_first_folder_limits_what_comes():
    desk = Desk()
    desk.wait("users/1/a.jpg", "Violence")
    desk.wait("users/2/b.jpg", "Violence")

    assert names(desk, replace(ANNA, prefixes=("users/2/",))) == ["users/2/b.jpg"]


def test_the_lanes_are_limited_and_what_comes_after_the_last_is_found_all_the_same():
    desk = Desk()
    for number in range(MAX_LANES + 3):
        desk.wait(f"user-{number}/a.jpg", "Violence")

    assert [lane.folder for lane in desk.verdicts.lanes[MAX_LANES:]] == ["*"]
    assert names(desk, replace(ANNA, prefixes=(f"user-{MAX_LANES + 1}/",))) == [f"user-{MAX_LANES + 1}/a.jpg"]
    assert len(names(desk)) == MAX_LANES + 2


def test_what_comes_after_the_last_lane_is_still_hidden_by_category_without_reading_it(monkeypatch):
    desk = Desk()
    for number in range(MAX_LANES + 20):
        desk.wait(f"user-{number}/a.jpg", "Gore")
    desk.wait("user-x/a.jpg", "Violence")
    read, get = [], desk.verdicts.get

    def noted(made):
        read.append(made)
        return get(made)

    monkeypatch.setattr(desk.verdicts, "get", noted)
    squeamish = replace(ANNA, opted_out=frozenset({"Gore"}))

    assert names(desk, squeamish) == ["user-x/a.jpg"]
    assert set(read) == {image("user-x/a.jpg")}


def test_only_who_may_gets_an_item():
    desk = Desk()
    desk.wait("a.jpg")

    with pytest.raises(OutOfScope):
        next_item(desk.review, replace(ANNA, roles=frozenset({"auditor"})), NOW)


def test_forbidden_and_unknown_items_look_alike():
    desk = Desk()
    desk.wait("posts/a.jpg", "Gore")
    blind = replace(ANNA, opted_out=frozenset({"Gore"}))

    for person, key in ((blind, "posts/a.jpg"), (ANNA, "posts/none.jpg"), (replace(ANNA, prefixes=()), "posts/a.jpg")):
        with pytest.raises(OutOfScope, match="There is no such item, or it isn't in your scope"):
            claim(desk.review, person, image(key), NOW)


def test_a_lease_keeps_others_away_and_lasts_two_minutes():
    desk = Desk()
    made = desk.wait("a.jpg")
    claim(desk.review, ANNA, made, NOW)

    with pytest.raises(HeldBySomeone, match=r"until 2026-11-27T12:02:00\.000Z"):
        claim(desk.review, BEN, made, later(119))
    renew(desk.review, ANNA, made, later(100))
    with pytest.raises(HeldBySomeone):
        claim(desk.review, BEN, made, later(219))
    assert claim(desk.review, BEN, made, later(221)).lease_holder == BEN.id
    with pytest.raises(LeaseLost):
        renew(desk.review, ANNA, made, later(222))


def test_what_ran_out_or_was_let_go_waits_where_it_was():
    desk = Desk()
    first, second = desk.wait("a.jpg", "Gore"), desk.wait("b.jpg", "Gore", hours_ago=0.1)
    before = {made: dict(desk.verdicts.records[made]) for made in (first, second)}
    assert names(desk) == ["b.jpg", "a.jpg"]

    release(desk.review, ANNA, first, NOW)

    assert desk.verdicts.records[first] == before[first]
    assert names(desk, BEN, later(121)) == ["b.jpg", "a.jpg"]
    assert desk.get(second).home_queue == before[second]["queue"]


def test_a_parked_item_comes_back_at_its_time():
    desk = Desk()
    made = desk.wait("a.jpg")
    claim(desk.review, ANNA, made, NOW)

    park(desk.review, ANNA, made, later(3600), NOW)

    assert names(desk, BEN, later(3500)) == []
    assert names(desk, BEN, later(3601)) == ["a.jpg"]
    assert [event.action for event in desk.audit.events] == ["park"]


def test_nothing_is_parked_for_ever():
    desk = Desk()
    made = desk.wait("a.jpg")
    claim(desk.review, ANNA, made, NOW)

    for until in (NOW, NOW + timedelta(days=8)):
        with pytest.raises(ValueError, match="7 days from now at most"):
            park(desk.review, ANNA, made, until, NOW)


def test_an_item_that_was_passed_on_goes_to_others_and_not_for_ever():
    desk = Desk()
    made = desk.wait("a.jpg")
    people = [replace(ANNA, id=f"s-{n}") for n in range(4)]
    for number, person in enumerate(people[:3]):
        claim(desk.review, person, made, later(number))
        skip(desk.review, person, made, later(number))
        assert next_item(desk.review, person, later(number)).record is None

    claim(desk.review, people[3], made, later(9))
    with pytest.raises(SkipRefused, match="3 people"):
        skip(desk.review, people[3], made, later(9))
    assert desk.get(made).lease_holder == people[3].id


def test_a_person_passes_on_so_many_items_a_day():
    desk = Desk()
    every = [desk.wait(f"{number}.jpg") for number in range(MOST_A_DAY + 1)]
    for made in every[:-1]:
        claim(desk.review, ANNA, made, NOW)
        skip(desk.review, ANNA, made, NOW)
    claim(desk.review, ANNA, every[-1], NOW)

    with pytest.raises(SkipRefused, match=f"{MOST_A_DAY} items today"):
        skip(desk.review, ANNA, every[-1], NOW)
    claim(desk.review, ANNA, every[-1], later(86_400))
    skip(desk.review, ANNA, every[-1], later(86_400))


def test_without_an_audit_nothing_is_done():
    desk = Desk()
    made = desk.wait("a.jpg")
    claim(desk.review, ANNA, made, NOW)
    desk.audit.failing = True

    with pytest.raises(StoreUnavailable):
        park(desk.review, ANNA, made, later(60), NOW)
    with pytest.raises(StoreUnavailable):
        desk.decide(ANNA, made)
    assert desk.get(made).pending_id is None and desk.get(made).lease_holder == ANNA.id


def test_a_request_looks_at_so_many_items_and_the_next_one_goes_on_where_it_ended():
    desk = Desk()
    for number in range(1000):
        desk.wait(f"users/others-{number}.jpg", "Violence", hours_ago=40 - number / 100)
    desk.wait("users/mine.jpg", "Violence")
    limited = replace(ANNA, prefixes=("users/mine",))

    found, listed = [Found(after="0")], []
    while found[-1].after and not found[-1].record:
        desk.queue.listed.clear()
        found.append(next_item(desk.review, limited, NOW, after=found[-1].after))
        listed.append(len(desk.queue.listed))

    assert found[-1].record and found[-1].record.image.key == "users/mine.jpg"
    assert len(listed) == 3 and max(listed) < 500


def test_records_that_are_read_in_vain_are_few_in_each_request(monkeypatch):
    desk = Desk()
    for number in range(100):
        hidden = [{"view": "full", "question": "q", "categories": ["Gore"], "near": True}]
        desk.wait(f"{number}.jpg", "Violence", sorted_in=False, hours_ago=40 - number / 100, evidence=hidden)
    desk.wait("mine.jpg", "Violence")
    squeamish = replace(ANNA, opted_out=frozenset({"Gore"}))
    read, get = [], desk.verdicts.get

    def noted(made):
        read.append(made)
        return get(made)

    monkeypatch.setattr(desk.verdicts, "get", noted)
    found, most = next_item(desk.review, squeamish, NOW), 0
    while not found.record:
        most = max(most, len(read))
        read.clear()
        found = next_item(desk.review, squeamish, NOW, after=found.after)

    assert found.record.image.key == "mine.jpg"
    assert 0 < most < 50


def test_a_request_that_ends_among_items_of_one_moment_passes_over_none():
    desk = Desk()
    for number in range(700):
        desk.wait(f"others/{number}.jpg", "Violence", hours_ago=3)
    desk.wait("others/mine.jpg", "Violence", hours_ago=3)

    found = next_item(desk.review, replace(ANNA, prefixes=("others/mine",)), NOW)

    assert found.record and found.record.image.key == "others/mine.jpg"


def test_what_waits_is_counted_in_a_persons_scope():
    desk = Desk()
    desk.wait("late.jpg", "Gore", hours_ago=2)
    desk.wait("soon.jpg", "Gore", hours_ago=0.5)
    for number in range(12):
        desk.wait(f"{number}.jpg", "Violence")
        desk.wait(f"posts/{number}.jpg", "Violence")

    assert count_waiting(desk.review, ANNA, NOW) == Standing(20, 10, utc(later(1800)))
    assert count_waiting(desk.review, replace(ANNA, prefixes=("posts/",)), NOW).waiting == 10
    assert count_waiting(desk.review, replace(ANNA, prefixes=("none/",)), NOW) == Standing()


UNREADABLE = [
    {"skipped_by": 5},
    {"skipped_by": [[]], "supports": 7},
    {"reports": ["?"]},
    {"lease_holder": "x", "revealed": 5, "reports": 5},
]


@pytest.mark.parametrize("forged", UNREADABLE, ids=str)
def test_an_item_that_cannot_be_read_keeps_no_other_from_anybody(forged):
    """Whoever may lease or report an item may write anything there."""
    desk = Desk()
    desk.wait("broken.jpg", "Violence", hours_ago=3, **forged)
    desk.wait("good.jpg", "Violence", hours_ago=1)

    assert names(desk) == ["good.jpg"]


@pytest.mark.parametrize("due_at", [7, "?", "0001-01-01T00:00:00+23:59"])
def test_an_item_whose_deadline_cannot_be_read_comes_also_where_a_blind_one_might(due_at):
    desk = Desk()
    desk.wait("blind.jpg", "Violence", hours_ago=9, queue="sample#0", queue_order=utc(NOW), verdict="safe")
    desk.wait("broken.jpg", "Violence", hours_ago=3, due_at=due_at)

    found = next_item(desk.review, ANNA, NOW, blind_first=True).record

    assert found and found.image.key == "broken.jpg"


@pytest.mark.parametrize("order", ["0", "?", "0001-01-01T00:00:00+23:59", "2026-11-01T00:00:00"])
def test_a_place_that_is_no_time_hides_nothing_that_is_seen_blind(order):
    """A new item of the table may be written with a place of the queue alone."""
    desk = Desk()
    desk.verdicts.records[image("x")] = {"queue": "sample#0", "queue_order": order}
    desk.wait("blind.jpg", "Violence", hours_ago=9, queue="sample#0", queue_order=utc(NOW), verdict="safe")

    found = next_item(desk.review, ANNA, NOW, lot=0.5).record

    assert found and found.image.key == "blind.jpg"


def test_a_place_that_is_no_time_is_no_time_at_which_an_item_is_due():
    desk = Desk()
    for number in range(20):
        desk.wait(f"{number}.jpg", "Violence", queue_order="5#?")

    assert count_waiting(desk.review, ANNA, NOW) == Standing(20, 0, None)
