"""An escalated image is in no report, sample, queue, replay or redrive: each is as if there were no record of it."""

import copy
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from moderate.replaying.run import table_batches
from moderation.domain.backfill import Kind, execution_name, new_run
from moderation.domain.image_ref import ImageRef
from moderation.domain.policy import CanaryPack, Route, Routes
from moderation.domain.record import (
    Change,
    Record,
    decided,
    drawn,
    escalated,
    filed_by_upload,
    overruled,
    rejected,
    reopened,
    utc,
)
from moderation.domain.sample import Draw
from moderation.ports import Count
from moderation.usecases.draw_sample import draw_sample
from moderation.usecases.list_records import Wanted, list_records
from moderation.usecases.measure import measure
from moderation.usecases.measure_drift import measure_drift
from moderation.usecases.redrive import RedrivePorts, redrive
from moderation.usecases.replay import Selection
from moderation.usecases.report_backfill import count_backfill
from moderation.usecases.report_status import StatusPorts, report_status
from tests.support.fakes import FakeExecutions, FakePublisher, FakeRevealCounts, FakeVerdicts

NOW = datetime.now(UTC)
SINCE, UNTIL = utc(NOW - timedelta(days=14)), utc(NOW)
RUN = new_run(Kind.DIGEST, NOW - timedelta(days=13), "0000ee")
STARTED = utc(NOW - timedelta(days=3))
ARN = "arn:aws:states:us-east-1:123456789012:express:m"  # has a part more, as `run_of` expects
ROUTES = Routes((Route("", "default", canary=CanaryPack("strict", 0.5)),))
PERSON = "arn:aws:sts::123456789012:assumed-role/Reviewer/ann"


def put(verdicts: FakeVerdicts, key: str, days_ago: float = 3, **said: Any) -> Record:
    """A record of the machine's verdict, filed as the functions file it."""
    image, at = ImageRef("intake", key, "v"), utc(NOW - timedelta(days=days_ago))
    pack = ROUTES.routes[0].decider(key)
    made: dict[str, Any] = {
        "verdict": "unsafe",
        "category": "Violence",
        "decided_by": "judge",
        "policy": {"name": pack, "digest": pack},
        "evidence": [{"question_id": "weapon", "score": random.Random(key).random(), "view": "full"}],
        "notified": False,
        "uploader": "bob",
    }
    owner = f"{ARN}:{execution_name(RUN, image)}:1"
    attributes = decided({**made, **said}, image, at, at) | {"owner": owner, "execution": owner}
    verdicts.records[image] = attributes
    record = verdicts.get(image)
    assert isinstance(record, Record)
    return record


def apply(verdicts: FakeVerdicts, record: Record, change: Change) -> Record:
    assert verdicts.compare_and_set(record, change)
    changed = verdicts.get(record.image)
    assert isinstance(changed, Record)
    return changed


def sampled(verdicts: FakeVerdicts, key: str) -> Record:
    made = Draw(0.5, "unsafe", "Violence", SINCE, UNTIL, STARTED)
    return apply(verdicts, (record := put(verdicts, key)), drawn(record, made.stored()))


def by_person(verdicts: FakeVerdicts, record: Record, **circumstances: bool) -> Record:
    at = utc(NOW - timedelta(days=2))
    return apply(verdicts, record, overruled(record, "safe", (), "Harmless.", PERSON, at, None, **circumstances))


KINDS: dict[str, Callable[[FakeVerdicts], Record]] = {
    "judged": lambda verdicts: put(verdicts, "judged"),
    "judged safe": lambda verdicts: put(verdicts, "judged safe", verdict="safe", category=None),
    "in the sample": lambda verdicts: sampled(verdicts, "in the sample"),
    "sampled and decided": lambda verdicts: by_person(verdicts, sampled(verdicts, "sampled and decided")),
    "in the queue": lambda verdicts: put(verdicts, "in the queue", verdict="review", category=None),
    "waiting for a file": lambda verdicts: put(verdicts, "file", verdict="review", category=None, needs="reupload"),
    "failed": lambda verdicts: put(verdicts, "failed", **rejected("EndpointThrottled", "", {}), evidence=None),
    "decided by a person": lambda verdicts: by_person(verdicts, put(verdicts, "decided by a person")),
    "golden": lambda verdicts: by_person(verdicts, put(verdicts, "golden"), golden=True),
}

BY_PEOPLE = {"sampled and decided", "decided by a person", "golden"}


def stock(kind: str) -> tuple[FakeVerdicts, Record]:
    """A table with enough for every statistic, and one record of a kind."""
    verdicts = FakeVerdicts()
    for number in range(60):
        days = 3 if number % 2 else 10
        record = put(verdicts, f"other-{number}", days, **({"verdict": "safe"} if number % 3 else {}))
        if number < 50:
            at = utc(NOW - timedelta(days=days - 1))
            truth = "safe" if number % 5 else "unsafe"
            apply(verdicts, record, overruled(record, truth, (), "Seen.", PERSON, at))
    sampled(verdicts, "other in the sample")
    return verdicts, KINDS[kind](verdicts)


def status_of(verdicts: FakeVerdicts) -> object:
    class Nothing:
        def running(self) -> Count:
            return Count(0)

        def routes(self) -> Routes:
            return Routes(())

    ports: Any = StatusPorts("intake", verdicts, None, {}, None, {}, Nothing())  # type: ignore[arg-type]  # no packs
    return report_status(ports, NOW - timedelta(days=14), NOW, 30)


