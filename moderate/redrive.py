"""`moderate redrive`: work off dead letters, run again what failed, publish again what couldn't be announced."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from typing import TYPE_CHECKING, Annotated, Any
from uuid import uuid4

import typer
from botocore.exceptions import ClientError

from moderate.dead_letters import Row, work_through
from moderate.deployment import DEFAULT_STACK, Deployment, StackOption, find
from moderate.history import retaken
from moderate.output import cell, progress, results, table
from moderate.records import Record, cause_of, image_of, newest_first
from moderate.roles import acting_as
from moderate.time_range import HELP, moment
from moderation.adapters.executions import LONGEST_EXPRESS, is_described
from moderation.adapters.faults import code_of
from moderation.domain.image_ref import ImageRef
from moderation.domain.message import build_message, message_attributes
from moderation.domain.record import REDRIVEN, utc

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

EXAMPLES = """Examples:

moderate redrive --dry-run

moderate redrive --cause EndpointUnavailable --since 6h
"""
_RUNNING = {"RUNNING", "PENDING_REDRIVE"}
_UNMENDABLE = {"UnreadableImage", "ImageTooLarge"}  # a version's bytes never change


@dataclass(frozen=True)
class Ended:
    """An execution that is over; `given` is its input, None once Step Functions has forgotten it."""

    given: str | None


def redrive(
    cause: Annotated[str | None, typer.Option(help="Only what failed with this error, by its name.")] = None,
    since: Annotated[datetime, typer.Option(parser=moment, metavar="WHEN", help=f"Oldest upload, {HELP}")] = "7d",  # type: ignore[assignment]
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    stack: StackOption = DEFAULT_STACK,
) -> None:
    """Work off dead-lettered events, moderate again what failed, announce again what could not be announced.

    A failed verdict moves into the record's history. Nothing that a person decided and nothing that is still
    running is touched, so it may be repeated. Images that can't be read or are too large stay so: name their cause to
    try them all the same. With --cause nothing is announced.
    """
    deployment = acting_as(find(stack), "Operator")
    done = table(("key", "version", "cause", "what is done"))
    try:
        with progress() as bar:
            task = bar.add_task("Going through the records", total=None)
            # Dead letters first: a failure recorded here can be moderated again by the same run.
            letters = work_through(deployment, cause, since, dry_run)
            for row in chain(letters, _redriven(deployment, cause, since, dry_run)):
                done.add_row(*map(cell, row))
                bar.advance(task)
    finally:  # what was done before an error counts too
        if done.row_count:
            results.print(done)
    if not done.row_count:
        results.print("Nothing to redrive.")


def _redriven(deployment: Deployment, cause: str | None, since: datetime, dry_run: bool) -> Iterator[Row]:
    """Do it record by record: the key and the version, why, and what was done."""
    workflow = deployment.stepfunctions
    for record in _failed(deployment, since):
        why = _cause(record)
        if cause is None and why in _UNMENDABLE:
            yield _row(record, why, "left alone: its bytes stay the same")
        elif cause in (None, why):
            yield _row(record, why, _run_again(deployment, workflow, record, dry_run))
    for record in _unannounced(deployment, since) if cause is None else ():
        yield _row(record, "not announced", _announce_again(deployment, record, dry_run))


def _row(record: Record, why: str, action: str) -> Row:
    return image_of(record).key, record["sk"], why, action


def _failed(deployment: Deployment, since: datetime) -> Iterator[Record]:
    """Failure verdicts, and what a redrive took over but never started; read afresh, for the index lags behind."""
    for listed in newest_first(deployment, ("review", "claimed"), since, datetime.now(UTC)):
        if _is_ours(deployment, listed) and _is_failed(listed):
            record = deployment.verdicts.get(image_of(listed))
            if record and _is_failed(record):
                yield record


def _is_ours(deployment: Deployment, record: Record) -> bool:
    """Records of a bucket that was the intake before may not be touched."""
    return image_of(record).bucket == deployment.intake_bucket


def _is_failed(record: Record) -> bool:
    """Claims that an execution made are the sweeper's to look after."""
    if record["status"] == "claimed":
        return bool(record["owner"] == REDRIVEN)
    return bool(record["decided_by"] == "failure")


def _unannounced(deployment: Deployment, since: datetime) -> Iterator[Record]:
    for listed in newest_first(deployment, tuple(deployment.topics), since, datetime.now(UTC)):
        if _is_ours(deployment, listed) and listed.get("notified") is False:
            record = deployment.verdicts.get(image_of(listed))
            if record and record.get("notified") is False and record.get("verdict") in deployment.topics:
                yield record


def _cause(record: Record) -> str:
    if record["status"] == "claimed":
        return "redrive cut off"
    named = cause_of(record)
    return named[0] if named else "no usable evidence"


def _run_again(deployment: Deployment, workflow: "SFNClient", record: Record, dry_run: bool) -> str:
    """Take the record over from its ended execution, then start another; says what was done.

    Should it stop between the two, the record is a claim without an execution: the next redrive starts one.
    """
    ended = _ended(workflow, record)
    if ended is None:
        return "still running: left alone"
    if dry_run:
        return "would be moderated again"
    image = image_of(record)
    attributes, dropped = retaken(record, image)
    if not deployment.verdicts.supersede(image, record, attributes, dropped):
        return "changed meanwhile: left alone"
    given = json.loads(ended.given) if ended.given else _input_of(record, image)
    # How long an upload waits is measured from `time`: not what passed before somebody mended the fault.
    given |= {"time": utc(datetime.now(UTC))}
    name = f"redrive-{uuid4()}"
    workflow.start_execution(stateMachineArn=deployment.workflow, name=name, input=json.dumps(given))
    return "moderated again"


def _ended(workflow: "SFNClient", record: Record) -> Ended | None:
    """None while the execution that owns the record runs, or may run where Step Functions can't say."""
    if not is_described(record["owner"]):
        return Ended(None) if record["created_at"] < utc(datetime.now(UTC) - LONGEST_EXPRESS) else None
    try:
        described = workflow.describe_execution(executionArn=record["owner"])
    except ClientError as error:
        if code_of(error) == "ExecutionDoesNotExist":
            return Ended(None)
        raise
    return None if described["status"] in _RUNNING else Ended(described["input"])


def _input_of(record: Record, image: ImageRef) -> dict[str, Any]:
    """What the intake rule would start the workflow with, the time aside."""
    return {
        "bucket": image.bucket,
        "key": image.key,
        "version": image.version,
        "size": record["image"].get("size", 0),
        "event_id": "redrive",
    }


def _announce_again(deployment: Deployment, record: Record, dry_run: bool) -> str:
    if dry_run:
        return f"would be announced on the {record['verdict']} topic"
    deployment.publisher.publish(record["verdict"], build_message(record), message_attributes(record))
    deployment.verdicts.mark_notified(image_of(record), True)
    return f"announced on the {record['verdict']} topic"
