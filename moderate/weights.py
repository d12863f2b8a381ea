"""`moderate weights`: upload code and weights to one S3 prefix, for a BLIP-2 endpoint without network access."""

import hashlib
import json
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import boto3
import typer
from botocore.config import Config
from botocore.exceptions import ClientError
from rich.filesize import decimal
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from moderate.failures import CommandFailed
from moderate.output import JsonOption, cell, errors, print_json, results, table
from moderate.weights_source import checkpoint_files
from moderation.adapters.faults import code_of

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Upload BLIP-2's weights to your own S3 bucket.",
)
_PACKAGED, _CHECKED_OUT = Path(__file__).with_name("blip2"), Path(__file__).parents[1] / "model_artifacts/blip2"
_HANDLER = _PACKAGED if _PACKAGED.is_dir() else _CHECKED_OUT  # the wheel has the model's code within the package
_DESTINATION = re.compile(
    r"s3://(?!.*\$\{)([a-z0-9][a-z0-9.-]{0,62})/([^*?/](?:[^*?]*[^*?/])?)/?"
)  # as `-c blip2WeightsPrefix`
# Uploading gigabytes over a slow line may be interrupted.
_PATIENT = Config(retries={"mode": "standard", "total_max_attempts": 10})
_SHA256 = "sha256"
_BLOCK = 1 << 20
_NAMED = 5  # number of unknown objects that a message names


@dataclass(frozen=True)
class _Prefix:
    """Bucket and prefix of a model in S3; `prefix` ends with a slash."""

    bucket: str
    prefix: str

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}"

    def key(self, name: str) -> str:
        return self.prefix + name


@dataclass(frozen=True)
class _File:
    """Local file that belongs in S3 under `name`, with the hex digest of its content."""

    name: str
    path: Path
    size: int
    sha256: str


