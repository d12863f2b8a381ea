"""Executions that end outside the workflow's hands get a record, and it is published; an existing verdict stays."""

from typing import Any

import pytest

from moderation import wiring
from moderation.domain.execution_event import EndedExecution
from moderation.domain.image_ref import ImageRef
from moderation.errors import NotificationUnavailable
from moderation.usecases.notify import notify_of_execution
from moderation.usecases.record_failure import record_failure
from moderation.usecases.sweep_claims import SweptClaim, sweep_claims
from tests.support.fakes import FakeExecutions, FakePublisher, FakeVerdicts

IMAGE = ImageRef("intake", "a#b.jpg", "v1")
ME = "arn:aws:states:us-east-1:1:execution:m:me"
THEN, NOW = "2026-11-23T10:00:00.000Z", "2026-11-23T11:00:00.000Z"
ABORTED = EndedExecution(IMAGE, ME, "ABORTED", THEN)
WEAPON = {
    "verdict": "unsafe",
    "reason": "A weapon.",
    "decided_by": "judge",
    "decided_at": NOW,
    "image": {"bucket": IMAGE.bucket, "key": IMAGE.key, "version": IMAGE.version},
}


def test_an_aborted_execution_is_recorded_as_review_with_its_status():
    verdicts = FakeVerdicts()

    assert record_failure(verdicts, ABORTED)

    recorded = verdicts.get(IMAGE)
    assert (recorded.verdict, recorded.decided_by, recorded.status) == ("review", "failure", "decided")
    assert "ABORTED" in recorded.reason
    assert recorded.other["verdict_shard"].startswith("review#2026-11-23#")
    assert recorded.created_at == THEN


def test_a_verdict_that_stands_is_not_replaced_by_a_late_event():
    verdicts = FakeVerdicts()
    verdicts.record(IMAGE, ME, WEAPON, unclaimed=True)

    assert not record_failure(verdicts, ABORTED)
    assert verdicts.get(IMAGE).verdict == "unsafe"


def published(verdicts: FakeVerdicts) -> list[str]:
    """The verdicts that are published when the execution is published_verdicts of as aborted, twice."""
    publisher = FakePublisher()
    for _ in range(2):
        close(verdicts, publisher)
    return [verdict for verdict, _, _ in publisher.published]


def close(verdicts: FakeVerdicts, publisher: FakePublisher) -> None:
    record_failure(verdicts, ABORTED)
    notify_of_execution(verdicts, publisher, ABORTED.image, ABORTED.execution)


def test_reviewers_are_told_of_what_was_recorded():
    verdicts = FakeVerdicts()

    assert published(verdicts) == ["review"]
    assert verdicts.get(IMAGE).notified is True


@pytest.mark.parametrize(
    "standing, published_verdicts",
    [
        ({"notified": False}, ["unsafe"]),  # the execution ended between its verdict and its notification
        ({"notified": True}, []),
        ({"verdict": "safe"}, []),  # publishes nothing
        ({"notified": False, "decided_by": "person"}, []),
    ],
)
def test_a_verdict_that_its_execution_had_no_time_to_publish_is_published(standing, published_verdicts):
    verdicts = FakeVerdicts()
    verdicts.record(IMAGE, ME, WEAPON | standing, unclaimed=True)

    assert published(verdicts) == published_verdicts


def test_the_verdict_of_another_execution_is_none_of_its_business():
    verdicts = FakeVerdicts()
    verdicts.record(IMAGE, "another", WEAPON | {"notified": False}, unclaimed=True)

    assert published(verdicts) == []


def test_what_cannot_be_published_is_tried_again_and_says_so_until_then():
    verdicts, publisher = FakeVerdicts(), FakePublisher(failing=True)

    with pytest.raises(NotificationUnavailable):  # Lambda tries again
        close(verdicts, publisher)
    assert verdicts.get(IMAGE).notified is False

    publisher.failing = False
    close(verdicts, publisher)
    assert verdicts.get(IMAGE).notified is True


def claims(**owners: str) -> FakeVerdicts:
    verdicts = FakeVerdicts()
    for key, owner in owners.items():
        verdicts.records[ImageRef("intake", key, "v")] = {"owner": owner, "created_at": THEN}
    return verdicts


