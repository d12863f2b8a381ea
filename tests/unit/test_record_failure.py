"""Executions that end outside the workflow's hands get a record, and it is announced; what stands is left alone."""

import pytest

from moderation import wiring
from moderation.domain.execution_event import EndedExecution
from moderation.domain.image_ref import ImageRef
from moderation.errors import NotificationUnavailable
from moderation.handlers.record_failure import record, record_failure
from moderation.handlers.sweep_claims import Swept, sweep_claims
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

    assert record(verdicts, ABORTED)

    recorded = verdicts.get(IMAGE)
    assert (recorded["verdict"], recorded["decided_by"], recorded["status"]) == ("review", "failure", "decided")
    assert "ABORTED" in recorded["reason"]
    assert recorded["verdict_shard"].startswith("review#2026-11-23#")
    assert recorded["created_at"] == THEN


def test_a_verdict_that_stands_is_not_replaced_by_a_late_event():
    verdicts = FakeVerdicts()
    verdicts.record(IMAGE, ME, WEAPON)

    assert not record(verdicts, ABORTED)
    assert verdicts.get(IMAGE)["verdict"] == "unsafe"


def announced(verdicts: FakeVerdicts) -> list[str]:
    """The verdicts that are published when the execution is told of as aborted, twice."""
    parts = wiring.RecordFailure(verdicts, FakePublisher())
    record_failure(parts, ABORTED)
    record_failure(parts, ABORTED)
    return [verdict for verdict, _, _ in parts.publisher.published]


def test_reviewers_are_told_of_what_was_recorded():
    verdicts = FakeVerdicts()

    assert announced(verdicts) == ["review"]
    assert verdicts.get(IMAGE)["notified"] is True


@pytest.mark.parametrize(
    "standing, told",
    [
        ({"notified": False}, ["unsafe"]),  # the execution ended between its verdict and its announcement
        ({"notified": True}, []),
        ({"verdict": "safe"}, []),  # announces nothing
        ({"notified": False, "decided_by": "person"}, []),
    ],
)
def test_a_verdict_that_its_execution_had_no_time_to_announce_is_announced(standing, told):
    verdicts = FakeVerdicts()
    verdicts.record(IMAGE, ME, WEAPON | standing)

    assert announced(verdicts) == told


def test_the_verdict_of_another_execution_is_none_of_its_business():
    verdicts = FakeVerdicts()
    verdicts.record(IMAGE, "another", WEAPON | {"notified": False})

    assert announced(verdicts) == []


def test_what_cannot_be_announced_is_tried_again_and_says_so_until_then():
    parts = wiring.RecordFailure(FakeVerdicts(), FakePublisher(failing=True))

    with pytest.raises(NotificationUnavailable):  # Lambda tries again
        record_failure(parts, ABORTED)
    assert parts.verdicts.get(IMAGE)["notified"] is False

    parts.publisher.failing = False
    record_failure(parts, ABORTED)
    assert parts.verdicts.get(IMAGE)["notified"] is True


def claims(**owners: str) -> FakeVerdicts:
    verdicts = FakeVerdicts()
    for key, owner in owners.items():
        verdicts.records[ImageRef("intake", key, "v")] = {"owner": owner, "created_at": THEN}
    return verdicts


def sweeper(verdicts: FakeVerdicts, failing: bool = False, **statuses: str) -> wiring.SweepClaims:
    return wiring.SweepClaims(verdicts, FakePublisher(failing), FakeExecutions(statuses))


def test_the_sweeper_records_and_announces_ended_and_vanished_claims_and_leaves_running_ones():
    verdicts = claims(running="one", ended="two", vanished="three")
    parts = sweeper(verdicts, one="RUNNING", two="FAILED")

    assert sweep_claims(parts, NOW) == Swept(recorded=2, oldest=THEN)

    found = {image.key: (item.get("verdict"), item.get("notified")) for image, item in verdicts.records.items()}
    assert found == {"running": (None, None), "ended": ("review", True), "vanished": ("review", True)}
    assert "VANISHED" in verdicts.get(ImageRef("intake", "vanished", "v"))["reason"]
    assert [message["image"]["key"] for _, message, _ in parts.publisher.published] == ["ended", "vanished"]


def test_the_sweeper_records_every_claim_even_if_none_can_be_announced():
    verdicts = claims(first="one", second="two")

    assert sweep_claims(sweeper(verdicts, failing=True), NOW).recorded == 2
    assert [item["notified"] for item in verdicts.records.values()] == [False, False]


def test_the_sweeper_leaves_young_claims_to_their_execution():
    assert sweep_claims(sweeper(claims(ended="two")), before=THEN).recorded == 0


def test_sweeping_twice_changes_nothing():
    parts = sweeper(claims(ended="two"))

    assert [sweep_claims(parts, NOW).recorded, sweep_claims(parts, NOW).recorded] == [1, 0]
    assert len(parts.publisher.published) == 1
