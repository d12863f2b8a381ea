"""`moderate drift`: what changed from the week before to the last week."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer

from moderate.deployment import DEFAULT_STACK, StackOption, find
from moderate.output import JsonOption, cell, plain, print_json, results, table
from moderate.time_range import HELP, parse_time
from moderation.domain.drift import LEAST_RECORDS, Drift
from moderation.usecases.measure_drift import measure_drift

EXAMPLES = "Examples:\n\nmoderate drift\n\nmoderate drift --until 2026-11-08 --json"


def drift(
    until: Annotated[
        datetime | None, typer.Option(parser=parse_time, metavar="WHEN", help=f"End of the last week, {HELP}")
    ] = None,
    as_json: JsonOption = False,
    stack: StackOption = DEFAULT_STACK,
) -> None:
    """Show what changed from one week to the next: scores by question, flags by category, overturned verdicts.

    A model, prompt or pack that appeared or vanished is named first, since it explains most changes. A change is drift
    if chance alone makes it so large less than once in a thousand weeks.
    """
    deployment = find(stack)
    found = measure_drift(deployment.verdicts, deployment.intake_bucket, until or datetime.now(UTC))
    if as_json:
        print_json(asdict(found) | {"drifted": len(found.drifted)})
    else:
        _show(found)


def _show(found: Drift) -> None:
    for name in found.appeared:
        results.print(plain(f"New this week: {name}"))
    for name in found.vanished:
        results.print(plain(f"No longer used: {name}"))
    if not found.changes:
        results.print(f"Too few verdicts to compare: each of the two weeks needs {LEAST_RECORDS}.", soft_wrap=True)
        return
    rows = table(("kind", "of", "week before", "last week", "difference", ""), numbers=("week before", "last week"))
    for change in found.changes:
        rows.add_row(
            cell(change.kind),
            cell(change.name),
            f"{change.before:.3f}",
            f"{change.after:.3f}",
            f"{change.distance:.3f}",
            "drift" if change.is_drift else "",
        )
    results.print(rows)
