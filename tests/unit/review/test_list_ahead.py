"""A person's items come at once if they lie deep in the queue, and none is passed over for ever."""

from dataclasses import replace

import pytest

from moderation.domain.people import Person
from moderation.usecases.review.claim import claim
from moderation.usecases.review.list_ahead import list_ahead
from moderation.usecases.review.next_item import next_item
from moderation.usecases.review.skip import skip
from tests.support.fakes import FakePeople
from tests.unit.review.desk import ANNA, BEN, LEA, NOW, Desk, image, later

MINE = replace(ANNA, prefixes=("site/user-1/", "site/user-2/deep/er"))


def busy(*people: Person) -> Desk:
    """A desk where a thousand items of others are due before those of people with parts of folders."""
    desk = Desk(people=FakePeople(*people))
    for number in range(1000):
        desk.wait(f"site/user-3/{number}.jpg", "Violence", hours_ago=40 - number / 100)
    return desk


def taken(desk: Desk, person: Person = MINE, seconds: float = 0) -> str | None:
    """The key that one request gives, if it gives any."""
    found = next_item(desk.review, person, later(seconds)).record
    return found.image.key if found else None


@pytest.mark.parametrize(
    "person",
    [
        MINE,
        replace(MINE, opted_out=frozenset({"Gore", "Smoking"})),
        replace(MINE, categories=frozenset({"Violence", "Drugs"})),
    ],
)
def test_what_lies_deep_in_the_queue_comes_with_one_request(person):
    desk = busy(person, BEN)
    desk.wait("site/user-1/a.jpg", "Weapons", "Violence", hours_ago=5)
    desk.wait("site/user-2/deep/er.jpg", "Weapons", "Violence", hours_ago=4)
    desk.wait("site/user-2/b.jpg", "Weapons", "Violence", hours_ago=3)
    assert taken(desk, person) is None

    list_ahead(desk.review, NOW)
    desk.queue.listed.clear()

    assert [taken(desk, person) for _ in range(2)] == ["site/user-1/a.jpg", "site/user-2/deep/er.jpg"]
    assert len(desk.queue.listed) < 250


def test_unsorted_items_that_a_category_hides_come_to_nobody_who_opted_out():
    """An index doesn't know every category that something speaks for."""
    squeamish = replace(MINE, opted_out=frozenset({"Gore"}))
    desk = busy(squeamish)
    for number in range(20):
        desk.wait(f"site/user-1/{number}.jpg", "Gore", hours_ago=6, sorted_in=False)
    desk.wait("site/user-1/mine.jpg", "Violence", hours_ago=2, sorted_in=False)

    list_ahead(desk.review, NOW)

    assert taken(desk, squeamish) == "site/user-1/mine.jpg"
    assert len(desk.queue.lists[squeamish.id]) == 1


def test_what_comes_back_before_the_listed_ones_is_given_after_the_next_list():
    desk = busy(MINE)
    first = desk.wait("site/user-1/first.jpg", "Violence", hours_ago=9)
    desk.wait("site/user-1/second.jpg", "Violence", hours_ago=8)
    desk.wait("site/user-1/third.jpg", "Violence", hours_ago=7)
    claim(desk.review, BEN, first, NOW)
    list_ahead(desk.review, NOW)

    assert taken(desk) == "site/user-1/second.jpg"
    taken(desk, seconds=300)  # whoever asks puts back what BEN left
    list_ahead(desk.review, later(900))

    assert taken(desk, seconds=900) == "site/user-1/first.jpg"


def test_a_graver_item_comes_first_after_the_next_list():
    desk = busy(MINE)
    desk.wait("site/user-1/listed.jpg", "Violence", hours_ago=3)
    list_ahead(desk.review, NOW)
    for number in range(300):
        desk.wait(f"site/user-4/{number}.jpg", "Gore", hours_ago=3)
    desk.wait("site/user-1/grave.jpg", "Gore")

    list_ahead(desk.review, later(300))

    assert [taken(desk, seconds=300) for _ in range(2)] == ["site/user-1/grave.jpg", "site/user-1/listed.jpg"]


def test_the_search_goes_on_where_a_list_has_nothing_left():
    """So an item that came after the last list is found, and where no list is made any more."""
    desk = busy(MINE)
    desk.wait("site/user-1/old.jpg", "Violence", hours_ago=3)
    list_ahead(desk.review, NOW)
    desk.wait("site/user-1/new.jpg", "Violence")
    assert taken(desk) == "site/user-1/old.jpg"

    found = next_item(desk.review, MINE, NOW)
    while found.after:
        found = next_item(desk.review, MINE, NOW, after=found.after)

    assert found.record and found.record.image.key == "site/user-1/new.jpg"


def test_a_list_gives_nothing_that_is_no_longer_in_scope_or_was_passed_on():
    desk = busy(MINE)
    passed = desk.wait("site/user-1/passed.jpg", "Violence", hours_ago=3)
    gone = desk.wait("site/user-1/gone.jpg", "Violence", hours_ago=2)
    list_ahead(desk.review, NOW)
    claim(desk.review, MINE, passed, NOW)
    skip(desk.review, MINE, passed, NOW)
    del desk.verdicts.records[gone]

    assert taken(desk) is None
    assert taken(desk, replace(MINE, prefixes=("site/user-5/",))) is None
    list_ahead(desk.review, NOW)
    assert desk.queue.lists[MINE.id] == []


def test_only_people_who_take_items_have_lists_and_what_several_may_have_is_read_once(monkeypatch):
    desk = Desk(people=FakePeople(ANNA, BEN, LEA, replace(ANNA, id="app", roles=frozenset({"app"}))))
    for number in range(60):
        desk.wait(f"{number}.jpg", hours_ago=60 - number)
    read, get = [], desk.verdicts.get

    def noted(made):
        read.append(made)
        return get(made)

    monkeypatch.setattr(desk.verdicts, "get", noted)

    list_ahead(desk.review, NOW)

    assert desk.queue.lists.keys() == {ANNA.id, BEN.id, LEA.id}
    assert {len(places) for places in desk.queue.lists.values()} == {40}
    assert len(read) == 40 and image("0.jpg") in read


@pytest.mark.parametrize(
    "forged",
    [{"skipped_by": 5}, {"supports": 7}, {"category": ["a"]}, {"category": {"a": 1}}, {"categories": 5}],
    ids=str,
)
def test_an_item_that_cannot_be_read_is_named_and_everybody_has_a_list(forged):
    squeamish = replace(BEN, opted_out=frozenset({"Gore"}))
    desk = Desk(people=FakePeople(ANNA, squeamish))
    broken = desk.wait("broken.jpg", "Violence", hours_ago=9, **forged)
    desk.wait("good.jpg", "Violence", hours_ago=3)

    found = list_ahead(desk.review, NOW)

    assert (found.places, found.unreadable) == (2, (broken,))
    assert [len(desk.queue.lists[person.id]) for person in (ANNA, squeamish)] == [1, 1]
    assert taken(desk, squeamish) == "good.jpg"
