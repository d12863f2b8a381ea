"""`moderate verdicts`: list verdicts, newest upload first, reviews oldest first."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import typer
from rich.table import Table

from moderate.deployment import DEFAULT_STACK, StackOption, find
from moderate.output import JsonOption, cell, errors, print_json, results, table, verdict_text
from moderate.time_range import HELP, parse_time
from moderation.domain.record import Record
from moderation.usecases.list_records import Listing, Wanted, list_records

EXAMPLES = """Examples:

moderate verdicts --verdict review

moderate verdicts --verdict review --cause disagreement --prefix avatars/

moderate verdicts --category Violence --since 2h

moderate verdicts --uploader user-9 --verdict unsafe --since 90d

moderate verdicts --since 2026-11-01 --until 2026-11-08 --limit 1000 --json
"""
VERDICTS = ("safe", "unsafe", "review")
_LISTED = ("reason", "decided_by", "needs", "created_at", "decided_at", "reference", "uploader", "policy", "notified")


def verdicts(
    verdict: Annotated[Literal["safe", "unsafe", "review"] | None, typer.Option(help="Only this verdict.")] = None,
    category: Annotated[str | None, typer.Option(help="Only this category of the policy.")] = None,
    decided_by: Annotated[
        Literal["judge", "evidence", "failure", "person"] | None, typer.Option(help="Only what this decided.")
    ] = None,
    policy: Annotated[
        str | None, typer.Option(help="Only under this pack, by its name or the start of its digest.")
    ] = None,
    prefix: Annotated[str, typer.Option(help="Only objects whose keys start so.")] = "",
    cause: Annotated[
        str | None,
        typer.Option(help="Only reviews with this cause: an error's name, or as `moderate status` names it."),
    ] = None,
    uploader: Annotated[
        str | None, typer.Option(help="Only uploads by this uploader, as in `x-amz-meta-uploader`.")
    ] = None,
    since: Annotated[datetime, typer.Option(parser=parse_time, metavar="WHEN", help=f"Oldest upload, {HELP}")] = "7d",  # type: ignore[assignment]
    until: Annotated[datetime | None, typer.Option(parser=parse_time, metavar="WHEN", help="Newest upload.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="Maximum number of verdicts.")] = 50,
    as_json: JsonOption = False,
    stack: StackOption = DEFAULT_STACK,
) -> None:
    """List verdicts, newest upload first; with `--verdict review` the oldest first.

    Files that can't be moderated as they are, and wait for another upload, are listed apart, after the pictures.
    """
    until = until or datetime.now(UTC)
    if since > until:
        raise typer.BadParameter("--since is later than --until", param_hint="--since")
    if cause and verdict not in (None, "review"):
        raise typer.BadParameter("only reviews have a cause", param_hint="--cause")
    reviews = ("review",) if cause else VERDICTS
    wanted = Wanted(
        since=since,
        until=until,
        limit=limit,
        verdicts=(verdict,) if verdict else reviews,
        uploader=uploader,
        category=category,
        decided_by=decided_by,
        policy=policy,
        prefix=prefix,
        cause=cause,
    )
    deployment = find(stack)
    listing = list_records(deployment.verdicts, deployment.intake_bucket, wanted)
    if as_json:
        print_json([_plain_row(record) for record in listing.records])
        if not listing.is_whole:
            errors.print(*_numbers(listing))
    else:
        _show(listing)


def _show(listing: Listing) -> None:
    if listing.pictures:
        results.print(_rows(listing.pictures))
    if listing.unusable:
        results.print(_rows(listing.unusable, "Unusable files: their uploaders have to send others"))
    results.print(*_numbers(listing))


def _rows(records: Sequence[Record], title: str | None = None) -> Table:
    rows = table(("uploaded (UTC)", "key", "version", "verdict", "category", "decided by", "reason"), title)
    for record in records:
        rows.add_row(
            cell(record.created_at[:19].replace("T", " ")),
            cell(record.image.key),
            cell(record.image.version),
            verdict_text(record.verdict),
            cell(record.category),
            cell(f"{record.decided_by}, needs {record.needs}" if record.needs else record.decided_by),
            cell(record.reason),
        )
    return rows


def _numbers(listing: Listing) -> list[str]:
    """Say how many match, as "50 of 63 verdicts"."""
    sentences = []
    more = "" if listing.counted else " or more"
    for kind, listed, number in (
        ("verdicts", listing.pictures, listing.all_pictures),
        ("unusable files", listing.unusable, listing.all_unusable),
    ):
        if number:
            rest = "; --limit shows more" if len(listed) < number else ""
            sentences.append(f"{len(listed)} of {number}{more} {kind}{rest}.")
    return sentences or ["No verdicts match."]


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
