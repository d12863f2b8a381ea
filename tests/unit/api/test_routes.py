"""Each route for each role; bodies that make no sense; and what an answer shows."""

import json
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import validate

from moderation.api import openapi
from moderation.api.log_actions import LogPorts
from moderation.api.serve import answered, log_resolver
from moderation.api.table import LOG_ROUTES, PEOPLES_ROUTES, ROUTES
from moderation.domain.audit import AuditEvent, Head, entry
from moderation.domain.image_ref import ImageRef
from moderation.domain.item_name import image_named, item_name
from moderation.domain.people import RIGHTS, ROLES
from moderation.domain.policy import Category
from moderation.domain.policy_history import PolicyChange
from moderation.domain.record import utc
from moderation.domain.work_files import pack_file
from moderation.errors import LogRefused, Misconfigured
from moderation.observability import logger
from moderation.usecases.check_audit import check_audit
from tests.unit.api.place import HOSTILE, Place, event, person
from tests.unit.packs import PACK

DOCUMENT = Path(__file__).parents[3] / "docs/openapi.json"
NOWHERE = {"message": "There is nothing here, or not for you."}


@pytest.fixture
def place() -> Place:
    return Place()


def path_of(route, place: Place) -> str:
    return route.path.replace("{item}", place.name_of(place.image)).replace("{pack}", "small")


def needs_body(route) -> bool:
    return any(not field.optional for field in route.body.values())


@pytest.mark.parametrize("role", sorted(ROLES))
@pytest.mark.parametrize("route", PEOPLES_ROUTES, ids=lambda route: route.name)
def test_each_route_is_there_for_the_roles_with_its_right_and_for_nobody_else(place, route, role) -> None:
    status, said = place.ask(person(role), route.method, path_of(route, place))

    allowed = not route.right or role in RIGHTS[route.right]
    assert (status, said) != (404, NOWHERE) if allowed else (status, said) == (404, NOWHERE)
    assert status < 500


@pytest.mark.parametrize("route", [route for route in ROUTES if needs_body(route)], ids=lambda route: route.name)
@pytest.mark.parametrize(
    "body", ["[]", "{", '"x"', "null", '{"unknown": 1}', "{}", "[" * 5000, '{"until": 1, "pending": []}']
)
def test_a_body_that_makes_no_sense_gets_a_sentence(place, route, body) -> None:
    status, said = place.ask(person("lead"), route.method, path_of(route, place), body)

    assert status == 400
    assert said["message"].endswith(".")


@pytest.mark.parametrize("body", ["//4=", "a"])
def test_a_body_that_is_no_text_is_refused(place, body) -> None:
    place.people.people["sub-1"] = person("lead")
    asked = event("POST", "/next", "", {}, "sub-1") | {"body": body, "isBase64Encoded": True}

    answer = answered(place.app, asked)

    assert (answer["statusCode"], json.loads(answer["body"])["message"]) == (400, "The body isn't JSON.")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("park", {"until": "9999-12-31T23:59:59-14:00"}),
        ("park", {"until": "0001-01-01T00:00:00+14:00"}),
        ("undo", {"pending": "\ud800"}),
        ("decide", {"screen": "1", "verdict": "safe", "seen": True, "note": "\ud800"}),
    ],
)
def test_times_and_texts_that_nothing_can_store_get_a_sentence(place, path, body) -> None:
    status, said = place.ask(person("lead"), "POST", f"/items/{place.name_of(place.image)}/{path}", body)

    assert (status, said["message"][-1]) == (400, ".")


