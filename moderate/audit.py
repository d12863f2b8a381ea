"""`moderate audit`: the audit log of the review console."""

import json
import re
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from moderate.deployment import DEFAULT_STACK, StackOption, find
from moderate.failures import FAILED, CommandFailed
from moderate.output import JsonOption, errors, plain, print_json, results
from moderate.roles import acting_as
from moderate.time_range import HELP, parse_time
from moderation.domain.audit import AuditFile, digest_of
from moderation.usecases.check_audit import AuditCheck, verify_audit

app = typer.Typer(no_args_is_help=True, rich_markup_mode="markdown", help="Check and export the audit log.")
EXAMPLES = """Examples:

moderate audit verify --since 30d

moderate audit export --since 2026-11-01 --out audit.jsonl

moderate audit export --since 2026-11-01 --out s3://our-records/moderation/audit.jsonl
"""
SinceOption = Annotated[
    datetime, typer.Option(parser=parse_time, metavar="WHEN", help=f"Oldest day (UTC), as the day of {HELP}")
]
_S3 = re.compile(r"s3://([^/]+)/(.+[^/])")


@app.callback()
def audit() -> None:
    """Check and export the audit log."""


@app.command("verify", epilog=EXAMPLES)
def verify(
    since: SinceOption = "30d",  # type: ignore[assignment]  # the parser makes a time of it
    as_json: JsonOption = False,
    stack: StackOption = DEFAULT_STACK,
) -> None:
    """Check that no entry is missing, was changed, or was added afterwards. The exit status is 1 if one is."""
    checked = verify_audit(acting_as(find(stack), "Auditor").audit_reader, f"{since:%Y-%m-%d}", datetime.now(UTC))
    if as_json:
        print_json(
            {
                "entries": checked.entries,
                "chains": checked.chains,
                "faults": list(checked.faults),
                "explained": list(checked.explained),
            }
        )
    else:
        for fault in checked.explained:
            results.print(plain(f"Explained: {fault}"))
        results.print(f"{checked.entries} entries in {checked.chains} chains, {len(checked.faults)} faults.")
    _tell_faults(checked)


@app.command("export", epilog=EXAMPLES)
def export(
    since: SinceOption,
    out: Annotated[str, typer.Option(help="A new file, or s3://BUCKET/KEY, which your own rights must let you write.")],
    stack: StackOption = DEFAULT_STACK,
) -> None:
    """Write all entries since a day as JSON lines, each with its key and hash, and check them on the way.

    There is no limit to their number. The exit status is 1 if the log has a fault; the file is complete all the same.
    """
    deployment = find(stack)
    reader, day, now = acting_as(deployment, "Auditor").audit_reader, f"{since:%Y-%m-%d}", datetime.now(UTC)
    if place := _S3.fullmatch(out):
        with tempfile.TemporaryFile() as file:
            checked = verify_audit(reader, day, now, _writer(file))
            file.seek(0)
            deployment.s3.upload_fileobj(file, place[1], place[2])
    elif out.startswith("s3://") or Path(out).exists():
        raise CommandFailed(f"{out} can't be written: name a new file, or s3://BUCKET/KEY.")
    else:
        with Path(out).open("xb") as file:
            checked = verify_audit(reader, day, now, _writer(file))
    results.print(plain(f"{checked.entries} entries are in {out}."))
    _tell_faults(checked)


def _writer(file: BinaryIO) -> Callable[[AuditFile], None]:
    def write(entry: AuditFile) -> None:
        stored = entry.body.decode(errors="replace")
        whole = {"sha256": digest_of(entry.body), "entry": stored}
        line = {"key": entry.key, **({"unread": entry.unread} if entry.unread else whole)}
        file.write(json.dumps(line).encode() + b"\n")

    return write


def _tell_faults(checked: AuditCheck) -> None:
    for fault in checked.faults:
        errors.print(plain(fault))
    if checked.faults:
        raise typer.Exit(FAILED)
