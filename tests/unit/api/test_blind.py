"""An item that a person sees blind, beside an ordinary one: nothing that they may ask for tells which is which."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from moderation.domain.blind import Opinion, told
from moderation.domain.image_ref import ImageRef
from moderation.domain.lanes import Standing, filed, lane_of
from moderation.domain.people import Person
from moderation.domain.policy import Category, pack_data
from moderation.domain.record import utc
from moderation.domain.work_files import Workspace, pack_file
from tests.unit.api.place import Place, person
from tests.unit.packs import PACK

NOW = datetime.now(UTC).replace(microsecond=0)
# Violence is graver and more urgent than Tobacco.
CATEGORIES = (Category("Violence", "Weapons.", severity=8, review_within="2h"), Category("Tobacco", "Smoking."))
POLICY = replace(PACK, categories=CATEGORIES)
ANN, LEA = person("reviewer"), person("lead")
PURPOSES = ("second", "golden", "sample")
LONG_AGO = NOW - timedelta(days=20)
TEXT, MOMENT = r"[\s\S]+", r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z"


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Place:
    """A place without items, where each item is somebody's turn to see one blind."""
    monkeypatch.setattr("moderation.api.review_actions._BLIND_ONE_IN", 1)
    place = Place()
    place.rewrite(categories=CATEGORIES)
    place.work.put_if_absent(pack_file(POLICY.digest), pack_data(POLICY))
    place.verdicts.records.clear()
    return place


def ordinary(place: Place, key: str = "ordinary.jpg", age: timedelta = timedelta(minutes=50), **more: Any) -> ImageRef:
    """An item that waits in its lane; something speaks for Violence in it."""
    image, created_at = place.put(key), utc(NOW - age)
    record = place.verdicts.records[image]
    record |= filed(["Violence"], POLICY, created_at) | {"created_at": created_at, "sha256": key.ljust(64, "0")}
    record |= {"decided_at": utc(NOW - age + timedelta(seconds=5)), "policy": in_force()}
    lane = lane_of(image, record)
    place.verdicts.open_lane(lane)
    order = f"{9 - record['severity']}#{record['due_at']}"
    record |= {"queue": lane.partition, "queue_order": order, **more}
    return image


def blind(place: Place, purpose: str, key: str = "blind.jpg", **more: Any) -> ImageRef:
    """An item of three weeks ago, which the machine found unsafe or handed to a person, as the purpose needs."""
    image = place.put(key)
    record, decided_at = place.verdicts.records[image], utc(LONG_AGO + timedelta(seconds=7))
    record |= {"created_at": utc(LONG_AGO), "decided_at": decided_at, "sha256": key.ljust(64, "0")}
    record |= {"queue": f"{purpose}#1", "queue_order": utc(LONG_AGO), "policy": in_force()}
    record |= {"judgement": {"flag": "unsafe", "category": "Violence", "reason": "Blood"}, "supports": ["Violence"]}
    by_machine = {"verdict": "review", "category": "Violence", "reason": "?", "decided_by": "evidence"}
    if purpose == "sample":
        record |= {"verdict": "unsafe", "row": "unsafe", "sample": {"probability": 0.1}}
    else:
        made = {"who": "sub-9", "verdict": "unsafe", "decided_by": "person", "golden": purpose == "golden"}
        record |= {"verdict": "unsafe", "decided_by": "person", "reason": "Clear"}
        record |= {"history": [by_machine | {"at": decided_at}, made | {"at": utc(NOW - timedelta(days=19))}]}
    record |= more
    return image


def in_force() -> dict[str, str]:
    return {"name": POLICY.name, "digest": POLICY.digest}


def taken(place: Place, who: Person = ANN) -> Any:
    status, said = place.ask(who, "POST", "/next")
    assert status == 200
    return said["item"]


def matches(pattern: str) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and re.fullmatch(pattern, value) is not None


def is_empty(value: Any) -> bool:
    return value in ([], {}, 0)


# What each field of an item that was just taken looks like, of whatever kind the item is.
ALIKE: Mapping[str, Callable[[Any], bool]] = {
    "item": matches(r"[\w-]{40,200}"),
    "key": matches(r"\w+\.jpg"),
    "version": lambda value: value == "v1",
    "uploaded_at": matches(MOMENT),
    "decided_at": matches(MOMENT),
    "due_at": matches(MOMENT),
    "verdict": lambda value: value == "review",
    "categories": lambda value: value == ["Violence"],
    "reason": matches(TEXT),
    "decided_by": lambda value: value in ("judge", "evidence", "failure"),
    "row": lambda value: value in ("disagreement", "no_judgement"),
    "failure": lambda value: value is None,
    "judge": lambda value: value is None or set(value) == {"flag", "category", "reason"},
    "evidence": lambda value: [one["view"] for one in value] == ["tile-5", "full"],
    "captions": lambda value: len(value) == 1,
    "text": is_empty,
    "views": lambda value: value == ["full", "tile-5"],
    "unseen": is_empty,
    "shrunk": is_empty,
    "shadow": is_empty,
    "policy": lambda value: (value["digest"], "now" in str(value)) == (POLICY.digest, False),
    "reports": is_empty,
    "history": is_empty,
    "screen": matches("[0-9a-f]{16}"),
    "preview": matches("data:image/png;base64,.+"),
    "held": lambda value: value is True,
    "held_by_you": lambda value: value is True,
    "same_bytes": is_empty,
    "same_bytes_unread": is_empty,
    "identical": is_empty,
}