@pytest.mark.parametrize("until", ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00"])
def test_metrics_of_no_time_get_a_sentence(place, until) -> None:
    assert place.ask(person("lead"), "GET", "/metrics", until=until)[0] == 400


@pytest.mark.parametrize("since", ["2025-11-27T00:00:00Z", "2026-11-28T00:00:00Z"])
def test_metrics_of_so_long_a_time_get_a_sentence(place, since) -> None:
    status, said = place.ask(person("lead"), "GET", "/metrics", since=since, until="2026-11-27T00:00:00Z")

    assert (status, "at most 92 days" in said["message"]) == (400, True)


def test_a_body_that_is_too_long_is_refused(place) -> None:
    assert place.ask(person("lead"), "POST", "/next", '"' + "a" * 65536 + '"')[0] == 413


@pytest.mark.parametrize("route", PEOPLES_ROUTES, ids=lambda route: route.name)
def test_nobody_unknown_and_nobody_without_a_role_gets_in(place, route) -> None:
    for who in (None, person()):
        status, said = place.ask(who, route.method, path_of(route, place), {})

        assert status == 401 and said["message"].startswith("You have no rights here")


def test_what_the_deployment_lacks_is_in_the_log_and_not_in_the_answer(place, monkeypatch) -> None:
    logged: list[Any] = []
    monkeypatch.setattr(logger, "error", lambda message, extra: logged.append(extra))

    def refuse(image: ImageRef) -> None:
        raise Misconfigured("Table Verdicts refused the call (AccessDenied).")

    monkeypatch.setattr(place.verdicts, "get", refuse)
    status, said = place.ask(person("reviewer"), "GET", f"/items/{place.name_of(place.image)}")

    assert status == 500 and "Verdicts" not in said["message"]
    assert logged == [{"route": "read_item", "reason": "Table Verdicts refused the call (AccessDenied)."}]


def test_every_right_in_the_table_is_one_that_people_have() -> None:
    assert {route.right for route in PEOPLES_ROUTES} - {""} <= set(RIGHTS)
    assert len({(route.method, route.path) for route in PEOPLES_ROUTES}) == len(PEOPLES_ROUTES)
    assert {route.name for route in ROUTES}.isdisjoint(route.name for route in LOG_ROUTES)


def test_the_document_is_that_of_the_table_and_valid() -> None:
    assert DOCUMENT.read_text("utf-8") == openapi.text(), "run `python -m moderation.api.openapi > docs/openapi.json`"
    validate(json.loads(openapi.text()))


def test_unknown_paths_forbidden_ones_and_items_out_of_scope_look_alike(place) -> None:
    name = place.name_of(place.image)
    elsewhere = person("reviewer", prefixes=("z/",))
    opted_out = person("reviewer", opted_out=frozenset({"Violence"}))
    forged = item_name(b"another secret", place.image)
    answers = [
        place.ask(person("reviewer"), "GET", "/nowhere"),
        place.ask(person("reviewer"), "DELETE", f"/items/{name}"),
        place.ask(person("auditor"), "GET", f"/items/{name}"),
        place.ask(elsewhere, "GET", f"/items/{name}"),
        place.ask(opted_out, "GET", f"/items/{name}"),
        place.ask(person("lead"), "GET", f"/items/{forged}"),
        place.ask(person("lead"), "GET", "/items/%3Cscript%3E"),
        place.ask(person("lead"), "GET", f"/items/{place.name_of(ImageRef('intake', 'gone', 'v1'))}"),
    ]

    assert answers == [(404, NOWHERE)] * len(answers)


def test_a_right_that_was_taken_away_is_gone_at_the_next_request(place) -> None:
    path = f"/items/{place.name_of(place.image)}"
    assert place.ask(person("reviewer"), "GET", path)[0] == 200

    assert place.ask(person("auditor"), "GET", path)[0] == 404


def test_the_name_of_an_item_is_read_back_by_its_own_deployment_alone() -> None:
    image = ImageRef("intake", "a/é#<b>", "null")
    name = item_name(b"secret", image)

    assert image_named(b"secret", "intake", name) == image
    assert image_named(b"secret", "other", name) is None
    assert image_named(b"other", "intake", name) is None
    for wrong in ("", "a", "é", name[:-3], name + "AAAA", "A" * 5000):
        assert image_named(b"secret", "intake", wrong) is None


def test_an_item_comes_with_its_evidence_worst_first_and_its_texts_untouched(place) -> None:
    _, item = place.ask(person("reviewer"), "GET", f"/items/{place.name_of(place.image)}")

    assert [(one["view"], one["over"], one["distance"]) for one in item["evidence"]] == [
        ("tile-5", True, 0.05),
        ("full", False, -0.7),
    ]
    assert item["reason"] == item["captions"][0]["text"] == item["evidence"][0]["question"] == HOSTILE
    assert item["row"] == "disagreement"
    assert item["policy"]["categories"][0] == {"name": "Violence", "text": "Violence: Weapons, fights."}


def test_an_item_comes_with_the_text_that_was_read_in_the_picture(place) -> None:
    place.verdicts.records[place.image]["reading"] = {
        "lines": [{"text": HOSTILE, "confidence": Decimal("0.98"), "box": [Decimal(1), 2, 30, 40], "view": "full"}],
        "codes": [{"text": "", "format": "QR code", "box": [5, 6, 7, 8], "view": "tile-5"}],
        "finds": [{"detector": "email", "text": "a@b.example", "confidence": 0.9, "box": [1, 2, 3, 4], "view": "full"}],
    }

    _, item = place.ask(person("reviewer"), "GET", f"/items/{place.name_of(place.image)}")

    assert item["text"] == [
        {"kind": "line", "text": HOSTILE, "view": "full", "box": [1, 2, 30, 40], "confidence": 0.98},
        {"kind": "QR code", "text": "", "view": "tile-5", "box": [5, 6, 7, 8], "confidence": None},
        {"kind": "email", "text": "a@b.example", "view": "full", "box": [1, 2, 3, 4], "confidence": 0.9},
    ]


def test_an_item_shows_the_policy_as_it_was_and_what_it_says_now(place) -> None:
    place.rewrite(categories=(Category("Violence", "Weapons alone."),), questions=())
    _, item = place.ask(person("reviewer"), "GET", f"/items/{place.name_of(place.image)}")

    assert [category.get("now") for category in item["policy"]["categories"]] == ["Violence: Weapons alone.", ""]


def test_an_item_whose_policy_is_of_a_later_release_comes_without_it(place) -> None:
    place.work.put_json(pack_file(PACK.digest), {"schema_version": 99})

    status, said = place.ask(person("reviewer"), "POST", "/next", {})

    assert (status, said["item"]["key"], said["item"]["policy"]) == (200, place.image.key, None)


def test_the_same_bytes_elsewhere_are_listed_if_they_are_in_scope(place) -> None:
    other = place.put("other.jpg", verdict="unsafe")
    path = f"/items/{place.name_of(place.image)}"

    _, seen = place.ask(person("reviewer"), "GET", path)
    _, limited = place.ask(person("reviewer", prefixes=("a",)), "GET", path)

    assert [copy["item"] for copy in seen["same_bytes"]] == [place.name_of(other)]
    assert limited["same_bytes"] == []


def test_the_same_bytes_elsewhere_come_with_what_people_decided_and_not_with_who(place) -> None:
    place.put("waiting.jpg")
    asked = {"verdict": "review", "decided_by": "person", "decider": "sub-9"}
    place.put("asked.jpg", **asked)
    place.put("unsafe.jpg", verdict="unsafe", category="Tobacco", decided_by="person", decider="sub-9")
    _, item = place.ask(person("reviewer"), "GET", f"/items/{place.name_of(place.image)}")

    said = {(copy["verdict"], tuple(copy["categories"]), copy["decided_by"]) for copy in item["same_bytes"]}
    assert said == {("unsafe", ("Tobacco",), "person"), ("review", ("Violence",), "person")}
    assert "sub-9" not in json.dumps(item)


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"since": "yesterday"}, "since must be a time with its offset, such as 2026-11-27T10:00:00Z."),
        ({"since": "2026-11-27T10:00:00"}, "since must be a time with its offset, such as 2026-11-27T10:00:00Z."),
        ({"limit": "1"}, '"limit" isn\'t known here: send since, until.'),
    ],
)
def test_a_query_that_makes_no_sense_gets_a_sentence(place, query, sentence) -> None:
    assert place.ask(person("lead"), "GET", "/metrics", **query) == (400, {"message": sentence})


