"""A review by the API: take an item, decide, take back, finish; and what is refused."""

import base64
import io
from datetime import timedelta
from typing import Any

import PIL.Image
import pytest

from moderation.domain.lanes import Lane, order_of
from moderation.domain.people import Person
from moderation.ports import StoredImage
from tests.unit.api.place import Place, person

ANN = person("reviewer")


@pytest.fixture
def place() -> Place:
    return Place()


def taken(place: Place, who: Person = ANN) -> dict[str, Any]:
    status, said = place.ask(who, "POST", "/next")
    assert status == 200
    item: dict[str, Any] = said["item"]
    return item


def decide(place: Place, item: dict[str, Any], verdict: str = "safe", **more: Any) -> tuple[int, Any]:
    body = {"screen": item["screen"], "verdict": verdict, "seen": False, **more}
    return place.ask(ANN, "POST", f"/items/{item['item']}/decide", body)


def verdict_of(place: Place) -> tuple[str | None, str | None]:
    record = place.verdicts.get(place.image)
    return record.verdict, record.decided_by


def test_the_next_item_is_leased_to_who_takes_it(place) -> None:
    item = taken(place)

    assert item["key"] == place.image.key
    assert item["held_by_you"]
    assert place.ask(person("reviewer"), "POST", "/next")[1] == {"item": None, "after": None}


def test_a_decision_is_pending_until_it_is_finished(place) -> None:
    item = taken(place)
    status, made = decide(place, item, "unsafe", categories=["Violence"], note="Blood.")

    assert (status, 9 < made["ends_in"] <= 10) == (200, True)
    assert verdict_of(place) == ("review", "judge")
    finish = ("POST", f"/items/{item['item']}/finish", {"pending": made["pending"]})
    assert place.ask(ANN, *finish)[0] == 409

    place.later = timedelta(seconds=11)
    assert [place.ask(ANN, *finish) for _ in range(2)] == [(200, {})] * 2, "an answer may be lost, so it is asked again"
    assert verdict_of(place) == ("unsafe", "person")
    assert place.verdicts.get(place.image).reason == "Blood."


def test_a_press_that_is_sent_again_once_its_decision_is_in_force_has_no_time_left(place) -> None:
    item = taken(place)
    _, made = decide(place, item, press="one press of a key")
    finish = ("POST", f"/items/{item['item']}/finish", {"pending": made["pending"]})
    assert place.ask(ANN, *finish)[0] == 409
    place.later = timedelta(seconds=11)
    assert place.ask(ANN, *finish)[0] == 200

    assert decide(place, item, press="one press of a key") == (200, {"pending": made["pending"], "ends_in": 0})


@pytest.mark.parametrize(
    ("press", "status"), [("x" * 64, 200), ("x" * 65, 400), ("\ud800", 400), (7, 400), ("", 200), ("\0'\"🦊", 200)]
)
def test_a_press_has_any_short_name(place, press: object, status: int) -> None:
    assert decide(place, taken(place), press=press)[0] == status


def test_a_decision_that_is_taken_back_leaves_nothing(place) -> None:
    item = taken(place)
    _, made = decide(place, item)
    status, undone = place.ask(ANN, "POST", f"/items/{item['item']}/undo", {"pending": made["pending"]})

    assert (status, undone["reversal"], undone["item"]["held_by_you"]) == (200, False, True)
    place.later = timedelta(seconds=11)
    assert place.ask(ANN, "POST", f"/items/{item['item']}/finish", {"pending": made["pending"]})[0] == 409
    assert verdict_of(place) == ("review", "judge")
    assert place.publisher.published == []


def test_a_decision_names_the_screen_that_it_is_about(place) -> None:
    item = taken(place)

    status, said = decide(place, item | {"screen": "another"})

    assert status == 409
    assert "has changed since it came on your screen" in said["message"]


def test_a_decision_without_a_lease_is_refused(place) -> None:
    item = taken(place)
    assert place.ask(ANN, "POST", f"/items/{item['item']}/free")[0] == 200

    assert decide(place, item)[0] == 409


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"verdict": "unsafe"}, 409),
        ({"verdict": "unsafe", "categories": ["Nonsense"]}, 409),
        ({"verdict": "safe", "categories": ["Violence"]}, 409),
        ({"verdict": "maybe"}, 400),
        ({"note": "a" * 1001}, 400),
        ({"categories": ["Violence"] * 21}, 400),
        ({"seen": "yes"}, 400),
    ],
)
def test_a_decision_that_makes_no_sense_gets_a_sentence(place, more, status) -> None:
    item = taken(place)

    refused, said = decide(place, item, **({"verdict": "safe"} | more))

    assert refused == status
    assert said["message"].endswith(".")
    assert verdict_of(place) == ("review", "judge")


