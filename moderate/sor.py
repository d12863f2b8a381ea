"""`moderate sor`: statements of reasons for the EU's DSA Transparency Database."""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from moderate.deployment import DEFAULT_STACK, Deployment, StackOption, find
from moderate.failures import FAILED, CommandFailed
from moderate.output import JsonOption, cell, errors, print_json, progress, results, table
from moderate.roles import acting_as
from moderate.time_range import HELP, parse_time
from moderation.domain.record import utc
from moderation.usecases.export_statements import Exported, ExportPorts, batches, export_statements, find_decisions

if TYPE_CHECKING:
    from jsonschema import ValidationError

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Write statements of reasons for the EU's DSA Transparency Database.",
)
EXAMPLES = """Examples:

moderate sor export --since 2026-11-01 --until 2026-11-08 --out statements/

moderate sor export --since 2h --out statements/ --json
"""
_FILE = "statements-{:04}.json"
_INDEX_LAG = timedelta(minutes=1)


@app.callback()
def sor() -> None:
    """Write statements of reasons for the EU's DSA Transparency Database."""


@app.command("export", epilog=EXAMPLES)
def export(
    since: Annotated[datetime, typer.Option(parser=parse_time, metavar="WHEN", help=f"Oldest decision, {HELP}")],
    out: Annotated[Path, typer.Option(help="Folder for the files, new or without an earlier export.", file_okay=False)],
    until: Annotated[
        datetime | None,
        typer.Option(
            parser=parse_time,
            metavar="WHEN",
            help="Decisions before this time, at the latest before the last minute, which the indexes may lack.",
        ),
    ] = None,
    as_json: JsonOption = False,
    stack: StackOption = DEFAULT_STACK,
) -> None:
    """Write a statement for each `unsafe` verdict decided since a time, in files of at most 100.

    Each file is the body of one call of the database's API (`POST /api/v1/statements`); nothing is sent. A statement
    that the database would reject is left out and listed with the reason, because one bad statement rejects its whole
    batch; the exit status is 1 then. The same decision always has the same identifier (`puid`), and the database
    accepts it once: start the next export where this one ended. Escalated images are left out.
    """
    known = datetime.now(UTC) - _INDEX_LAG
    until = min(until or known, known)
    if since > until:
        raise typer.BadParameter(
            "it is later than --until, or in the last minute, which the indexes may lack", param_hint="--since"
        )
    if any(out.glob(_FILE.replace("{:04}", "*"))):
        raise CommandFailed(f"{out} has an earlier export, which this one would mix with: name another folder.")
    deployment = acting_as(find(stack), "Reviewer")
    exported = _export(deployment, since, until)
    written = _write(out, batches(exported))
    left_out = sorted((one for one in exported if one.statement is None), key=lambda one: str(one.record.decided_at))
    if as_json:
        print_json(_report(exported, written, left_out, since, until))
    else:
        _show(exported, written, left_out, until)
    if left_out:
        errors.print(
            f"{len(left_out)} of {len(exported)} decisions were left out, and no later export has them: before you "
            "send these files, mend what is named, and export the same time again to another folder."
        )
        raise typer.Exit(FAILED)


def _export(deployment: Deployment, since: datetime, until: datetime) -> list[Exported]:
    ports = ExportPorts(deployment.images, deployment.work, deployment.policies, deployment.verdicts, _schema_check())
    bucket = deployment.intake_bucket
    with progress() as bar:
        listing = bar.add_task("Finding decisions", total=None)
        images = find_decisions(deployment.verdicts, bucket, since, until)
        bar.update(listing, total=len(images), completed=len(images))
        made = export_statements(ports, bucket, images, since, until)
        return list(bar.track(made, total=len(images), description="Writing statements"))


def _schema_check() -> Callable[[Mapping[str, Any]], list[str]]:
    """Return the function that lists what the database's schema has against a statement."""
    from jsonschema import Draft202012Validator  # a quarter of the time in which every other command starts

    schema = json.loads(files("moderation").joinpath("schemas/sor.schema.json").read_text("utf-8"))
    validator = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
    return lambda statement: [f"{error.json_path}: {_said(error)}." for error in validator.iter_errors(statement)]


def _said(error: "ValidationError") -> str:
    """Return what is wrong, without a pattern, which says nothing to people."""
    if error.validator == "pattern":
        return f"{error.instance!r} isn't of the form that the database takes"
    return error.message


def _write(out: Path, wanted: Sequence[Sequence[Mapping[str, Any]]]) -> list[Path]:
    """Write the files; returns their paths."""
    written = []
    for number, batch in enumerate(wanted, 1):
        out.mkdir(parents=True, exist_ok=True)
        path = out / _FILE.format(number)
        path.write_text(json.dumps({"statements": batch}, indent=2, ensure_ascii=False) + "\n", "utf-8")
        written.append(path)
    return written


def _show(exported: Sequence[Exported], written: Sequence[Path], left_out: Sequence[Exported], until: datetime) -> None:
    if not exported:
        results.print("No decision in this time restricted an image.")
        return
    counted = Counter(str(one.record.category) for one in exported if one.statement)
    if counted:
        rows = table(("category", "statements"), numbers=("statements",))
        for category, number in sorted(counted.items()):
            rows.add_row(cell(category), str(number))
        results.print(rows)
    if left_out:
        results.print(_left_out(left_out))
    for path in written:
        results.print(cell(f"Written: {path}"))
    results.print(f"The next export starts with --since {utc(until)}")


def _left_out(records: Sequence[Exported]) -> Table:
    rows = table(("decided", "key", "version", "why"), "Left out, because the database would reject them")
    for one in records:
        image = one.record.image
        rows.add_row(cell(one.record.decided_at), cell(image.key), cell(image.version), cell(one.why))
    return rows


def _report(
    exported: Sequence[Exported],
    written: Sequence[Path],
    left_out: Sequence[Exported],
    since: datetime,
    until: datetime,
) -> dict[str, Any]:
    return {
        "since": utc(since),
        "until": utc(until),
        "statements": len(exported) - len(left_out),
        "files": [str(path) for path in written],
        "left_out": [
            {"key": one.record.image.key, "version": one.record.image.version, "why": one.why} for one in left_out
        ],
    }