@pytest.fixture(params=["ordinary", *PURPOSES])
def item(request: pytest.FixtureRequest, place: Place) -> Any:
    """An item that a person took, while an ordinary one waits behind it."""
    ordinary(place, "behind.jpg", timedelta(minutes=40))
    if request.param == "ordinary":
        ordinary(place)
    else:
        blind(place, request.param)
    return taken(place)


def test_each_field_looks_as_that_of_an_ordinary_item(item: Any) -> None:
    assert item["key"] in ("ordinary.jpg", "blind.jpg")
    assert item.keys() == ALIKE.keys()
    assert [name for name, is_alike in ALIKE.items() if not is_alike(item[name])] == []
    assert 1300 < len(json.dumps(item)) < 1500


def test_the_times_are_those_of_an_upload_that_waits_in_the_queues_order(item: Any) -> None:
    uploaded, decided, due = (datetime.fromisoformat(item[f"{name}_at"]) for name in ("uploaded", "decided", "due"))

    assert due - uploaded == timedelta(hours=2), "as the pack allows"
    assert timedelta(seconds=1) < decided - uploaded < timedelta(seconds=10)
    assert decided < datetime.now(UTC)
    behind = NOW - timedelta(minutes=40) + timedelta(hours=2)
    assert NOW < due < behind
    assert behind - due < timedelta(minutes=11)


@pytest.mark.parametrize("age", [timedelta(hours=1), timedelta(hours=3), timedelta(days=3)])
@pytest.mark.parametrize("purpose", PURPOSES)
def test_a_blind_item_is_as_old_and_as_late_as_what_waits(place: Place, purpose: str, age: timedelta) -> None:
    ordinary(place, age=age)
    blind(place, purpose)

    item = taken(place)

    assert item["key"] == "blind.jpg"
    uploaded = datetime.fromisoformat(item["uploaded_at"])
    assert timedelta() < NOW - age - uploaded < timedelta(minutes=1, seconds=1)
    assert (datetime.fromisoformat(item["due_at"]) < NOW) == (age > timedelta(hours=2))


@pytest.mark.parametrize("purpose", PURPOSES)
def test_a_blind_item_comes_as_a_new_one_when_nothing_waits(place: Place, purpose: str) -> None:
    blind(place, purpose)

    uploaded = datetime.fromisoformat(taken(place)["uploaded_at"])

    assert timedelta(seconds=20) < datetime.now(UTC) - uploaded < timedelta(minutes=11)


def test_a_blind_item_is_not_out_of_order_before_a_graver_one(place: Place) -> None:
    smoking = {"view": "full", "question": "Smoker?", "categories": ["Tobacco"], "near": True, "over": True}
    evidence = [smoking | {"score": 0.95, "threshold": 0.9}]
    grave = ordinary(place)
    blind(place, "golden", supports=["Tobacco"], category="Tobacco", evidence=evidence, judgement=None)
    place.verdicts.records[ImageRef("intake", "blind.jpg", "v1")]["history"][0]["category"] = "Tobacco"

    assert taken(place)["key"] == grave.key
    assert taken(place)["key"] == "blind.jpg", "once nothing graver waits"


@pytest.mark.parametrize("purpose", PURPOSES)
def test_an_item_whose_views_have_expired_comes_to_nobody(place: Place, purpose: str) -> None:
    image = blind(place, purpose)
    place.work.files.pop(Workspace.of(image, "run").manifest)

    assert taken(place) is None


@pytest.mark.parametrize("purpose", PURPOSES)
def test_a_blind_item_is_shown_under_the_policy_in_force(place: Place, purpose: str) -> None:
    place.work.put_if_absent(pack_file(PACK.digest), pack_data(PACK))
    blind(place, purpose, policy={"name": PACK.name, "digest": PACK.digest})
    item = taken(place)

    assert item["policy"]["digest"] == POLICY.digest
    assert not any("now" in category for category in item["policy"]["categories"])


ASKED: tuple[tuple[str, str], ...] = (("GET", ""), ("GET", "/identical"), ("POST", "/renew"), ("POST", "/reveal"))