def test_metrics_are_of_whole_days_so_that_no_upload_is_singled_out(place) -> None:
    window = {"since": "2026-11-20T09:59:00Z", "until": "2026-11-20T10:01:00Z"}
    _, metrics = place.ask(person("lead"), "GET", "/metrics", **window)

    assert (metrics["since"], metrics["until"]) == ("2026-11-20T00:00:00.000Z", "2026-11-21T00:00:00.000Z")


def test_metrics_and_policies_are_read(place) -> None:
    since = utc(datetime.now(UTC) - timedelta(days=10))
    _, metrics = place.ask(person("auditor"), "GET", "/metrics", since=since)
    _, policies = place.ask(person("policy-author"), "GET", "/policies")
    _, pack = place.ask(person("reviewer"), "GET", "/policies/small")

    assert metrics["reviewed"] == {"decided": 0, "overturned": 0}
    assert policies["routes"] == {"": {"enforce": "small"}}
    assert policies["packs"][0]["name"] == "small"
    assert [category["name"] for category in pack["categories"]] == ["Violence", "Tobacco"]
    assert place.ask(person("reviewer"), "GET", "/policies/other") == (404, NOWHERE)


def test_a_person_reads_what_they_may_do(place) -> None:
    _, me = place.ask(person("auditor"), "GET", "/me")

    assert me["pseudonym"] == "otter"
    assert me["rights"] == ["audit", "metrics", "own-metrics", "read-policies", "read-policy-log"]
    assert "sub-1" not in json.dumps(me)


def test_the_page_lists_each_route_with_its_right() -> None:
    page = DOCUMENT.with_name("api.md").read_text("utf-8")

    for route in PEOPLES_ROUTES:
        assert f"| {route.method} | `{route.path}` | {route.right or 'any'} | {route.summary} |" in page


