"""`moderate redrive`: process dead letters, rerun failed moderations, publish pending notifications."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict
from datetime import datetime
from typing import Annotated

import typer

from moderate.deployment import DEFAULT_STACK, Deployment, StackOption, find
from moderate.output import JsonOption, cell, print_json, progress, results, table
from moderate.roles import acting_as
from moderate.time_range import HELP, parse_time
from moderation.usecases.redrive import RedrivePorts
from moderation.usecases.redrive_all import Handled, RedriveAllPorts, Scope, letters_in_flight, redrive_all

EXAMPLES = """Examples:

moderate redrive --dry-run

moderate redrive --cause EndpointUnavailable --since 6h

moderate redrive --limit 1000 --rate 5
"""


def redrive_failures(
    cause: Annotated[str | None, typer.Option(help="Only what failed with this error, by its name.")] = None,
    since: Annotated[datetime, typer.Option(parser=parse_time, metavar="WHEN", help=f"Oldest upload, {HELP}")] = "7d",  # type: ignore[assignment]
    limit: Annotated[int | None, typer.Option(min=1, help="Maximum number of actions; the rest is left.")] = None,
    rate: Annotated[
        float | None, typer.Option(min=0.1, help="Maximum number of actions a second; no limit by default.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be done.")] = False,
    as_json: JsonOption = False,
    stack: StackOption = DEFAULT_STACK,
) -> None:
    """Process dead letters, rerun failed moderations, and publish pending notifications.

    It starts the moderations and doesn't wait for their verdicts. A failed verdict moves into the record's history.
    Nothing that a person decided and nothing that is still running is touched, so it may be repeated. Images that are
    unreadable, unsupported or too large are skipped: name their cause to rerun them anyway. With --cause nothing is
    published. Dead letters that somebody else has received are in flight, and are only counted: a redrive that is cut
    off holds them for five minutes.
    """
    ports = _ports(acting_as(find(stack), "Operator"))
    in_flight = letters_in_flight(ports)
    handled: list[Handled] = []
    scope = Scope(cause, since, dry_run, limit, rate)
    try:
        with progress() as bar, closing(redrive_all(ports, scope)) as rows:
            task = bar.add_task("Redriving", total=limit)
            for row in rows:
                handled.append(row)
                bar.advance(task, row.acted)
    finally:  # actions before an error are shown too
        if as_json:
            _print_json(handled, scope, in_flight)
        else:
            _show(handled, scope, in_flight)


def _print_json(handled: Sequence[Handled], scope: Scope, in_flight: int) -> None:
    acted = _acted(handled)
    print_json(
        {
            "dry_run": scope.dry_run,
            "acted": acted,
            "stopped_at_limit": acted == scope.limit,
            "dead_letters_in_flight": in_flight,
            "handled": [asdict(row) for row in handled],
        }
    )


def _show(handled: Sequence[Handled], scope: Scope, in_flight: int) -> None:
    if handled:
        done = table(("key", "version", "cause", "action"))
        for row in handled:
            done.add_row(cell(row.key), cell(row.version), cell(row.cause), cell(row.action))
        results.print(done)
    acted = _acted(handled)
    if acted == scope.limit:
        results.print(f"Stopped after {acted}, as --limit says: there may be more.")
    if in_flight:
        results.print(
            f"Dead letters in flight: {in_flight}. Somebody has received them, perhaps another redrive. They come back "
            "when their visibility time-out passes, a redrive's after five minutes, unless they are deleted."
        )
    elif not handled:
        results.print("Nothing to redrive.")


def _acted(handled: Sequence[Handled]) -> int:
    return sum(row.acted for row in handled)


def _ports(deployment: Deployment) -> RedriveAllPorts:
    # a deployment of Express executions has no queue of failures
    has_unrecorded = "UnrecordedQueueUrl" in deployment.outputs
    return RedriveAllPorts(
        unstarted=deployment.dead_letters("UnstartedQueueUrl"),
        unrecorded=deployment.dead_letters("UnrecordedQueueUrl") if has_unrecorded else None,
        records=RedrivePorts(
            bucket=deployment.intake_bucket,
            verdicts=deployment.verdicts,
            publisher=deployment.publisher,
            executions=deployment.executions,
            notified_verdicts=tuple(deployment.topics),
        ),
    )
