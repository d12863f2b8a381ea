"""`moderate show`: one record in full, or as a statement for the person concerned."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from moderate.deployment import DEFAULT_STACK, Deployment, StackOption, find
from moderate.notice import notice
from moderate.output import cell, plain, print_json, probability, results, table, verdict_text
from moderate.provenance import first_applied, pack_of
from moderate.records import Record, cause_of, find_record, image_of

EXAMPLES = """Examples:

moderate show photo.jpg

moderate show photo.jpg --version 3HL4kqtJlcpXroDTDm --json

moderate show photo.jpg --notice
"""


def show(
    key: Annotated[str, typer.Argument(help="The object's key in the intake bucket.")],
    version: Annotated[str | None, typer.Option(help="The object's version; its current one by default.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the whole record as JSON.")] = False,
    as_notice: Annotated[
        bool, typer.Option("--notice", help="Print a statement of reasons for the person concerned.")
    ] = False,
    stack: StackOption = DEFAULT_STACK,
) -> None:
    """Show what was decided on an image, and everything that the verdict rests on."""
    if as_json and as_notice:
        raise typer.BadParameter("use either --json or --notice", param_hint="--notice")
    deployment = find(stack)
    record = _with_evidence(deployment, find_record(deployment, key, version))
    if as_json:
        print_json(record)
    elif as_notice:
        pack = pack_of(deployment, record)
        since = first_applied(deployment, record["policy"]["digest"]) if record.get("policy") else None
        results.print(plain(notice(record, pack, since)), soft_wrap=True)
    else:
        _show(record)


def _with_evidence(deployment: Deployment, record: Record) -> Record:
    """The record with evidence that was too long for its item."""
    if place := record.get("evidence_in"):
        return record | deployment.work.get_json(place)
    return record


def _show(record: Record) -> None:
    results.print(_facts(record))
    if record.get("evidence"):
        results.print(_evidence(record["evidence"]))
    for caption in record.get("captions", []):
        results.print(Text.assemble(("Caption ", "bold"), plain(f"({caption['view']}): {caption['text']}")))
    if record.get("shadow"):
        results.print(_shadows(record["shadow"]))
    if record.get("history"):
        results.print(_history(record))


def _facts(record: Record) -> Table:
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="bold")
    facts.add_column(overflow="fold")
    image = image_of(record)
    facts.add_row("image", cell(f"s3://{image.bucket}/{image.key}"))
    facts.add_row("version", cell(image.version))
    facts.add_row("verdict", verdict_text(record.get("verdict")))
    for name, value in _named(record):
        if value:
            facts.add_row(name, cell(value))
    return facts


def _named(record: Record) -> Iterator[tuple[str, Any]]:
    policy, models = record.get("policy"), record.get("models", {})
    yield "category", record.get("category")
    yield "strongest answer's", record.get("other_category")
    yield "reason", record.get("reason")
    yield "decided by", _decided_by(record)
    yield "cause", ": ".join(filter(None, cause_of(record) or ()))
    yield "uploaded", record.get("created_at")
    yield "decided", record.get("decided_at")
    yield "reference", record.get("reference")
    yield "policy", policy and f"{policy['name']} ({policy['digest']})"
    yield "models", ", ".join(f"{role}: {name}" for role, name in models.items())
    yield "prompt", record.get("prompt_version")
    yield "preprocessing", record.get("preprocessing_version")
    yield "shortened", "; ".join(record.get("shortened", []))
    yield "timings", ", ".join(f"{name.removesuffix('_ms')} {ms} ms" for name, ms in record.get("timings", {}).items())
    yield "announced", {True: "yes", False: "no: `moderate redrive` publishes it"}.get(record.get("notified"))  # type: ignore[arg-type]
    yield "execution", record.get("execution") or record.get("owner")


def _decided_by(record: Record) -> str | None:
    if record.get("decided_by") == "person":
        return f"person: {record['history'][-1]['who']}"
    return record.get("decided_by")


def _evidence(evidence: list[Mapping[str, Any]]) -> Table:
    rows = table(("view", "question", "answer", "P", "threshold", "over"), "Evidence", numbers=("P", "threshold"))
    for finding in evidence:
        rows.add_row(
            cell(finding["view"]),
            cell(finding["question"]),
            cell(finding["answer"]),
            probability(finding["p"]),
            probability(finding["threshold"]),
            Text("over", style="bold red") if finding["over"] else "",
        )
    return rows


def _shadows(shadows: Mapping[str, Mapping[str, Any]]) -> Table:
    rows = table(("pack", "verdict", "category", "reason"), "Shadow verdicts, without consequence")
    for name, shadow in shadows.items():
        rows.add_row(
            cell(name), verdict_text(shadow["verdict"]), cell(shadow.get("category")), cell(shadow.get("reason"))
        )
    return rows


def _history(record: Record) -> Table:
    rows = table(("when", "verdict", "category", "decided by", "reason"), "History")
    for entry in record["history"]:
        rows.add_row(
            cell(entry["at"]),
            verdict_text(entry["verdict"]),
            cell(entry.get("category")),
            cell(entry.get("who") or entry["decided_by"]),
            cell(entry.get("reason")),
        )
    return rows