def test_somebody_else_sees_that_it_is_held_and_cannot_decide(place) -> None:
    item = taken(place)
    ben = Person(id="sub-2", pseudonym="owl", roles=frozenset({"reviewer"}))
    place.people.people = {"sub-1": ben}  # the same token is another person's

    status, seen = place.ask(ben, "GET", f"/items/{item['item']}")

    assert (status, seen["held_by_you"]) == (200, False)
    assert place.ask(ben, "POST", f"/items/{item['item']}/claim")[0] == 409
    assert decide_as(place, ben, item)[0] == 409


def decide_as(place: Place, who: Person, item: dict[str, Any]) -> tuple[int, Any]:
    body = {"screen": item["screen"], "verdict": "safe", "seen": False}
    return place.ask(who, "POST", f"/items/{item['item']}/decide", body)


def test_an_item_is_skipped_or_parked(place) -> None:
    item = taken(place)
    assert place.ask(ANN, "POST", f"/items/{item['item']}/skip") == (200, {})
    assert place.ask(ANN, "POST", "/next")[1] == {"item": None, "after": None}

    lead = person("lead")
    assert place.ask(lead, "POST", f"/items/{item['item']}/claim")[0] == 200
    for until in ("2020-01-01T00:00:00Z", "2120-01-01T00:00:00Z"):
        status, said = place.ask(lead, "POST", f"/items/{item['item']}/park", {"until": until})
        assert (status, said["message"][-1]) == (400, ".")


def test_nothing_is_done_that_the_audit_could_not_note(place) -> None:
    item = taken(place)
    place.audit.failing = True

    status, said = decide(place, item)

    assert (status, said["message"]) == (503, "The store is busy, so this may not have been done: try again.")
    assert place.verdicts.get(place.image).pending_id is None


def test_a_picture_is_shown_to_who_holds_the_item_and_noted_down_first(place) -> None:
    name = place.name_of(place.image)
    assert place.ask(ANN, "POST", f"/items/{name}/reveal")[0] == 409

    item = taken(place)
    status, said = place.ask(ANN, "POST", f"/items/{item['item']}/reveal")

    assert (status, [view["view"] for view in said["pictures"]]) == (200, ["tile-5", "full"])
    assert [event.action for event in place.audit.events] == ["reveal"]
    assert item["preview"].startswith("data:image/png;base64,")

    place.audit.failing = True
    assert place.ask(ANN, "POST", f"/items/{item['item']}/reveal")[0] == 503


def test_the_whole_upload_is_shown_to_whom_it_may_be_and_who_holds_the_item(place) -> None:
    place.store(place.image)
    lead = person("lead")
    path = f"/items/{place.name_of(place.image)}/original"
    assert place.ask(lead, "POST", path)[0] == 409
    taken(place, lead)

    status, said = place.ask(lead, "POST", path)

    [picture] = said["pictures"]
    kind, _, text = picture["url"].partition(",")
    with PIL.Image.open(io.BytesIO(base64.b64decode(text))) as shown:
        assert (status, kind, shown.format, shown.size) == (200, "data:image/jpeg;base64", "JPEG", (1200, 800))
    assert [event.action for event in place.audit.events] == ["reveal original"]
    assert place.verdicts.get(place.image).revealed == ["upload"]
    assert place.ask(person("reviewer"), "POST", path) == (404, {"message": "There is nothing here, or not for you."})
    assert place.ask(person("reviewer", originals=True), "POST", path)[0] == 200
    place.audit.failing = True
    assert place.ask(lead, "POST", path)[0] == 503


def test_an_upload_that_is_no_picture_gets_a_sentence(place) -> None:
    item = taken(place, person("lead"))
    place.images.objects[place.image] = StoredImage(b"%PDF-1.7", "image/png")

    status, said = place.ask(person("lead"), "POST", f"/items/{item['item']}/original")

    assert (status, said["message"][:37]) == (409, "The upload can't be shown: The object")


