"""`moderate upload`: upload images to the intake bucket and optionally wait for their verdicts."""

import mimetypes
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from botocore.exceptions import ClientError
from rich.progress import Progress

from moderate.deployment import DEFAULT_STACK, Deployment, StackOption, find
from moderate.failures import FAILED, STALE, CommandFailed, sentence
from moderate.output import (
    JsonOption,
    cell,
    errors,
    plain,
    print_json,
    probability,
    progress,
    results,
    table,
    verdict_text,
)
from moderate.upload_plan import plan_upload
from moderation.adapters.faults import code_of
from moderation.domain.image_ref import ImageRef
from moderation.domain.record import Record

EXAMPLES = """Examples:

moderate upload photo.jpg --wait

moderate upload holiday/ --prefix albums/2026/ --wait --timeout 600

moderate upload avatar.png --reference user-4711 --json
"""
_WORKERS = 8  # uploads at a time
_POLL_SECONDS = 0.25
_SLOWEST_POLL_SECONDS = 2.0
_LONGEST_KEY = 1024  # bytes of UTF-8: "Naming Amazon S3 objects"
_BATCH = 100  # DynamoDB's limit of records per read


@dataclass(frozen=True)
class UploadedFile:
    """A file that became an object version; `started` is when its upload began."""

    file: Path
    image: ImageRef
    started: datetime


@dataclass(frozen=True)
class _Unsent:
    """A file that can't be sent, and why."""

    file: Path
    reason: str


def upload(
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="FILES|DIRS", exists=True, help="Images, or folders whose files are uploaded."),
    ],
    prefix: Annotated[str, typer.Option(help="Prefix for the objects' keys.")] = "",
    reference: Annotated[
        str | None, typer.Option(help="Your own id for these images, returned in records and messages.")
    ] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Wait for the verdicts and show them.")] = False,
    timeout: Annotated[float, typer.Option(min=1, help="Maximum seconds to wait.")] = 300,
    as_json: JsonOption = False,
    stack: StackOption = DEFAULT_STACK,
) -> None:
    """Upload images to be moderated.

    Each upload creates a new version of its object, and each version gets its own verdict. Of a folder, hidden files
    and folders are skipped. A file that can't be sent is named, and the others are sent. The exit status is 1 if there
    was one and, with --wait, if not all have a verdict at the time-out.
    """
    if reference and not (reference.isascii() and reference.isprintable()):
        raise typer.BadParameter("use printable ASCII only: S3 keeps it as a header", param_hint="--reference")
    plan = plan_upload(paths, prefix)
    deployment = find(stack)
    with progress() as bar:
        sent = _upload_all(deployment, plan.files, reference, bar)
        uploads = [done for done in sent if isinstance(done, UploadedFile)]
        unsent = [_Unsent(file, reason) for file, reason in plan.unsent.items()]
        unsent += [done for done in sent if isinstance(done, _Unsent)]
        records = _wait_for_all(deployment, uploads, timeout, bar) if wait else {}
    if as_json:
        rows = [_plain_row(done, records.get(done.image)) for done in uploads]
        print_json([*rows, *(_unsent_row(failed) for failed in unsent)])
    elif uploads:
        _show(uploads, records if wait else None)
    _name_unsent(unsent)
    undecided = [done for done in uploads if done.image not in records] if wait else []
    _name_undecided(undecided, timeout)
    if unsent or undecided:
        raise typer.Exit(FAILED)


def _upload_all(
    deployment: Deployment, planned: Mapping[str, Path], reference: str | None, bar: Progress
) -> list["UploadedFile | _Unsent"]:
    task = bar.add_task("Uploading", total=len(planned))
    with ThreadPoolExecutor(_WORKERS) as pool:
        pending = [pool.submit(_send, deployment, key, file, reference) for key, file in planned.items()]
        try:
            for done in as_completed(pending):
                done.result()
                bar.advance(task)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return [done.result() for done in pending]


def _send(deployment: Deployment, key: str, file: Path, reference: str | None) -> "UploadedFile | _Unsent":
    """Upload a file, or return why it can't be sent. Raises errors that concern all files."""
    length = len((deployment.intake_prefix + key).encode())
    if length > _LONGEST_KEY:
        return _Unsent(file, f"its key has {length} bytes, and S3 takes {_LONGEST_KEY} at most")
    try:
        return _put(deployment, key, file, reference)
    except ClientError as error:
        if code_of(error) in STALE or code_of(error) == "NoSuchBucket":
            raise
        return _Unsent(file, sentence(error))
    except OSError as error:
        return _Unsent(file, error.strerror or str(error))


