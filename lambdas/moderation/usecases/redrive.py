"""Moderate again what failed, and publish again what could not be published."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from moderation.domain.execution_event import ALIVE, LONGEST_EXPRESS, is_described
from moderation.domain.record import REDRIVEN, Record, reopened, utc
from moderation.domain.reports import open_reports
from moderation.ports import Execution, Executions, Publisher, VerdictStore
from moderation.usecases.notify import notify, topics_of

NON_RETRYABLE = frozenset({"UnreadableImage", "UnsupportedImage", "ImageTooLarge"})  # a version's bytes never change


@dataclass(frozen=True)
class RedrivePorts:
    """`bucket` is the intake's; `notified_verdicts` are those that have a topic."""

    bucket: str
    verdicts: VerdictStore
    publisher: Publisher
    executions: Executions
    notified_verdicts: Sequence[str]


@dataclass(frozen=True)
class Redriven:
    """Result for one record: its cause, and what was done (or would be, in a dry run).

    `acted` tells it from a record that is left alone.
    """

    record: Record
    cause: str
    action: str
    acted: bool


def redrive(ports: RedrivePorts, cause: str | None, since: datetime, dry_run: bool) -> Iterator[Redriven]:
    """Go through the failures and the unpublished verdicts of uploads since a time, record by record.

    `cause` is an error's name, or None for all except NON_RETRYABLE. With a cause nothing is
    published. Raises the errors of the ports.
    """
    for record in _failures(ports, since):
        why = _cause(record)
        if cause is None and why in NON_RETRYABLE:
            yield Redriven(record, why, "left alone: its bytes stay the same", acted=False)
        elif cause in (None, why):
            yield _run_again(ports, record, why, dry_run)
    for record in _unpublished(ports, since) if cause is None else ():
        yield Redriven(record, "not published", _publish_again(ports, record, dry_run), acted=True)


def _failures(ports: RedrivePorts, since: datetime) -> Iterator[Record]:
    """Failure verdicts, and records reopened but never restarted; read again, because the index lags behind.

    An escalated image is left as it is.
    """
    for listed in ports.verdicts.created(("review", "claimed"), utc(since), utc(datetime.now(UTC))):
        if _is_ours(ports, listed) and _is_failed(listed):
            record = ports.verdicts.get(listed.image)
            if record and _is_failed(record) and not record.is_escalated:
                yield record


def _unpublished(ports: RedrivePorts, since: datetime) -> Iterator[Record]:
    """Verdicts whose notification is pending; a safe one that reverses another has to be told without a topic, too."""
    for listed in ports.verdicts.unpublished(utc(since), utc(datetime.now(UTC))):
        if _is_ours(ports, listed):
            record = ports.verdicts.get(listed.image)
            is_due = record and record.notified is False and not record.is_escalated
            told = {record.verdict, record.reversal_to} if record and is_due else set()
            if record and told & set(ports.notified_verdicts):
                yield record


def _is_ours(ports: RedrivePorts, record: Record) -> bool:
    """Tell if the record belongs to the current intake bucket; those of an earlier one may not be changed."""
    return record.image.bucket == ports.bucket


def _is_failed(record: Record) -> bool:
    """Tell if a redrive may rerun the record; claims made by an execution are left to the sweeper."""
    return record.owner == REDRIVEN if record.status == "claimed" else record.decided_by == "failure"


def _cause(record: Record) -> str:
    if record.status == "claimed":
        return "redrive cut off"
    return record.failure[0] if record.failure else "no usable evidence"


def _run_again(ports: RedrivePorts, record: Record, cause: str, dry_run: bool) -> Redriven:
    """Reopen the record of an ended execution, then start another.

    If it is interrupted in between, the record is a claim without an execution: the next redrive starts one.
    """
    if open_reports(record):
        return Redriven(record, cause, "left alone: somebody reported it, so a person decides", acted=False)
    if record.pending_id:
        return Redriven(record, cause, "left alone: a person's decision on it comes into force", acted=False)
    execution = ports.executions.find(record.owner)
    if _may_run(record, execution):
        return Redriven(record, cause, "still running: left alone", acted=False)
    if dry_run:
        return Redriven(record, cause, "would be started", acted=True)
    if not ports.verdicts.compare_and_set(record, reopened(record)):
        return Redriven(record, cause, "changed meanwhile: left alone", acted=False)
    given = (execution and execution.given) or _input_of(record)
    # The waiting time of an upload counts from `time`, so it excludes the time until the fault was fixed.
    ports.executions.start(f"redrive-{uuid4()}", {**given, "time": utc(datetime.now(UTC))})
    return Redriven(record, cause, "started", acted=True)


def _may_run(record: Record, execution: Execution | None) -> bool:
    """Tell if the execution that owns the record is running, or might be where Step Functions can't tell."""
    if not is_described(record.owner):
        return record.last_claimed >= utc(datetime.now(UTC) - LONGEST_EXPRESS)
    return execution is not None and execution.status in ALIVE


def _input_of(record: Record) -> dict[str, Any]:
    """The input with which the intake rule would start the workflow, except for the time."""
    return {**asdict(record.image), "size": record.facts.get("size", 0), "event_id": "redrive"}


def _publish_again(ports: RedrivePorts, record: Record, dry_run: bool) -> str:
    topics = " and ".join(topics_of(ports.publisher, record))
    if dry_run:
        return f"would be published on the {topics} topic"
    notify(ports.verdicts, ports.publisher, record)
    return f"published on the {topics} topic"