def test_only_what_the_server_revealed_was_seen(place) -> None:
    item = taken(place)
    _, made = decide(place, item, seen=True)
    assert place.verdicts.get(place.image).pending["seen"] is False
    assert place.audit.events[-1].facts["revealed"] == ""
    assert place.ask(ANN, "POST", f"/items/{item['item']}/undo", {"pending": made["pending"]})[0] == 200

    assert place.ask(ANN, "POST", f"/items/{item['item']}/reveal")[0] == 200
    assert decide(place, item, seen=True)[0] == 200

    assert place.verdicts.get(place.image).pending["seen"] is True
    assert place.audit.events[-1].facts["revealed"] == "tile-5 full"


def test_a_search_goes_on_after_the_place_that_it_came_to(place) -> None:
    limited = person("reviewer", prefixes=("mine",))
    del place.verdicts.records[place.image]
    for number in range(450):
        made = place.put(f"others/{number}.jpg")
        place.verdicts.records[made]["queue_order"] = f"5#2026-11-20T10:{number // 60:02}:{number % 60:02}.000Z"
    place.verdicts.records[place.put("mine.jpg")]["queue_order"] = "5#2026-11-21T10:00:00.000Z"

    status, found = place.ask(limited, "POST", "/next")
    assert (status, found["item"]) == (200, None)
    status, again = place.ask(limited, "POST", "/next", {"after": found["after"]})

    assert (status, again["item"]["key"], again["after"]) == (200, "mine.jpg", None)
    for nonsense in (1, "x" * 65, None):
        assert place.ask(limited, "POST", "/next", {"after": nonsense})[0] == 400


def test_an_escalated_upload_of_the_same_bytes_is_told_to_nobody(place) -> None:
    place.put("unsafe.jpg", verdict="unsafe")
    place.verdicts.records[place.put("grave.jpg", verdict="unsafe")]["escalated_at"] = "2026-11-20T11:00:00.000Z"

    for who in (ANN, person("lead")):
        _, item = place.ask(who, "GET", f"/items/{place.name_of(place.image)}")
        assert len(item["same_bytes"]) == 1


def test_what_is_overdue_in_the_persons_scope_is_counted(place) -> None:
    lane = Lane("intake", 4, ("Violence",), "a#b/")
    place.verdicts.open_lane(lane)
    late = {"queue": lane.partition, "queue_order": order_of(4, "2026-11-20T10:00:00.000Z")}
    place.verdicts.records[place.image] |= late

    told = {"waiting": 0, "overdue": 10, "counted_all": True, "next_due_at": None}
    assert place.ask(ANN, "GET", "/queue") == (200, told)
    none = told | {"overdue": 0}
    assert place.ask(person("reviewer", prefixes=("z",)), "GET", "/queue") == (200, none)


def test_the_earliest_deadline_in_the_persons_scope_is_told(place) -> None:
    for severity, folder, due in ((4, "a#b/", "2999-02-01"), (6, "c/", "2999-03-01"), (5, "z/", "2999-01-01")):
        lane = Lane("intake", severity, ("Violence",), folder)
        place.verdicts.open_lane(lane)
        for number in range(10):
            image = place.put(f"{folder}{number}.jpg")
            order = order_of(severity, f"{due}T10:0{number}:00.000Z")
            place.verdicts.records[image] |= {"queue": lane.partition, "queue_order": order}

    limited = person("reviewer", prefixes=("a", "c"))
    assert place.ask(ANN, "GET", "/queue")[1]["next_due_at"] == "2999-01-01T10:00:00.000Z"
    assert place.ask(limited, "GET", "/queue")[1]["next_due_at"] == "2999-02-01T10:00:00.000Z"


def test_a_blind_item_has_the_shape_of_any_other_and_says_nothing_of_its_verdict(place) -> None:
    ordinary = taken(place)
    drawn_one = place.put(
        "b.jpg", verdict="unsafe", shadow={"next": {"verdict": "safe"}}, judgement={"flag": "unsafe", "reason": "Blood"}
    )
    place.verdicts.records[drawn_one] |= {
        "queue": "sample#1",
        "queue_order": "2026-11-20",
        "sample": {"probability": 0.1},
    }
    item = taken(place)

    assert item["key"] == "b.jpg" and item["held_by_you"]
    assert item.keys() == ordinary.keys()
    told = ("verdict", "categories", "reason", "judge", "shadow", "history", "same_bytes", "reports")
    silent = "The judge gave no answer. A person must decide."
    assert [item[name] for name in told] == ["review", ["Violence"], silent, None, {}, [], [], []]
    assert item["evidence"] == ordinary["evidence"]
    status, again = place.ask(ANN, "GET", f"/items/{item['item']}")
    assert (status, again["verdict"], again["uploaded_at"]) == (200, "review", item["uploaded_at"])


