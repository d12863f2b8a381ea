"""`moderate sample`: a random sample of verdicts for people to look at."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer

from moderate.deployment import DEFAULT_STACK, Deployment, StackOption, find
from moderate.output import JsonOption, cell, print_json, results, table, verdict_text
from moderate.roles import acting_as
from moderate.time_range import HELP, parse_time
from moderation.domain.record import Record, utc
from moderation.usecases.draw_sample import SampledStratum, draw_sample
from moderation.usecases.read_all import read_all

EXAMPLES = """Examples:

moderate sample --since 7d

moderate sample --since 2026-11-01 --until 2026-11-08 --safe 500 --unsafe 100

moderate sample --waiting
"""


def sample(
    since: Annotated[datetime, typer.Option(parser=parse_time, metavar="WHEN", help=f"Oldest upload, {HELP}")] = "7d",  # type: ignore[assignment]
    until: Annotated[datetime | None, typer.Option(parser=parse_time, metavar="WHEN", help="Newest upload.")] = None,
    safe: Annotated[int, typer.Option(min=0, help="Number of `safe` verdicts in the sample.")] = 200,
    unsafe: Annotated[int, typer.Option(min=0, help="Number of `unsafe` verdicts of each category.")] = 50,
    waiting: Annotated[bool, typer.Option("--waiting", help="List what nobody looked at yet; draws nothing.")] = False,
    as_json: JsonOption = False,
    stack: StackOption = DEFAULT_STACK,
) -> None:
    """Draw a random sample of the machine's `safe` and `unsafe` verdicts for people to look at.

    The verdicts stand, with tags and notifications as they are, until a person decides with `moderate decide`. The same
    draw again adds nothing, a larger one adds what it lacks. Each record stores the probability with which it was
    drawn, by which `moderate metrics` weighs what people say. The list of those that wait doesn't show the verdicts, so
    that nobody just agrees.
    """
    if waiting:
        _list_waiting(find(stack), as_json)
        return
    until = until or datetime.now(UTC)
    if since > until:
        raise typer.BadParameter("--since is later than --until", param_hint="--since")
    deployment = acting_as(find(stack), "Reviewer")
    drawn = draw_sample(
        deployment.verdicts,
        deployment.intake_bucket,
        utc(since),
        utc(until),
        {"safe": safe, "unsafe": unsafe},
        utc(datetime.now(UTC)),
    )
    if as_json:
        print_json([asdict(stratum) for stratum in drawn])
    else:
        _show(drawn)


def _show(drawn: list[SampledStratum]) -> None:
    if not drawn:
        results.print("No verdicts to draw from: only the machine's `safe` and `unsafe` ones are drawn.")
        return
    rows = table(("verdict", "category", "in the sample", "of", "new"), numbers=("in the sample", "of", "new"))
    for stratum in drawn:
        rows.add_row(
            verdict_text(stratum.verdict),
            cell(stratum.category),
            str(stratum.items),
            str(stratum.of),
            str(stratum.added),
        )
    results.print(rows)


def _list_waiting(deployment: Deployment, as_json: bool) -> None:
    found = read_all(deployment.verdicts, deployment.intake_bucket, deployment.verdicts.sampled())
    records = sorted((record for record in found if not record.is_escalated), key=lambda record: record.created_at)
    if as_json:
        print_json([_row(record) for record in records])
        return
    if not records:
        results.print("Nothing waits.")
        return
    rows = table(("uploaded (UTC)", "key", "version"))
    for record in records:
        rows.add_row(cell(record.created_at[:19].replace("T", " ")), cell(record.image.key), cell(record.image.version))
    results.print(rows)


def _row(record: Record) -> dict[str, object]:
    return {"key": record.image.key, "version": record.image.version, "created_at": record.created_at}
