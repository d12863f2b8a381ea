"""`moderate upload`: upload images to the intake bucket and optionally wait for their verdicts."""

import mimetypes
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import Progress

from moderate.deployment import DEFAULT_STACK, Deployment, StackOption, find
from moderate.failures import FAILED, CommandFailed
from moderate.output import cell, errors, plain, print_json, probability, progress, results, table, verdict_text
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
_BATCH = 100  # DynamoDB's limit of records per read


@dataclass(frozen=True)
class UploadedFile:
    """A file that became an object version; `started` is when its upload began."""

    file: Path
    image: ImageRef
    started: datetime


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
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    stack: StackOption = DEFAULT_STACK,
) -> None:
    """Upload images to be moderated.

    Each upload creates a new version of its object, and each version gets its own verdict. With --wait the exit
    status is 0 if all have one, and 1 after the time-out.
    """
    if reference and not (reference.isascii() and reference.isprintable()):
        raise typer.BadParameter("use printable ASCII only: S3 keeps it as a header", param_hint="--reference")
    planned = _plan(paths, prefix)
    deployment = find(stack)
    with progress() as bar:
        uploads = _upload_all(deployment, planned, reference, bar)
        records = _wait_for_all(deployment, uploads, timeout, bar) if wait else {}
    if as_json:
        print_json([_plain_row(done, records.get(done.image)) for done in uploads])
    else:
        _show(uploads, records if wait else None)
    if wait:
        _name_undecided([done for done in uploads if done.image not in records], timeout)


def _plan(paths: Sequence[Path], prefix: str) -> dict[str, Path]:
    """Return the files to upload by their keys."""
    planned: dict[str, Path] = {}
    for root in paths:
        for file, name in _files(root):
            key = prefix + name
            if key in planned:
                raise CommandFailed(
                    f"{planned[key]} and {file} would both be uploaded as {key}: upload them one after the other, "
                    "each with a --prefix of its own."
                )
            planned[key] = file
    if not planned:
        raise CommandFailed("There are no files to upload under the given paths.")
    return planned


def _files(root: Path) -> Iterator[tuple[Path, str]]:
    if root.is_dir():
        for path in sorted(root.rglob("*")):
            if path.is_file():
                yield path, path.relative_to(root).as_posix()
    elif root.is_file():
        yield root, root.name
    else:
        raise CommandFailed(f"{root} is neither a file nor a folder.")


def _upload_all(
    deployment: Deployment, planned: dict[str, Path], reference: str | None, bar: Progress
) -> list[UploadedFile]:
    task = bar.add_task("Uploading", total=len(planned))
    with ThreadPoolExecutor(_WORKERS) as pool:
        pending = [pool.submit(_put, deployment, key, file, reference) for key, file in planned.items()]
        try:
            for done in as_completed(pending):
                done.result()
                bar.advance(task)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return [done.result() for done in pending]


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
    }


def _milliseconds(started: datetime, decided_at: str) -> int:
    return round((datetime.fromisoformat(decided_at) - started).total_seconds() * 1000)


def _name_undecided(undecided: Sequence[UploadedFile], timeout: float) -> None:
    if not undecided:
        return
    keys = "\n".join(f"  {plain(done.image.key)} (version {done.image.version})" for done in undecided)
    errors.print(f"{len(undecided)} without a verdict after {timeout:g} s; see `moderate show KEY` later:\n{keys}")
    raise typer.Exit(FAILED)
