"""The apps' routes: each for each role, what an app is told, and what reaches a reviewer."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from moderation.api.app_table import APP_ROUTES
from moderation.domain.people import RIGHTS, ROLES
from moderation.domain.record import overruled
from moderation.usecases.state_reasons import state_reasons
from tests.unit.api.place import HOSTILE, Place, person
from tests.unit.packs import PACK

NOWHERE = {"message": "There is nothing here, or not for you."}
APP = person("app")


@pytest.fixture
def place() -> Place:
    place = Place()
    place.image = place.put("posts/a.jpg", verdict="unsafe", reference="post-1")
    return place


def sent(place: Place, path: str, who=APP, **more: Any) -> tuple[int, Any]:
    body = {"key": place.image.key, "version": "v1", "notifier": "u1", "text": "It is a toy.", **more}
    return place.ask_as_app(who, "POST", path, body)


@pytest.mark.parametrize("role", sorted(ROLES))
@pytest.mark.parametrize("route", APP_ROUTES, ids=lambda route: route.name)
def test_each_route_is_there_for_apps_and_for_nobody_else(place, route, role) -> None:
    answer = place.ask_as_app(person(role), route.method, route.path)

    assert (answer == (404, NOWHERE)) is (role not in RIGHTS[route.right])
    assert answer[0] < 500


@pytest.mark.parametrize("route", APP_ROUTES, ids=lambda route: route.name)
def test_who_is_unknown_gets_nothing(place, route) -> None:
    assert place.ask_as_app(None, route.method, route.path)[0] == 401


@pytest.mark.parametrize(
    "more",
    [
        {"key": "\ud800"},
        {"text": ""},
        {"text": "x" * 2001},
        {"notifier": 3},
        {"kind": "trusted_flagger"},
        {"version": None},
    ],
)
def test_a_body_that_makes_no_sense_gets_a_sentence(place, more) -> None:
    status, said = sent(place, "/notices", **more)

    assert (status, said["message"][-1]) == (400, ".")


def test_a_verdict_is_found_by_version_and_by_reference_within_an_apps_prefixes(place) -> None:
    query = {"key": place.image.key, "version": "v1"}

    status, said = place.ask_as_app(APP, "GET", "/verdict", **query)
    assert (status, said["verdict"], said["reference"], said["reports"]) == (200, "unsafe", "post-1", [])
    assert "evidence" not in said
    assert place.ask_as_app(APP, "GET", "/verdicts", reference="post-1") == (200, {"verdicts": [said]})
    narrow = person("app", prefixes=("other/",))
    assert place.ask_as_app(narrow, "GET", "/verdict", **query) == (404, NOWHERE)
    assert place.ask_as_app(narrow, "GET", "/verdicts", reference="post-1") == (200, {"verdicts": []})
    assert place.ask_as_app(APP, "GET", "/verdict", **query | {"version": "v2"}) == (404, NOWHERE)


@pytest.mark.parametrize("key", [" a.jpg", "a.jpg ", "  "])
def test_keys_and_references_are_taken_to_the_letter(place, key) -> None:
    place.put(key, reference=key)

    assert place.ask_as_app(APP, "GET", "/verdict", key=key, version="v1")[1]["key"] == key
    assert [one["key"] for one in place.ask_as_app(APP, "GET", "/verdicts", reference=key)[1]["verdicts"]] == [key]
    assert (
        place.ask_as_app(APP, "POST", "/appeals", {"key": key, "version": "v1", "notifier": "u", "text": "x"})[0] != 404
    )


def test_an_appeal_is_read_answered_and_heard_of(place) -> None:
    status, appeal = sent(place, "/appeals", text=HOSTILE)
    assert (status, appeal["kind"], appeal["outcome"]) == (200, "appeal", "")

    ann = person("reviewer")
    item = place.ask(ann, "POST", "/next")[1]["item"]
    assert [(one["kind"], one["text"]) for one in item["reports"]] == [("appeal", HOSTILE)]
    body = {"screen": item["screen"], "verdict": "safe", "seen": True, "reply": "You are right."}
    _, made = place.ask(ann, "POST", f"/items/{item['item']}/decide", body)
    place.later = timedelta(seconds=11)
    assert place.ask(ann, "POST", f"/items/{item['item']}/finish", {"pending": made["pending"]}) == (200, {})

    _, said = place.ask_as_app(APP, "GET", "/verdict", key=place.image.key, version="v1")
    (answer,) = said["reports"]
    assert (answer["id"], answer["outcome"], answer["reply"]) == (appeal["id"], "reversed", "You are right.")
    assert (said["verdict"], said["decided_by"]) == ("safe", "person")
    assert "sub-1" not in str(said) and "otter" not in str(said)


def test_the_reasons_of_a_verdict_are_stated_without_who_decided(place) -> None:
    asked = PACK.questions[0]
    found = {"view": "full", "question": asked.text, "categories": list(asked.categories), "over": True}
    place.work.put_json("evidence/a.json", {"evidence": [found], "answers": []})
    image = place.put("posts/b.jpg", verdict="unsafe", evidence=None, answers=None, evidence_in="evidence/a.json")
    change = overruled(place.verdicts.get(image), "unsafe", ("Violence",), "Ann thinks so", "sub-1", "2026-11-21")
    assert place.verdicts.compare_and_set(place.verdicts.get(image), change)

    status, said = place.ask_as_app(APP, "GET", "/statement", key=image.key, version=image.version)

    assert status == 200
    assert said == json.loads(json.dumps(state_reasons(place.work, place.policies, place.verdicts.get(image)).data()))
    assert (said["verdict"], said["automated"]["basis"]) == ("unsafe", "confirmed")
    assert said["ground"]["rules"][0]["category"] == "Violence" and said["texts"]["en"]["inside"]
    assert said["questions"] == [asked.text]
    assert not [word for word in ("sub-1", "Ann", "otter", HOSTILE) if word in json.dumps(said)]


def test_no_reasons_are_stated_of_what_an_app_does_not_see(place) -> None:
    query = {"key": place.image.key, "version": "v1"}
    narrow = person("app", prefixes=("other/",))
    assert place.ask_as_app(narrow, "GET", "/statement", **query) == (404, NOWHERE)
    assert place.ask_as_app(APP, "GET", "/statement", **query | {"version": "v2"}) == (404, NOWHERE)

    place.verdicts.records[place.image]["escalated_at"] = "2026-11-22T10:00:00.000Z"

    assert place.ask_as_app(APP, "GET", "/statement", **query) == (404, NOWHERE)


def test_the_page_lists_each_route_with_its_right() -> None:
    page = (Path(__file__).parents[3] / "docs/api.md").read_text("utf-8")

    for route in APP_ROUTES:
        assert f"| {route.method} | `{route.path}` | {route.right} | {route.summary} |" in page


def test_a_notice_on_what_is_restricted_gets_a_sentence(place) -> None:
    status, said = sent(place, "/notices")

    assert (status, said["message"][:30]) == (409, "This image is restricted alrea")