def listed(verdicts: FakeVerdicts, **only: Any) -> object:
    wanted = Wanted(since=NOW - timedelta(days=14), until=NOW, limit=500, verdicts=("safe", "unsafe", "review"), **only)
    return [record.image for record in list_records(verdicts, "intake", wanted).records]


def drawn_anew(verdicts: FakeVerdicts) -> object:
    sizes = {"safe": 500, "unsafe": 500}
    return draw_sample(copy.deepcopy(verdicts), "intake", SINCE, UNTIL, sizes, UNTIL)


def redriven(verdicts: FakeVerdicts) -> object:
    ports = RedrivePorts("intake", verdicts, FakePublisher(), FakeExecutions({}), ("unsafe", "review"))
    return [(found.record.image, found.action) for found in redrive(ports, None, NOW - timedelta(days=14), True)]


def replayed(verdicts: FakeVerdicts) -> object:
    selection = Selection(bucket="intake", since=SINCE, until=UNTIL)
    return [image for batch in table_batches(verdicts, selection, None) for image in batch.images]


READERS: dict[str, tuple[Callable[[FakeVerdicts], object], set[str]]] = {
    "drift": (lambda verdicts: measure_drift(verdicts, "intake", NOW), set(KINDS)),
    "metrics": (lambda verdicts: measure(verdicts, FakeRevealCounts(), "intake", ROUTES, SINCE, UNTIL), set(KINDS)),
    "sample": (drawn_anew, {"judged", "judged safe", "in the sample", "sampled and decided"}),
    "what waits in a sample": (lambda verdicts: sorted(map(str, verdicts.sampled())), {"in the sample"}),
    "people's decisions": (lambda verdicts: sorted(map(str, verdicts.decided_by_people(SINCE))), BY_PEOPLE),
    "the queue": (lambda verdicts: [record.image for record in verdicts.queue()], {"in the queue", "failed"}),
    "status": (status_of, set(KINDS) - BY_PEOPLE),
    "verdicts": (listed, set(KINDS)),
    "verdicts of an uploader": (lambda verdicts: listed(verdicts, uploader="bob"), set(KINDS)),
    "report of a backfill": (lambda verdicts: count_backfill(verdicts, RUN), set(KINDS)),
    "replay": (replayed, set(KINDS)),
    "redrive": (redriven, set(KINDS) - BY_PEOPLE - {"judged safe"}),
}


@pytest.mark.parametrize(
    ("reader", "kind"), [(reader, kind) for reader, (_, kinds) in READERS.items() for kind in sorted(kinds)]
)
def test_each_report_is_as_if_there_were_no_record(reader: str, kind: str) -> None:
    read, _ = READERS[reader]
    verdicts, record = stock(kind)
    before = read(verdicts)

    apply(verdicts, record, escalated(record, UNTIL))

    after = read(verdicts)
    without = copy.deepcopy(verdicts)
    del without.records[record.image]
    assert after == read(without)
    assert after != before, "the report would have had it"


def test_an_escalated_record_keeps_its_verdict_and_no_longer_expires() -> None:
    verdicts = FakeVerdicts()
    record = sampled(verdicts, "a")
    verdicts.records[record.image]["expires_at"] = 1

    made = apply(verdicts, record, escalated(record, UNTIL))

    assert (made.verdict, made.category, made.escalated_at) == ("unsafe", "Violence", UNTIL)
    assert made.other["verdict_shard"].startswith(f"escalated#{record.created_at[:10]}#")
    assert not {"queue", "queue_order", "expires_at"} & verdicts.records[record.image].keys()
    again = apply(verdicts, made, escalated(made, utc(NOW + timedelta(days=1))))
    assert again.escalated_at == UNTIL, "the first time stays"


def test_no_later_change_files_it_again() -> None:
    verdicts = FakeVerdicts()
    record = put(verdicts, "a", **rejected("EndpointThrottled", "", {}))
    made = apply(verdicts, record, escalated(record, UNTIL))

    for verdict, circumstances in (("safe", {"golden": True}), ("unsafe", {}), ("review", {})):
        made = apply(verdicts, made, overruled(made, verdict, (), "n", PERSON, UNTIL, None, **circumstances))
        assert made.verdict == verdict
        assert made.other["verdict_shard"].startswith("escalated#")
        assert "queue" not in made.other
    assert filed_by_upload(record.with_change(escalated(record, UNTIL))) is None


def test_an_image_without_a_verdict_can_not_be_escalated() -> None:
    verdicts = FakeVerdicts()
    record = put(verdicts, "a")

    with pytest.raises(ValueError, match="has no verdict"):
        escalated(apply(verdicts, record, reopened(record)), UNTIL)


@pytest.mark.parametrize(
    "late",
    [
        reopened,
        lambda record: drawn(record, {"probability": 1}),
        lambda record: overruled(record, "safe", (), "n", PERSON, UNTIL),
    ],
    ids=["redrive", "sample", "decision"],
)
def test_a_change_of_a_record_that_was_escalated_since_is_refused(late: Callable[[Record], Change]) -> None:
    verdicts = FakeVerdicts()
    record = put(verdicts, "a")
    apply(verdicts, record, escalated(record, UNTIL))

    assert not verdicts.compare_and_set(record, late(record))