def noted(place: Place, *images: str) -> None:
    """Write entries about images into the audit log, one each second, and check it."""
    head = Head()
    for number, image in enumerate(images):
        event = AuditEvent(action="reveal", who=f"p-{number}", at=f"2026-11-26T10:00:0{number}.000Z", image=image)
        file, head = entry(event, "2026-11-26/w1", head)
        place.audit_files.files[file.key] = file.body
    check_audit(place.audit_files, datetime(2026, 11, 27, 1, tzinfo=UTC))


def test_the_audit_log_is_read_newest_first_with_what_its_check_found(place) -> None:
    noted(place, "a" * 32, "b" * 32)

    status, said = place.ask(person("auditor"), "GET", "/audit")

    assert status == 200
    assert [one["event"]["image"] for one in said["entries"]] == ["b" * 32, "a" * 32]
    assert (said["read"], said["older"], said["checked"]["broken_since"]) == (2, "", "")


def test_the_audit_log_is_searched_by_image_and_pseudonym(place) -> None:
    noted(place, "a" * 32, "b" * 32, "a" * 32)
    asked = person("auditor")

    assert len(place.ask(asked, "GET", "/audit", image="a" * 32)[1]["entries"]) == 2
    assert len(place.ask(asked, "GET", "/audit", image="a" * 32, person="p-2")[1]["entries"]) == 1
    assert place.ask(asked, "GET", "/audit", person="p-9")[1]["entries"] == []


@pytest.mark.parametrize("roles", [("lead",), ("lead", "auditor"), ("reviewer", "auditor")])
def test_who_reviews_learns_from_the_audit_log_on_no_image_what_others_did(place, roles) -> None:
    noted(place, "a" * 32, "b" * 32)
    asked = person(*roles)

    status, said = place.ask(asked, "GET", "/audit")

    assert (status, [one["event"]["who"] for one in said["entries"]]) == (200, ["p-1", "p-0"])
    assert all(one["withheld"] for one in said["entries"])
    assert all((one["event"]["image"], one["event"]["facts"]) == (None, {}) for one in said["entries"])
    assert place.ask(asked, "GET", "/audit", image="a" * 32)[1]["entries"] == []


def test_who_reviews_finds_their_own_deeds_in_the_audit_log_and_what_was_escalated(place) -> None:
    for action, who in (("reveal", "otter"), ("decide", "p-2"), ("escalate", "p-2")):
        event = AuditEvent(
            action=action, who=who, at="2026-11-26T10:00:00.000Z", image="a" * 32, facts={"view": "full"}
        )
        file, _ = entry(event, f"2026-11-26/{action}", Head())
        place.audit_files.files[file.key] = file.body

    found = place.ask(person("lead"), "GET", "/audit", image="a" * 32)[1]["entries"]

    assert {(one["event"]["action"], one["event"]["who"]) for one in found} == {
        ("reveal", "otter"),
        ("escalate", "p-2"),
    }
    assert not any(one["withheld"] for one in found)


@pytest.mark.parametrize("query", [{"before": "x"}, {"image": "x" * 65}, {"day": "today"}])
def test_a_search_of_the_audit_log_that_makes_no_sense_gets_a_sentence(place, query) -> None:
    status, said = place.ask(person("auditor"), "GET", "/audit", **query)

    assert (status, said["message"][-1]) == (400, ".")


def test_a_log_that_takes_a_role_which_the_person_lacks_says_so(place) -> None:
    def refused() -> Any:
        raise LogRefused("The audit log can't be read.")

    place.people.people["sub-1"] = person("auditor")
    logs = LogPorts(place.people, refused, place.policy_log)
    app = log_resolver(logs, lambda event: place.people.find("sub-1"))

    assert answered(app, event("GET", "/audit", None, {}, "sub-1"))["statusCode"] == 409


def test_the_policy_log_is_read(place) -> None:
    change = PolicyChange("2026-11-26T10:00:00Z", "packs/small.yaml", "v2", "push", "eve", "d" * 64, HOSTILE)
    place.policy_log.changes.append(change)

    status, said = place.ask(person("policy-author"), "GET", "/policy-log")

    assert (status, said["changes"][0]) == (200, {**asdict(change), "signed_by": []})


def test_each_function_answers_its_own_routes_alone(place) -> None:
    place.people.people["sub-1"] = person("lead")
    logs = LogPorts(place.people, lambda: place.audit_files, place.policy_log)
    app = log_resolver(logs, lambda event: place.people.find("sub-1"))

    assert answered(app, event("GET", "/audit", None, {}, "sub-1"))["statusCode"] == 200
    assert answered(app, event("GET", "/metrics", None, {}, "sub-1"))["statusCode"] == 404
