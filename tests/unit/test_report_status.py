"""The status counts what waits, names its causes, and survives a part that can't be read."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from moderation.domain.image_ref import ImageRef
from moderation.domain.policy import Pack, Route, Routes
from moderation.errors import InvalidPolicy, Misconfigured
from moderation.ports import Count, LetterCounts
from moderation.usecases.report_status import Pile, RouteInForce, StatusPorts, report_status
from tests.support.deployment import FakeLetters
from tests.support.fakes import FakeExecutions, FakeVerdicts
from tests.unit.packs import PACK

SINCE, NOW = datetime(2026, 11, 15, tzinfo=UTC), datetime(2026, 11, 22, tzinfo=UTC)
REVIEW: dict[str, Any] = {"status": "decided", "verdict": "review", "decided_by": "evidence"}


class Catalogue:
    """Routes to a pack that is there, and to one that is broken."""

    def routes(self) -> Routes:
        return Routes((Route("", PACK.name, ("other",)), Route("in/", "broken", ())))

    def pack(self, name: str) -> Pack:
        if name == PACK.name:
            return PACK
        raise InvalidPolicy("packs/broken.yaml can't be used.")


class Served:
    """Endpoints in service."""

    def status(self, endpoint: str, component: str | None) -> str:
        return f"InService {component}" if component else "InService"


class Denied:
    """A source that may not be read."""

    def __getattr__(self, name: str) -> Any:
        raise Misconfigured(f"No right to {name}.")


@pytest.fixture
def verdicts() -> FakeVerdicts:
    return FakeVerdicts()


@pytest.fixture
def ports(verdicts: FakeVerdicts) -> StatusPorts:
    return StatusPorts(
        bucket="intake",
        verdicts=verdicts,
        executions=FakeExecutions({"a": "RUNNING", "b": "SUCCEEDED", "c": "RUNNING"}),
        queues={"uploads": FakeLetters([], in_flight=2)},
        endpoints=Served(),
        served={"blip2": ("blip2", "one"), "llama": ("llama", None)},
        policies=Catalogue(),
    )


def put(verdicts: FakeVerdicts, key: str, day: int, bucket: str = "intake", **attributes: Any) -> None:
    created = f"2026-11-{day:02}T10:00:00.000Z"
    verdicts.records[ImageRef(bucket, key, "v")] = {"created_at": created, "owner": "o", **attributes}


def queued(day: int, **attributes: Any) -> dict[str, Any]:
    return REVIEW | {"queue": "review#0", "queue_order": f"5#2026-11-{day:02}"} | attributes


def test_uploads_without_a_verdict_are_counted_with_the_oldest(ports, verdicts):
    for day in (20, 17, 21, 3):
        put(verdicts, f"{day}", day, status="claimed")
    put(verdicts, "elsewhere", 16, "old-intake", status="claimed")

    assert report_status(ports, SINCE, NOW, 30).undecided == Pile(3, "2026-11-17T10:00:00.000Z")


def test_reviews_are_counted_whatever_their_age_by_cause_and_in_hours(ports, verdicts):
    throttled = {"decided_by": "failure", "cause": json.dumps({"Error": "EndpointThrottled", "Cause": ""})}
    put(verdicts, "a", 1, **queued(1, row="disagreement"))
    put(verdicts, "b", 20, **queued(20, **throttled))
    put(verdicts, "c", 19, **queued(19, **throttled))
    put(verdicts, "d", 20, "old-intake", **queued(20))

    reviews = report_status(ports, SINCE, NOW, 60).reviews

    assert reviews is not None
    assert reviews.waiting == Pile(3, "2026-11-01T10:00:00.000Z")
    assert reviews.hours == 0.05
    assert list(reviews.by_cause.items()) == [
        ("EndpointThrottled", Pile(2, "2026-11-19T10:00:00.000Z")),
        ("disagreement", Pile(1, "2026-11-01T10:00:00.000Z")),
    ]


def test_what_waits_for_another_upload_or_pack_is_no_work_of_reviewers(ports, verdicts):
    for number, needs in enumerate(["reupload", "policy", "reupload"]):
        put(verdicts, f"{number}", 20, **REVIEW, needs=needs)
    put(verdicts, "old", 3, **REVIEW, needs="reupload")

    found = report_status(ports, SINCE, NOW, 30)

    assert found.elsewhere == {"reupload": 2, "policy": 1}
    assert found.reviews is not None and found.reviews.waiting == Pile(0, None)


def test_failed_notifications_are_counted(ports, verdicts):
    for key, notified in (("a", False), ("b", True), ("c", False), ("d", None)):
        put(verdicts, key, 20, verdict="unsafe", notified=notified)

    assert report_status(ports, SINCE, NOW, 30).unpublished == 2


def test_what_the_deployment_works_with_is_named(ports):
    found = report_status(ports, SINCE, NOW, 30)

    assert found.running == Count(2)
    assert found.dead_letters == {"uploads": LetterCounts(0, 2)}
    assert found.endpoints == {"blip2": "InService one", "llama": "InService"}
    assert found.policies == [
        RouteInForce("", PACK.name, PACK.digest, None, ("other",)),
        RouteInForce("in/", "broken", None, "packs/broken.yaml can't be used.", ()),
    ]
    assert found.unread == {}


def test_what_cannot_be_asked_is_not_known_and_no_fault(ports):
    express = StatusPorts(**{**vars(ports), "executions": None, "endpoints": None})

    found = report_status(express, SINCE, NOW, 30)

    assert (found.running, found.endpoints, found.unread) == (None, None, {})


@pytest.mark.parametrize(
    ("source", "parts"),
    [
        ("verdicts", {"undecided", "reviews", "sampled", "elsewhere", "unpublished"}),
        ("executions", {"running"}),
        ("endpoints", {"endpoints"}),
        ("policies", {"policies"}),
    ],
)
def test_a_part_that_cannot_be_read_leaves_the_others(ports, source, parts):
    found = report_status(StatusPorts(**{**vars(ports), source: Denied()}), SINCE, NOW, 30)

    assert found.unread.keys() == parts
    assert {part for part, value in vars(found).items() if value is None} == parts
