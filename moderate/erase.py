"""`moderate erase`: delete an upload with all that is kept of it, and note that it was done."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from moderate.deployment import DEFAULT_STACK, StackOption, find
from moderate.erasure import COUNTED, Erasure, Trace
from moderate.erasure_note import ErasureNote
from moderate.failures import CommandFailed
from moderate.output import cell, plain, progress, results, table, verdict_text
from moderate.roles import acting_as

EXAMPLES = """Examples:

moderate erase posts/17.jpg

moderate erase posts/17.jpg --version 3HL4kqtJlcpXroDTDm --yes
"""


def erase(
    key: Annotated[str, typer.Argument(help="The object's key in the intake bucket.")],
    version: Annotated[str | None, typer.Option(help="Only this version; all of them by default.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask before erasing.")] = False,
    stack: StackOption = DEFAULT_STACK,
) -> None:
    """Erase an object for good: its versions, records, evidence, work files, and references to it.

    A note without the key says who erased how much, and when. What outlives it, such as backups, stands in
    docs/operations.md. After an error it can be repeated.
    """
    deployment = acting_as(find(stack), "Eraser")
    erasure = Erasure(deployment)
    traces = erasure.traces(key, version)
    if not traces:
        results.print(plain(f"There is nothing to erase: neither a version nor a record of {key}."))
        return
    _refuse_what_is_under_way(traces)
    if not yes:
        _show(traces)
        typer.confirm("Erase all of this for good?", abort=True)
    note = ErasureNote(deployment.work, deployment.caller, datetime.now(UTC))
    note.start()  # before anything goes: nothing is erased without a note of it
    finished = None
    try:
        with progress() as bar:
            for trace in bar.track(traces, description="Erasing versions"):
                erasure.erase(trace)
        finished = datetime.now(UTC)
    finally:  # what was erased before an error is noted too
        note.end(erasure.done, finished)
    counts = table(("erased", "how many"), numbers=("how many",))
    for kind in COUNTED:
        counts.add_row(kind, str(erasure.done[kind]))
    results.print(counts)
    results.print(plain(f"Noted in s3://{deployment.output('WorkBucketName')}/{note.prefix}."))


def _refuse_what_is_under_way(traces: list[Trace]) -> None:
    """An execution that still runs would write its record again."""
    claimed = [trace.image for trace in traces if trace.record and trace.record["status"] == "claimed"]
    if claimed:
        versions = ", ".join(image.version for image in claimed)
        raise CommandFailed(
            f"{claimed[0].key} is being moderated just now (version {versions}): erase it once it has a verdict. "
            "`moderate show KEY` tells; an execution that vanished is recorded within half an hour."
        )


def _show(traces: list[Trace]) -> None:
    rows = table(("version", "in the bucket", "uploaded (UTC)", "verdict"))
    for trace in traces:
        record = trace.record or {}
        rows.add_row(
            cell(trace.image.version),
            trace.stored or "gone",
            cell(str(record.get("created_at", ""))[:19].replace("T", " ")),
            verdict_text(record.get("verdict", "no record")),
        )
    results.print(rows)
