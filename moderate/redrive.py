"""`moderate redrive`: process dead letters, rerun failed moderations, publish pending notifications."""

from collections.abc import Iterator
from datetime import datetime
from itertools import chain
from typing import Annotated

import typer

from moderate.deployment import DEFAULT_STACK, Deployment, StackOption, find
from moderate.output import cell, progress, results, table
from moderate.roles import acting_as
from moderate.time_range import HELP, parse_time
from moderation.usecases.process_dead_letters import record_failures, start_uploads
from moderation.usecases.redrive import RedrivePorts, redrive

EXAMPLES = """Examples:

moderate redrive --dry-run

moderate redrive --cause EndpointUnavailable --since 6h
"""
Row = tuple[str, str, str, str]  # key, version, cause, action


def redrive_failures(
    cause: Annotated[str | None, typer.Option(help="Only what failed with this error, by its name.")] = None,
    since: Annotated[datetime, typer.Option(parser=parse_time, metavar="WHEN", help=f"Oldest upload, {HELP}")] = "7d",  # type: ignore[assignment]
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be done.")] = False,
    stack: StackOption = DEFAULT_STACK,
) -> None:
    """Process dead letters, rerun failed moderations, and publish pending notifications.

    A failed verdict moves into the record's history. Nothing that a person decided and nothing that is still
    running is touched, so it may be repeated. Images that are unreadable, unsupported or too large are skipped: name
    their cause to rerun them anyway. With --cause nothing is published.
    """
    deployment = acting_as(find(stack), "Operator")
    done = table(("key", "version", "cause", "action"))
    try:
        with progress() as bar:
            task = bar.add_task("Processing records", total=None)
            # Dead letters first: a failure recorded here can be moderated again by the same run.
            letters = _dead_letters(deployment, cause, since, dry_run)
            for row in chain(letters, _records(deployment, cause, since, dry_run)):
                done.add_row(*map(cell, row))
                bar.advance(task)
    finally:  # actions before an error are shown too
        if done.row_count:
            results.print(done)
    if not done.row_count:
        results.print("Nothing to redrive.")


def _dead_letters(deployment: Deployment, cause: str | None, since: datetime, dry_run: bool) -> Iterator[Row]:
    unstarted = deployment.dead_letters("UnstartedQueueUrl")
    handled = start_uploads(unstarted, deployment.executions, cause, since, dry_run)
    if "UnrecordedQueueUrl" in deployment.outputs:  # a deployment of Express executions has none
        unrecorded = deployment.dead_letters("UnrecordedQueueUrl")
        handled = chain(handled, record_failures(unrecorded, deployment.verdicts, cause, since, dry_run))
    for letter in handled:
        yield letter.key, letter.version, letter.cause, letter.action


def _records(deployment: Deployment, cause: str | None, since: datetime, dry_run: bool) -> Iterator[Row]:
    ports = RedrivePorts(
        bucket=deployment.intake_bucket,
        verdicts=deployment.verdicts,
        publisher=deployment.publisher,
        executions=deployment.executions,
        notified_verdicts=tuple(deployment.topics),
    )
    for redriven in redrive(ports, cause, since, dry_run):
        image = redriven.record.image
        yield image.key, image.version, redriven.cause, redriven.action
