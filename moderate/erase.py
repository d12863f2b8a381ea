"""`moderate erase`: delete an upload with everything stored about it, and leave a note."""

from collections.abc import Sequence
from contextlib import closing
from typing import Annotated

import typer

from moderate.deployment import DEFAULT_STACK, StackOption, find
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
from moderation.usecases.erase import ERASED, ErasePorts, Erasure, StoredVersion, erase, find_versions

EXAMPLES = """Examples:

moderate erase posts/17.jpg

moderate erase posts/17.jpg --version 3HL4kqtJlcpXroDTDm --yes
"""


def erase_object(
    key: Annotated[str, typer.Argument(help="The object's key in the intake bucket.")],
    version: Annotated[str | None, typer.Option(help="Only this version; all of them by default.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask before erasing.")] = False,
    as_json: JsonWithYesOption = False,
    stack: StackOption = DEFAULT_STACK,
) -> None:
    """Erase an object for good: its versions, records, evidence, work files, and references to it.

    A note without the key records who erased how much, and when. docs/security.md lists what isn't erased, such as
    backups. The command can be repeated after an error.
    """
    refuse_to_ask(as_json, yes)
    deployment = acting_as(find(stack), "Eraser")
    ports = ErasePorts(deployment.images, deployment.work, deployment.verdicts, deployment.decisions)
    versions = find_versions(ports, deployment.intake_bucket, key, version)
    if not versions and as_json:
        print_json({"erased": dict.fromkeys(ERASED, 0), "note": None})
        return
    if not versions:
        results.print(plain(f"There is nothing to erase: neither a version nor a record of {key}."))
        return
    if not yes:
        _show(versions)
        typer.confirm("Erase all of this for good?", abort=True)
    with progress() as bar, closing(erase(ports, versions, deployment.caller)) as erasing:
        *_, erasure = bar.track(erasing, total=len(versions), description="Erasing versions")
    note = f"s3://{deployment.output('WorkBucketName')}/{erasure.note}"
    if as_json:
        print_json({"erased": {kind: erasure.done[kind] for kind in ERASED}, "note": note})
        return
    _show_counts(erasure)
    results.print(plain(f"Noted in {note}."))


def _show_counts(erasure: Erasure) -> None:
    counts = table(("erased", "number"), numbers=("number",))
    for kind in ERASED:
        counts.add_row(kind, str(erasure.done[kind]))
    results.print(counts)


def _show(versions: Sequence[StoredVersion]) -> None:
    rows = table(("version", "in the bucket", "uploaded (UTC)", "verdict"))
    for version in versions:
        record = version.record
        rows.add_row(
            cell(version.image.version),
            version.stored or "gone",
            cell(record.created_at[:19].replace("T", " ") if record else ""),
            verdict_text(record.verdict if record else "no record"),
        )
    results.print(rows)
