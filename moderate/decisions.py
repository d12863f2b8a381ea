"""`moderate decisions`: what people decided, all together."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import typer
from rich.table import Table

from moderate.deployment import DEFAULT_STACK, Deployment, StackOption, find
from moderate.output import (
    JsonWithYesOption,
    cell,
    plain,
    print_json,
    progress,
    refuse_to_ask,
    results,
    table,
    verdict_text,
)
from moderate.roles import acting_as
from moderate.time_range import HELP, parse_time
from moderation.domain.record import Record
from moderation.domain.sticky_decision import StickyDecision
from moderation.usecases.revoke_decisions import RevokePorts, find_revocable, requeue, withdraw

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode="markdown", help="Take back what people decided, all together."
)
EXAMPLES = """Examples:

moderate decisions revoke --by alice --since 2h

moderate decisions revoke --by arn:aws:sts::123456789012:assumed-role/Reviewer/alice --since 2026-11-01 --yes
"""


@app.callback()
def decisions() -> None:
    """Take back what people decided, all together."""


@app.command("revoke", epilog=EXAMPLES)
def revoke(
    by: Annotated[str, typer.Option(help="Who decided: the ARN on the records, or the name at its end.")],
    since: Annotated[datetime, typer.Option(parser=parse_time, metavar="WHEN", help=f"Oldest decision, {HELP}")],
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask before revoking.")] = False,
    as_json: JsonWithYesOption = False,
    stack: StackOption = DEFAULT_STACK,
) -> None:
    """Revoke the decisions of a person since a time.

    It lists them and asks. Then none of them sticks to the bytes any more, and each image whose verdict rests on one,
    later copies included, is a `review` that waits for another person; the topic that carried the verdict is told.
    Decisions that somebody has overruled since stay. It may be repeated.
    """
    refuse_to_ask(as_json, yes)
    deployment = acting_as(find(stack), "Reviewer")
    ports = _ports(deployment)
    found = find_revocable(ports, by, since)
    if not found.sticky and not found.records and not as_json:
        results.print(plain(f"{by} made no decision since then that still stands."))
        return
    if not as_json:
        results.print(_records(found.records))
        if found.sticky:
            results.print(_sticky(found.sticky))
    if not yes:
        typer.confirm("Revoke all of this?", abort=True)
    withdrawn = withdraw(ports, found.sticky)
    again = find_revocable(ports, by, since)  # copies may have been decided until now
    requeued = 0
    with progress() as bar:
        requeuing = requeue(ports, again.records, deployment.caller)
        for record in bar.track(requeuing, total=len(again.records), description="Putting images back"):
            requeued += record.requeued
    left = len(again.records) - requeued
    if as_json:
        print_json({"withdrawn": withdrawn, "requeued": requeued, "left_alone": left})
        return
    results.print(f"{withdrawn} decisions don't stick any more; {requeued} images wait for another person.")
    if left:
        results.print(f"{left} changed meanwhile and were left alone: repeat the command.")


def _records(records: Sequence[Record]) -> Table:
    rows = table(("key", "version", "verdict", "decided", "decided by"), "Images that wait for another person then")
    for record in records:
        image = record.image
        decided = f"{record.decided_at} as of {record.as_of}" if record.as_of else record.decided_at
        rows.add_row(
            cell(image.key), cell(image.version), verdict_text(record.verdict), cell(decided), cell(record.decider)
        )
    return rows


def _sticky(decisions: Sequence[StickyDecision]) -> Table:
    rows = table(
        ("route", "verdict", "categories", "decided", "decided by"), "Decisions that don't stick any more then"
    )
    for decision in decisions:
        rows.add_row(
            cell(repr(decision.route)),
            verdict_text(decision.verdict),
            cell(", ".join(decision.categories)),
            cell(decision.decided_at),
            cell(decision.decided_by),
        )
    return rows


def _ports(deployment: Deployment) -> RevokePorts:
    return RevokePorts(
        bucket=deployment.intake_bucket,
        images=deployment.images,
        verdicts=deployment.verdicts,
        decisions=deployment.decisions,
        publisher=deployment.publisher,
    )
