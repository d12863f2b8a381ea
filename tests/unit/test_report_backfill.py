"""The report of a backfill: its own records counted, and one digest a topic."""

import json
from datetime import UTC, datetime
from pathlib import Path

import jsonschema
import pytest

from moderation.domain.backfill import Kind, execution_name, new_run
from moderation.domain.image_ref import ImageRef
from moderation.domain.record import shard_of
from moderation.usecases import report_backfill
from moderation.usecases.report_backfill import count_backfill, digest_backfill
from tests.support.fakes import FakePublisher, FakeVerdicts

SCHEMA = json.loads((Path(report_backfill.__file__).parents[1] / "schemas/digest.schema.json").read_text())
NOW = datetime.now(UTC)
RUN, SHADOW = (new_run(kind, NOW, "000001") for kind in (Kind.DIGEST, Kind.SHADOW))
CAUSE = json.dumps({"Error": "EndpointUnavailable", "Cause": "{}"})


@pytest.fixture
def verdicts() -> FakeVerdicts:
    found = FakeVerdicts()
    decided = [("unsafe", "Violence"), ("unsafe", "Violence"), ("unsafe", "Drugs"), ("safe", None), ("review", None)]
    for number, (verdict, category) in enumerate(decided):
        image = ImageRef("photos", f"{number}.png", "v")
        found.records[image] = a_record(image, RUN, verdict, category)
    found.records[image] |= {"decided_by": "failure", "cause": CAUSE}
    live = ImageRef("photos", "live.png", "v")
    found.records[live] = a_record(live, RUN, "unsafe", "Drugs") | {"owner": "arn:aws:states:::execution:M:8f14"}
    return found


def a_record(image: ImageRef, run: str, verdict: str, category: str | None) -> dict:
    created = NOW.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {
        "verdict": verdict,
        "category": category,
        "decided_by": "judge",
        "owner": f"arn:aws:states:us-east-1:123456789012:execution:Machine:{execution_name(run, image)}",
        "created_at": created,
        "verdict_shard": shard_of(image, verdict, created),
    }


def test_the_records_of_the_run_are_counted_and_no_others(verdicts):
    counts = count_backfill(verdicts, RUN)

    assert counts.by_verdict == {"unsafe": 3, "safe": 1, "review": 1}
    assert counts.of("unsafe") == {"Violence": 2, "Drugs": 1}
    assert counts.failures == {"EndpointUnavailable": 1}


def test_each_topic_gets_one_message_with_an_attribute_of_its_own(verdicts):
    publisher = FakePublisher()
    publisher.topics = {"unsafe", "review"}

    digest_backfill(verdicts, publisher, RUN)

    assert {message["verdict"]: message["count"] for _, message, _ in publisher.published} == {"unsafe": 3, "review": 1}
    for _, message, attributes in publisher.published:
        jsonschema.validate(message, SCHEMA)
        assert attributes == {"kind": "digest"}


@pytest.mark.parametrize("kind", [Kind.EACH, Kind.SHADOW])
def test_other_runs_have_no_digest(verdicts, kind):
    publisher = FakePublisher()

    assert digest_backfill(verdicts, publisher, new_run(kind, NOW, "000002")) is None
    assert publisher.published == []
