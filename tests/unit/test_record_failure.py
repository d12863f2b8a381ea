"""Executions that end outside the workflow's hands get a record; what stands is left alone."""

import pytest

from moderation import wiring
from moderation.domain.evidence import ImageRef
from moderation.handlers.record_failure import record_failure
from moderation.handlers.sweep_claims import Swept, sweep_claims
from tests.support.fakes import FakeExecutions, FakeVerdicts

IMAGE = ImageRef("intake", "a#b.jpg", "v1")
ME = "arn:aws:states:us-east-1:1:execution:m:me"
THEN, NOW = "2026-11-23T10:00:00.000Z", "2026-11-23T11:00:00.000Z"


def test_an_aborted_execution_is_recorded_as_review_with_its_status():
    verdicts = FakeVerdicts()

    assert record_failure(verdicts, IMAGE, ME, "ABORTED", THEN)

    record = verdicts.get(IMAGE)
    assert (record["verdict"], record["decided_by"], record["status"]) == ("review", "failure", "decided")
    assert "ABORTED" in record["reason"]
    assert record["verdict_shard"].startswith("review#2026-11-23#")
    assert record["created_at"] == THEN


def test_a_verdict_that_stands_is_not_replaced_by_a_late_event():
    verdicts = FakeVerdicts()
    verdicts.record(IMAGE, ME, {"verdict": "unsafe", "decided_by": "judge"})

    assert not record_failure(verdicts, IMAGE, ME, "FAILED", THEN)
    assert verdicts.get(IMAGE)["verdict"] == "unsafe"


@pytest.mark.parametrize(
    "standing, notified",
    [
        ({"verdict": "unsafe"}, False),  # ended between its verdict and its announcement
        ({"verdict": "review"}, False),
        ({"verdict": "safe"}, None),  # announces nothing
        ({"verdict": "unsafe", "notified": True}, True),
    ],
)
def test_a_verdict_that_its_execution_never_announced_is_marked_so(standing, notified):
    verdicts = FakeVerdicts()
    verdicts.record(IMAGE, ME, standing | {"decided_by": "judge"})

    record_failure(verdicts, IMAGE, ME, "ABORTED", THEN)

    assert verdicts.get(IMAGE).get("notified") is notified


def test_the_verdict_of_another_execution_is_none_of_its_business():
    verdicts = FakeVerdicts()
    verdicts.record(IMAGE, "another", {"verdict": "unsafe", "decided_by": "judge"})

    record_failure(verdicts, IMAGE, ME, "ABORTED", THEN)

    assert "notified" not in verdicts.get(IMAGE)


def claims(**owners: str) -> FakeVerdicts:
    verdicts = FakeVerdicts()
    for key, owner in owners.items():
        verdicts.records[ImageRef("intake", key, "v")] = {"owner": owner, "created_at": THEN}
    return verdicts


def test_the_sweeper_records_ended_and_vanished_claims_and_leaves_running_ones():
    verdicts = claims(running="arn:1", ended="arn:2", vanished="arn:3")
    parts = wiring.SweepClaims(verdicts, FakeExecutions({"arn:1": "RUNNING", "arn:2": "FAILED"}))

    assert sweep_claims(parts, NOW) == Swept(recorded=2, oldest=THEN)

    found = {image.key: record.get("verdict") for image, record in verdicts.records.items()}
    assert found == {"running": None, "ended": "review", "vanished": "review"}
    assert "VANISHED" in verdicts.get(ImageRef("intake", "vanished", "v"))["reason"]


def test_the_sweeper_leaves_young_claims_to_their_execution():
    verdicts = claims(ended="arn:2")

    assert sweep_claims(wiring.SweepClaims(verdicts, FakeExecutions({})), before=THEN).recorded == 0


def test_sweeping_twice_changes_nothing():
    verdicts = claims(ended="arn:2")
    parts = wiring.SweepClaims(verdicts, FakeExecutions({}))

    assert [sweep_claims(parts, NOW).recorded, sweep_claims(parts, NOW).recorded] == [1, 0]
