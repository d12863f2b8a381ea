"""`moderate verdicts`: list verdicts, newest upload first."""

from datetime import UTC, datetime
from itertools import islice
from typing import Annotated, Any, Literal

import typer

from moderate.deployment import DEFAULT_STACK, StackOption, find
from moderate.output import cell, print_json, results, table, verdict_text
from moderate.time_range import HELP, parse_time
from moderation.domain.record import Record
from moderation.usecases.list_records import newest_first, newest_of_uploader

EXAMPLES = """Examples:

moderate verdicts --verdict review

moderate verdicts --category Violence --since 2h

moderate verdicts --uploader user-9 --verdict unsafe --since 90d

moderate verdicts --since 2026-11-01 --until 2026-11-08 --limit 1000 --json
"""
VERDICTS = ("safe", "unsafe", "review")
_LISTED = ("reason", "decided_by", "needs", "created_at", "decided_at", "reference", "uploader", "policy", "notified")


def verdicts(
    verdict: Annotated[Literal["safe", "unsafe", "review"] | None, typer.Option(help="Only this verdict.")] = None,
    category: Annotated[str | None, typer.Option(help="Only this category of the policy.")] = None,
    uploader: Annotated[
        str | None, typer.Option(help="Only uploads by this uploader, as in `x-amz-meta-uploader`.")
    ] = None,
    since: Annotated[datetime, typer.Option(parser=parse_time, metavar="WHEN", help=f"Oldest upload, {HELP}")] = "7d",  # type: ignore[assignment]
    until: Annotated[datetime | None, typer.Option(parser=parse_time, metavar="WHEN", help="Newest upload.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="Maximum number of verdicts.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    stack: StackOption = DEFAULT_STACK,
) -> None:
    """List verdicts, newest upload first."""
    until = until or datetime.now(UTC)
    if since > until:
        raise typer.BadParameter("--since is later than --until", param_hint="--since")
    wanted = (verdict,) if verdict else VERDICTS
    deployment = find(stack)
    if uploader:
        found = newest_of_uploader(deployment.verdicts, deployment.intake_bucket, uploader, wanted, since, until)
    else:
        found = newest_first(deployment.verdicts, wanted, since, until)
    matching = (record for record in found if category is None or _is_of(record, category))
    listed = list(islice(matching, limit))
    if as_json:
        print_json([_plain_row(record) for record in listed])
        return
    rows = table(("uploaded (UTC)", "key", "verdict", "category", "decided by", "reason"))
    for record in listed:
        rows.add_row(
            cell(record.created_at[:19].replace("T", " ")),
            cell(record.image.key),
            verdict_text(record.verdict),
            cell(record.category),
            cell(f"{record.decided_by}, needs {record.needs}" if record.needs else record.decided_by),
            cell(record.reason),
        )
    results.print(rows if listed else "No verdicts match.")


def _is_of(record: Record, category: str) -> bool:
    return (record.category or "").casefold() == category.casefold()


def _plain_row(record: Record) -> dict[str, Any]:
    image = record.image
    return {
        "bucket": image.bucket,
        "key": image.key,
        "version": image.version,
        "verdict": record.verdict,
        "category": record.category,
        **{name: getattr(record, name) for name in _LISTED},
    }