@app.command(
    epilog="Examples:\n\nmoderate weights push Salesforce/blip2-flan-t5-xl s3://my-bucket/blip2-flan-t5-xl/\n\n"
    "moderate weights push ./my-blip2 s3://my-bucket/my-blip2/ --dry-run"
)
def push(
    source: Annotated[str, typer.Argument(help="A folder with a BLIP-2 checkpoint, or its Hugging Face id.")],
    destination: Annotated[str, typer.Argument(help="A separate prefix for this model, such as s3://bucket/blip2/.")],
    revision: Annotated[
        str | None, typer.Option(help="Commit of a hub id. The hub id that deployments use by default is pinned.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only list what would be uploaded. A hub id is still downloaded.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Upload a checkpoint and the code that serves it, for an endpoint without network access.

    Run it again after an interruption: files that are complete in S3 are skipped, an interrupted one starts over.
    Use a new prefix for other weights: CloudFormation replaces a model only when its prefix changes.
    """
    target = _parse(destination)
    s3: S3Client = boto3.client("s3", config=_PATIENT)
    handler = _handler_files()
    there = _sizes(s3, target)
    paths = {**handler, **{path.name: path for path in checkpoint_files(source, revision or _pinned(source))}}
    _refuse_strangers(target, there.keys() - paths.keys())
    with _byte_progress() as bar:
        files = _digested(paths, bar)
    missing = [file for file in files if there.get(file.name) != file.size or not _is_there(s3, target, file)]
    if not dry_run:
        with _byte_progress() as bar:
            _upload(s3, target, missing, bar)
    if as_json:
        sent = {file.name for file in missing}
        named = [{"file": file.name, "size": file.size, "uploaded": file.name in sent} for file in files]
        print_json({"dry_run": dry_run, "destination": str(target), "files": named})
    elif dry_run:
        _list(files, missing)
    else:
        results.print(
            f"{len(missing)} files uploaded to {target}, {len(files) - len(missing)} were there. If you accept Meta's "
            "licence for Llama 2, deploy them with this command and your other settings:",
            soft_wrap=True,
        )
        results.print(_deploy_line(target), soft_wrap=True)


def _deploy_line(target: _Prefix) -> str:
    """Return the command for both stacks: the models are part of each verdict, so the pipeline needs the setting."""
    context = (f"blip2WeightsPrefix={target}", "acceptLlama2Eula=true")
    return shlex.join(["npx", "cdk", "deploy", "--all", *(part for pair in context for part in ("-c", pair))])


def _pinned(source: str) -> str | None:
    """Return the commit that deployments pin for the default hub id, so that both ways give the same weights."""
    weights: dict[str, str] = json.loads((_HANDLER / "weights.json").read_text())
    return weights["revision"] if source == weights["hub_id"] else None


def _parse(destination: str) -> _Prefix:
    match = _DESTINATION.fullmatch(destination)
    if not match:
        raise typer.BadParameter(
            "name an S3 prefix with a bucket and a folder, as in s3://bucket/blip2/", param_hint="DESTINATION"
        )
    return _Prefix(match[1], match[2] + "/")


def _handler_files() -> dict[str, Path]:
    """Return the code that serves the model, by its name under the prefix. The container has its requirements."""
    paths = [_HANDLER / "model.py", _HANDLER / "serving.properties", *sorted(_HANDLER.glob("blip2_serving/*.py"))]
    return {path.relative_to(_HANDLER).as_posix(): path for path in paths}


def _sizes(s3: "S3Client", target: _Prefix) -> dict[str, int]:
    """Return the bytes of each object under the prefix, by its name there."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=target.bucket, Prefix=target.prefix)
    try:
        listed = {found["Key"]: found["Size"] for page in pages for found in page.get("Contents", [])}
    except ClientError as error:
        if code_of(error) == "NoSuchBucket":
            raise CommandFailed(
                f"There is no bucket {target.bucket}: create it in the region of the deployment, or name another."
            ) from error
        raise
    return {key.removeprefix(target.prefix): size for key, size in listed.items()}


def _refuse_strangers(target: _Prefix, names: Iterable[str]) -> None:
    """Reject objects that don't belong to the model: SageMaker downloads them all, and stale weights could be loaded.

    It rejects the empty name of a folder created in the console (S3ModelDataSource in its API reference).
    """
    keys = sorted(target.key(name) for name in names)
    if keys:
        named = ", ".join(keys[:_NAMED]) + (" and more" if len(keys) > _NAMED else "")
        raise CommandFailed(
            f"{target} holds objects that don't belong to this model ({named}): delete them, or name another prefix."
        )


def _digested(paths: Mapping[str, Path], bar: Progress) -> list[_File]:
    sizes = {name: path.stat().st_size for name, path in paths.items()}
    task = bar.add_task("Checking", total=sum(sizes.values()))
    return [_File(name, path, sizes[name], _sha256(path, bar, task)) for name, path in paths.items()]


def _sha256(path: Path, bar: Progress, task: TaskID) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
            bar.advance(task, len(block))
    return digest.hexdigest()


def _is_there(s3: "S3Client", target: _Prefix, file: _File) -> bool:
    found = s3.head_object(Bucket=target.bucket, Key=target.key(file.name))
    return found["Metadata"].get(_SHA256) == file.sha256


def _upload(s3: "S3Client", target: _Prefix, files: Sequence[_File], bar: Progress) -> None:
    """Upload the files one by one, large ones in parallel parts, whose transport boto3 protects with checksums.

    The digest is kept as metadata, not as S3's own SHA-256 checksum: of a multipart upload that one would be a digest
    of the parts' digests, which changes with the size of the parts. Metadata shows only once the upload is complete.
    """
    task = bar.add_task("Uploading", total=sum(file.size for file in files))
    for file in files:
        bar.update(task, description=file.name)
        with file.path.open("rb") as body:
            s3.upload_fileobj(
                body,
                target.bucket,
                target.key(file.name),
                ExtraArgs={"Metadata": {_SHA256: file.sha256}},
                Callback=lambda sent: bar.advance(task, sent),
            )


def _list(files: Iterable[_File], missing: Iterable[_File]) -> None:
    to_upload = {file.name for file in missing}
    listed = table(("file", "size", "would be"), numbers=("size",))
    for file in files:
        listed.add_row(cell(file.name), decimal(file.size), "uploaded" if file.name in to_upload else "skipped")
    results.print(listed)


def _byte_progress() -> Progress:
    """Return a byte counter on stderr, which leaves pipes alone; without a terminal there is none."""
    console = errors.console
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
    )