def sweeper(verdicts: FakeVerdicts, failing: bool = False, **statuses: str) -> Any:
    return wiring.SweepPorts(verdicts, FakePublisher(failing), FakeExecutions(statuses))


def sweep(parts: wiring.SweepPorts, before: str = NOW) -> list[SweptClaim]:
    return list(sweep_claims(parts.verdicts, parts.publisher, parts.executions, before))


def test_the_sweeper_records_and_publishes_ended_and_vanished_claims_and_leaves_running_ones():
    verdicts = claims(running="one", ended="two", vanished="three")
    parts = sweeper(verdicts, one="RUNNING", two="FAILED")

    swept = sweep(parts)

    assert [(one.claim.image.key, one.status) for one in swept] == [
        ("running", "RUNNING"),
        ("ended", "FAILED"),
        ("vanished", "VANISHED"),
    ]
    assert [(one.is_running, one.recorded, one.published) for one in swept] == [
        (True, False, False),
        (False, True, True),
        (False, True, True),
    ]

    found = {image.key: (item.get("verdict"), item.get("notified")) for image, item in verdicts.records.items()}
    assert found == {"running": (None, None), "ended": ("review", True), "vanished": ("review", True)}
    assert "VANISHED" in verdicts.get(ImageRef("intake", "vanished", "v")).reason
    assert [message["image"]["key"] for _, message, _ in parts.publisher.published] == ["ended", "vanished"]


def test_the_sweeper_records_every_claim_even_if_none_can_be_published():
    verdicts = claims(first="one", second="two")

    swept = sweep(sweeper(verdicts, failing=True))

    assert [(one.recorded, one.published, one.error) for one in swept] == [(True, False, "NotificationUnavailable")] * 2
    assert [item["notified"] for item in verdicts.records.values()] == [False, False]


def test_the_sweeper_leaves_young_claims_to_their_execution():
    assert sweep(sweeper(claims(ended="two")), before=THEN) == []


def test_the_sweeper_leaves_old_uploads_that_were_just_claimed_anew_to_their_execution():
    verdicts = claims(redriven="two")
    verdicts.records[ImageRef("intake", "redriven", "v")]["claimed_at"] = NOW

    assert sweep(sweeper(verdicts)) == []
    assert [one.recorded for one in sweep(sweeper(verdicts), before="2026-11-23T11:15:00.000Z")] == [True]
    assert verdicts.get(ImageRef("intake", "redriven", "v")).created_at == THEN


def test_a_late_event_about_a_redriven_upload_leaves_the_time_of_the_upload():
    verdicts = claims(redriven=ME)

    record_failure(verdicts, EndedExecution(ImageRef("intake", "redriven", "v"), ME, "FAILED", NOW))

    recorded = verdicts.get(ImageRef("intake", "redriven", "v"))
    assert (recorded.created_at, recorded.other["verdict_shard"][:18]) == (THEN, "review#2026-11-23#"[:18])
    assert recorded.other["queue_order"] == f"5#{THEN}"


def test_sweeping_twice_changes_nothing():
    parts = sweeper(claims(ended="two"))

    assert [[one.recorded for one in sweep(parts)] for _ in range(2)] == [[True], []]
    assert len(parts.publisher.published) == 1


def test_a_failure_that_the_workflow_recorded_after_a_redrive_is_filed_under_its_upload():
    verdicts, publisher = FakeVerdicts(), FakePublisher()
    filed = {"verdict_shard": "review#2026-11-27#2", "queue": "review#0", "queue_order": "5#2026-11-27T08:00:00.000Z"}
    failure = {"verdict": "review", "decided_by": "failure", "notified": False, "created_at": THEN}
    verdicts.records[IMAGE] = {"owner": ME, "execution": ME, **failure, **filed}

    assert notify_of_execution(verdicts, publisher, IMAGE, ME)

    record = verdicts.records[IMAGE]
    assert record["verdict_shard"].startswith("review#2026-11-23#")
    assert (record["queue_order"], record["notified"]) == (f"5#{THEN}", True)


def test_a_failure_that_is_filed_under_its_upload_is_left_as_it_is():
    verdicts = FakeVerdicts()
    record_failure(verdicts, ABORTED)
    before = dict(verdicts.records[IMAGE])

    notify_of_execution(verdicts, FakePublisher(), IMAGE, ME)

    assert verdicts.records[IMAGE] == before | {"notified": True}