def test_an_item_is_escalated_under_a_pseudonym_by_whom_it_is_in_scope(place) -> None:
    name = place.name_of(place.image)
    assert place.ask(person("reviewer", prefixes=("z",)), "POST", f"/items/{name}/escalate")[0] == 404
    assert place.escalated == []

    assert place.ask(ANN, "POST", f"/items/{name}/escalate") == (200, {})
    assert place.escalated == [(place.image, "otter")]


def batch_of(place: Place, who: Person = ANN) -> dict[str, Any]:
    """The body that a batch sends on an item and those of its bytes."""
    _, found = place.ask(who, "GET", f"/items/{place.name_of(place.image)}/identical")
    listed = found["items"]
    return {"items": [one["item"] for one in listed], "screens": [one["screen"] for one in listed], "verdict": "safe"}


def undoing(made: dict[str, Any]) -> dict[str, Any]:
    """The body that takes a batch back."""
    return {"items": [one["item"] for one in made["items"]], "pending": [one["pending"] for one in made["items"]]}


@pytest.fixture
def alike(place) -> dict[str, Any]:
    """A batch of three."""
    for key in ("second.jpg", "third.jpg"):
        place.put(key, preprocessing_version="1")
    place.verdicts.records[place.image]["preprocessing_version"] = "1"
    return batch_of(place)


def test_identical_items_are_tried_confirmed_by_number_and_taken_back_as_one(place, alike) -> None:
    before = {image: dict(record) for image, record in place.verdicts.records.items()}
    _, tried = place.ask(ANN, "POST", "/batches/try", alike)
    assert (len(tried["items"]), tried["left_alone"]) == (3, [])
    status, said = place.ask(ANN, "POST", "/batches", {**alike, "confirmed": 2})
    assert (status, said["message"]) == (409, "You confirmed 2 items, and 3 can be decided: look again.")
    assert place.verdicts.records == before

    _, made = place.ask(ANN, "POST", "/batches", {**alike, "confirmed": 3})
    assert all(place.verdicts.get(image).pending_id for image in before)
    _, undone = place.ask(ANN, "POST", "/batches/undo", undoing(made))

    assert len(undone["items"]) == 3
    assert {place.verdicts.get(image).pending_id for image in before} == {None}


def test_a_batch_comes_into_force_like_any_other_decision(place, alike) -> None:
    _, made = place.ask(ANN, "POST", "/batches", {**alike, "confirmed": 3})
    place.later = timedelta(seconds=11)
    for one in made["items"]:
        assert place.ask(ANN, "POST", f"/items/{one['item']}/finish", {"pending": one["pending"]}) == (200, {})

    assert {place.verdicts.get(image).verdict for image in place.verdicts.records} == {"safe"}


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"confirmed": "3"}, "confirmed must be a whole number from 1 to 20."),
        ({"confirmed": True}, "confirmed must be a whole number from 1 to 20."),
        ({"confirmed": 3, "screens": []}, "There are 3 items and 0 screens: send one of screens for each item."),
    ],
)
def test_a_batch_that_makes_no_sense_gets_a_sentence(place, alike, more, sentence) -> None:
    assert place.ask(ANN, "POST", "/batches", {**alike, **more}) == (400, {"message": sentence})


def test_an_item_that_is_seen_blind_has_no_identical_ones_but_itself(place) -> None:
    place.put("second.jpg")
    place.verdicts.records[place.image]["queue"] = "second#0"

    assert batch_of(place)["items"] == [place.name_of(place.image)]


def test_an_item_says_how_many_identical_ones_wait(place) -> None:
    place.put("second.jpg")
    place.put("unsafe.jpg", verdict="unsafe")

    assert taken(place)["identical"] == 1
    assert (
        place.ask(person("reviewer", prefixes=("a",)), "GET", f"/items/{place.name_of(place.image)}")[1]["identical"]
        == 0
    )