def answers(place: Place, who: Person = ANN) -> Iterator[tuple[int, Any]]:
    """Answers of the routes about an item to whoever holds it, without the times and names of this one."""
    item = taken(place, who)
    path = f"/items/{item['item']}"
    batch = {"items": [item["item"]], "screens": [item["screen"]], "verdict": "unsafe", "categories": ["Violence"]}
    safe = {name: value for name, value in batch.items() if name != "categories"} | {"verdict": "safe"}
    decision = {"screen": item["screen"], "verdict": "safe", "seen": False}
    asked = [
        *((method, f"{path}{end}", None) for method, end in ASKED),
        ("POST", "/batches/try", batch),
        ("POST", "/batches/try", safe),
        ("POST", "/batches/try", batch | {"screens": ["0" * 16]}),
        ("POST", f"{path}/decide", decision | {"screen": "0" * 16}),
        ("POST", f"{path}/decide", decision | {"verdict": "unsafe", "categories": ["None"]}),
        ("POST", f"{path}/park", {"until": "2020-01-01T00:00:00Z"}),
        ("POST", f"{path}/undo", {"pending": "0" * 32}),
        ("POST", f"{path}/finish", {"pending": "0" * 32}),
        ("POST", f"{path}/free", None),
        ("POST", f"{path}/claim", None),
        ("POST", f"{path}/decide", decision),
        ("POST", f"{path}/claim", None),
    ]
    for method, route, body in asked:
        status, said = place.ask(who, method, route, body)
        text = json.dumps(said).replace(item["item"], "ITEM").replace(item["key"], "KEY")
        yield status, shape_of(json.loads(text))


def shape_of(said: Any) -> Any:
    """The answer without what differs between any two items; what is said in sentences stays."""
    if isinstance(said, dict):
        free = ("screen", "reason", "decided_by", "row", "judge", "url")
        return {name: "…" if name in free else shape_of(value) for name, value in said.items()}
    if isinstance(said, list):
        return [shape_of(one) for one in said]
    return re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z|[0-9a-f]{16,}", "…", said) if isinstance(said, str) else type(said)


@pytest.mark.parametrize("purpose", PURPOSES)
def test_each_route_answers_alike_for_a_blind_and_an_ordinary_item(place: Place, purpose: str) -> None:
    ordinary(place, preprocessing_version="1")
    expected = list(answers(place))
    place.verdicts.records.clear()
    blind(place, purpose, preprocessing_version="1")

    assert list(answers(place)) == expected


@pytest.mark.parametrize("who", [ANN, LEA], ids=["reviewer", "lead"])
@pytest.mark.parametrize("purpose", PURPOSES)
def test_an_item_that_was_let_go_is_as_blind_and_as_old_as_before(place: Place, purpose: str, who: Person) -> None:
    blind(place, purpose)
    item = taken(place, who)
    path = f"/items/{item['item']}"
    assert place.ask(who, "POST", f"{path}/free")[0] == 200

    _, seen = place.ask(who, "GET", path)
    _, again = place.ask(who, "POST", f"{path}/claim")

    held = {"held": False, "held_by_you": False}
    assert seen == {**item, **held}
    assert again["item"] == item


@pytest.mark.parametrize("purpose", PURPOSES)
def test_a_lead_who_names_an_item_that_may_come_to_them_sees_it_blind(place: Place, purpose: str) -> None:
    path = f"/items/{place.name_of(blind(place, purpose))}"

    _, seen = place.ask(LEA, "GET", path)

    assert [name for name, is_alike in ALIKE.items() if not is_alike(seen[name]) and "held" not in name] == []
    assert datetime.fromisoformat(seen["uploaded_at"]) > NOW - timedelta(hours=2)


def test_a_lead_sees_a_golden_item_as_it_is_once_they_answered(place: Place) -> None:
    answer = Opinion("golden", "unsafe", ("Violence",), LEA.id, utc(NOW), "unsafe", ("Violence",))
    image = blind(place, "golden", opinions=[asdict(answer) | {"categories": ["Violence"], "first_categories": []}])

    _, seen = place.ask(LEA, "GET", f"/items/{place.name_of(image)}")

    assert (seen["verdict"], len(seen["history"])) == ("unsafe", 2)


@pytest.mark.parametrize(("waiting", "overdue"), [(0, 0), (1, 1), (9, 3), (10, 10), (37, 11), (250, 250)])
def test_no_single_item_changes_what_is_told_of_the_queue(waiting: int, overdue: int) -> None:
    said = told(Standing(waiting, overdue, "2026-11-27T12:34:56.789Z"))

    assert said.waiting <= waiting < said.waiting + 10
    assert said.overdue - 10 < overdue <= said.overdue
    assert said.next_due_at == (None if waiting < 10 else "2026-11-27T12:30:00.000Z")
    assert (said.overdue == 0) == (overdue == 0)


def test_a_batch_decides_on_a_blind_item_as_on_others_and_changes_nothing(place: Place) -> None:
    image = blind(place, "second", preprocessing_version="1")
    item = taken(place)
    batch = {"items": [item["item"]], "screens": [item["screen"]], "verdict": "safe", "confirmed": 1}

    status, made = place.ask(ANN, "POST", "/batches", batch)

    assert (status, made["left_alone"]) == (200, [])
    place.later = timedelta(seconds=11)
    end = {"pending": made["items"][0]["pending"]}
    assert place.ask(ANN, "POST", f"/items/{item['item']}/finish", end) == (200, {})
    record = place.verdicts.get(image)
    assert (record.verdict, [one["verdict"] for one in record.opinions]) == ("unsafe", ["safe"])