def _put(deployment: Deployment, key: str, file: Path, reference: str | None) -> UploadedFile:
    bucket, whole_key = deployment.intake_bucket, deployment.intake_prefix + key
    started = datetime.now(UTC)
    with file.open("rb") as body:
        put = deployment.s3.put_object(
            Bucket=bucket,
            Key=whole_key,
            Body=body,
            ContentType=mimetypes.guess_type(file.name)[0] or "application/octet-stream",
            Metadata={"reference": reference} if reference else {},
        )
    if "VersionId" not in put:
        raise CommandFailed(f"Bucket {bucket} isn't versioned, so its objects get no verdicts: turn versioning on.")
    return UploadedFile(file, ImageRef(bucket, whole_key, put["VersionId"]), started)


def _wait_for_all(
    deployment: Deployment, uploads: Sequence[UploadedFile], timeout: float, bar: Progress
) -> dict[ImageRef, Record]:
    """Return the records that have a verdict by the end of the time-out."""
    task = bar.add_task("Waiting for verdicts", total=len(uploads))
    decided: dict[ImageRef, Record] = {}
    deadline, pause = time.monotonic() + timeout, _POLL_SECONDS
    while True:
        pending = [done.image for done in uploads if done.image not in decided]
        for start in range(0, len(pending), _BATCH):
            found = deployment.verdicts.get_many(pending[start : start + _BATCH])
            decided |= {image: record for image, record in found.items() if record.verdict}
        bar.update(task, completed=len(decided))
        remaining = deadline - time.monotonic()
        if len(decided) == len(uploads) or remaining <= 0:
            return decided
        time.sleep(min(pause, remaining))
        pause = min(pause * 1.1, _SLOWEST_POLL_SECONDS)


def _show(uploads: Sequence[UploadedFile], records: dict[ImageRef, Record] | None) -> None:
    if records is None:
        listed = table(("image", "key", "version"))
        for done in uploads:
            listed.add_row(cell(done.file), cell(done.image.key), cell(done.image.version))
    else:
        listed = table(("image", "verdict", "category", "reason", "score", "view", "ms"), numbers=("score", "ms"))
        for done in uploads:
            row = _plain_row(done, records.get(done.image))
            listed.add_row(
                cell(done.file),
                verdict_text(row["verdict"]),
                cell(row["category"]),
                cell(row["reason"]),
                probability(row["score"]),
                cell(row["view"]),
                cell(row["ms"]),
            )
    results.print(listed)


def _plain_row(done: UploadedFile, record: Record | None) -> dict[str, Any]:
    record = record or Record(image=done.image)
    top = record.top_finding or {}
    return {
        "file": str(done.file),
        "key": done.image.key,
        "version": done.image.version,
        "verdict": record.verdict,
        "category": record.category,
        "reason": record.reason,
        "score": top.get("score"),
        "view": top.get("view"),
        "ms": _milliseconds(done.started, record.decided_at) if record.decided_at else None,
        "error": None,
    }


def _unsent_row(failed: _Unsent) -> dict[str, Any]:
    names = ("key", "version", "verdict", "category", "reason", "score", "view", "ms")
    return {"file": str(failed.file), **dict.fromkeys(names), "error": failed.reason}


def _milliseconds(started: datetime, decided_at: str) -> int:
    return round((datetime.fromisoformat(decided_at) - started).total_seconds() * 1000)


def _name_undecided(undecided: Sequence[UploadedFile], timeout: float) -> None:
    if not undecided:
        return
    keys = "\n".join(f"  {plain(done.image.key)} (version {done.image.version})" for done in undecided)
    errors.print(f"{len(undecided)} without a verdict after {timeout:g} s; see `moderate show KEY` later:\n{keys}")


def _name_unsent(unsent: Sequence[_Unsent]) -> None:
    for failed in unsent:
        errors.print(plain(f"Not sent: {failed.file}: {failed.reason.rstrip('.')}."), soft_wrap=True)
