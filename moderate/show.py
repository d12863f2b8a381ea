"""`moderate show`: one record in full, or as a statement for the person concerned."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from moderate.deployment import DEFAULT_STACK, Deployment, StackOption, find
from moderate.output import cell, plain, print_json, probability, results, table, verdict_text
from moderate.reader import text_table
from moderate.records import find_by_reference, find_record
from moderation.domain.notice import notice
from moderation.domain.reading.text import reading_from_json
from moderation.domain.record import Record
from moderation.domain.work_files import pack_file
from moderation.usecases.state_reasons import state_reasons
from moderation.usecases.with_evidence import with_evidence

EXAMPLES = """Examples:

moderate show photo.jpg

moderate show photo.jpg --version 3HL4kqtJlcpXroDTDm --json

moderate show photo.jpg --notice

moderate show photo.jpg --notice --json

moderate show --reference post-17
"""


def show(
    key: Annotated[str | None, typer.Argument(help="The object's key in the intake bucket.")] = None,
    version: Annotated[str | None, typer.Option(help="The object's version; its current one by default.")] = None,
    reference: Annotated[
        str | None, typer.Option(help="Instead of a key: the newest upload with this `x-amz-meta-reference`.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the whole record, or the statement, as JSON.")] = False,
    as_notice: Annotated[
        bool, typer.Option("--notice", help="Print a statement of reasons for the person concerned.")
    ] = False,
    stack: StackOption = DEFAULT_STACK,
) -> None:
    """Show the decision on an image, and everything that it is based on."""
    if bool(key) == bool(reference):
        raise typer.BadParameter("name the image by its key or by its reference", param_hint="--reference")
    if reference and version:
        raise typer.BadParameter("a version belongs to a key", param_hint="--version")
    deployment = find(stack)
    found = find_record(deployment, key, version) if key else find_by_reference(deployment, str(reference))
    if as_notice:
        since = _first_applied(deployment, found.policy["digest"]) if found.policy else None
        stated = state_reasons(deployment.work, deployment.policies, found, since)
        if as_json:
            print_json(stated.data())
        else:
            results.print(plain(notice(stated)), soft_wrap=True)
        return
    record = with_evidence(deployment.work, found)
    if as_json:
        print_json(record.attributes())
    else:
        _show(record)
        if found.evidence_in and not record.evidence_in and record.evidence is None:
            results.print("Its evidence, which had a file of its own, is no longer kept.")


def _first_applied(deployment: Deployment, digest: str) -> datetime:
    """Return the time at which a pack was first applied to an image, which is when it was stored."""
    head = deployment.s3.head_object(Bucket=deployment.output("WorkBucketName"), Key=pack_file(digest))
    return head["LastModified"]


def _show(record: Record) -> None:
    results.print(_facts(record))
    if record.evidence:
        results.print(_evidence(record))
    for caption in record.captions:
        results.print(Text.assemble(("Caption ", "bold"), plain(f"({caption['view']}): {caption['text']}")))
    if record.reading:
        results.print(_text(record.reading))
    if record.shadow:
        results.print(_shadows(record.shadow))
    if record.history:
        results.print(_history(record))


def _facts(record: Record) -> Table:
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="bold")
    facts.add_column(overflow="fold")
    facts.add_row("image", cell(f"s3://{record.image.bucket}/{record.image.key}"))
    facts.add_row("version", cell(record.image.version))
    facts.add_row("verdict", verdict_text(record.verdict))
    for name, value in _named(record):
        if value:
            facts.add_row(name, cell(value))
    return facts


def _named(record: Record) -> Iterator[tuple[str, Any]]:
    policy = record.policy
    yield "category", ", ".join(record.all_categories)
    yield "top finding's", record.other_category
    yield "reason", record.reason
    yield "decided by", _decided_by(record)
    yield "needs", record.needs
    yield "row", record.row
    yield "cause", ": ".join(filter(None, record.failure or ()))
    yield "uploaded", record.created_at
    yield "decided", record.decided_at
    yield "reference", record.reference
    yield "uploader", record.uploader
    yield "policy", policy and f"{policy['name']} ({policy['digest']})"
    yield "models", ", ".join(f"{role}: {name}" for role, name in record.models.items())
    yield "prompt", record.prompt_version
    yield "preprocessing", record.preprocessing_version
    yield "looked at", _looked_at(record.looked_at or {})
    for name in ("unseen", "unread", "shrunk"):
        yield name, " ".join((record.looked_at or {}).get(name, ()))
    yield "shortened", "; ".join(record.shortened)
    yield "timings", ", ".join(f"{name.removesuffix('_ms')} {ms} ms" for name, ms in record.timings.items())
    yield "notified", _notified(record)
    yield "execution", record.execution or record.owner


def _looked_at(looked_at: Mapping[str, Any]) -> str:
    """Names of the views, and the number of frames in a file of several."""
    names = ", ".join(view["name"] for view in looked_at.get("views", ()))
    frames = looked_at.get("frames") or 1
    return f"{names} (of {frames} frames)" if frames > 1 else names


def _notified(record: Record) -> str | None:
    if record.notified is None:
        return None
    return "yes" if record.notified else "no: `moderate redrive` publishes it"


def _decided_by(record: Record) -> str | None:
    if record.decided_by != "person":
        return record.decided_by
    as_of = f", as of {record.as_of}, on a file with the same content" if record.as_of else ""
    return f"person: {record.decider}{as_of}"


def _text(reading: Mapping[str, Any]) -> Table:
    """The text that was read, with what the detectors found in it; boxes are left, top, right, bottom in pixels."""
    return text_table(reading_from_json(reading))


def _evidence(record: Record) -> Table:
    columns = ("view", "question", "answer", "score", "threshold", "over")
    rows = table(columns, "Evidence", numbers=("score", "threshold"))
    for finding in record.findings:
        rows.add_row(
            cell(finding["view"]),
            cell(finding["question"]),
            cell(finding.get("text")),
            probability(finding["score"]),
            probability(finding["threshold"]),
            Text("over", style="bold red") if finding["over"] else "",
        )
    return rows


def _shadows(shadows: Mapping[str, Mapping[str, Any]]) -> Table:
    rows = table(("pack", "verdict", "category", "reason"), "Shadow verdicts, without effect")
    for name, shadow in shadows.items():
        rows.add_row(
            cell(name), verdict_text(shadow["verdict"]), cell(shadow.get("category")), cell(shadow.get("reason"))
        )
    return rows


def _history(record: Record) -> Table:
    rows = table(("when", "verdict", "category", "decided by", "reason"), "History")
    for entry in record.history:
        rows.add_row(
            cell(entry["at"]),
            verdict_text(entry["verdict"]),
            cell(entry.get("category")),
            cell(entry.get("who") or entry["decided_by"]),
            cell(entry.get("reason")),
        )
    return rows
