"""Items of a backfill, read by the command to count them before anything is started."""

import csv
import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from moderate.deployment import Deployment
from moderate.failures import CommandFailed
from moderation.domain.backfill import Item, Selection, Source, read_item


@dataclass(frozen=True)
class Counted:
    """Objects that a source lists, and those that the selection takes; `bytes` are these ones' as far as known."""

    listed: int
    selected: int
    bytes: int


@dataclass(frozen=True)
class ItemSource:
    """Source of the items, as the state machine's input has it; `lines` is a file that isn't uploaded yet."""

    kind: Source
    given: dict[str, str]
    lines: Path | None = None


def listing(deployment: Deployment, prefix: str) -> ItemSource:
    """Return the source that lists the intake under a prefix."""
    return ItemSource(Source.LISTING, {"kind": "listing", "prefix": deployment.intake_prefix + prefix})


def inventory(deployment: Deployment, uri: str) -> ItemSource:
    """Return the source of an inventory's manifest. Raises CommandFailed if the deployment may not read it."""
    allowed = deployment.outputs.get("InventoryPrefix", "")
    if not allowed or not uri.startswith(allowed):
        raise CommandFailed(
            f"{uri} isn't under the prefix of inventories that this deployment may read ({allowed or 'none'}): deploy "
            "with -c inventoryPrefix=s3://…/"
        )
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return ItemSource(Source.INVENTORY, {"kind": "inventory", "bucket": bucket, "key": key})


def lines(file: Path) -> ItemSource:
    """Return the source of a local file with a JSON object a line."""
    return ItemSource(Source.LINES, {"kind": "lines"}, file)


def uploaded(deployment: Deployment, source: ItemSource, run: str) -> dict[str, str]:
    """Return the source for the state machine's input; a local file is uploaded into the work bucket."""
    if source.lines is None:
        return source.given
    bucket, key = deployment.output("WorkBucketName"), f"backfill/{run}/items.jsonl"
    with source.lines.open("rb") as body:
        deployment.s3.put_object(Bucket=bucket, Key=key, Body=body)
    return source.given | {"bucket": bucket, "key": key}


def count(deployment: Deployment, source: ItemSource, selection: Selection) -> Counted:
    """Count the items. Raises CommandFailed for a line that isn't an item."""
    listed = selected = size = 0
    for item in _items(deployment, source):
        listed += 1
        if not (item.is_deleted or item.is_folder) and selection.takes(item):
            selected, size = selected + 1, size + (item.size or 0)
    return Counted(listed, selected, size)


def _items(deployment: Deployment, source: ItemSource) -> Iterator[Item]:
    match source.kind:
        case Source.LISTING:
            pages = deployment.s3.get_paginator("list_objects_v2").paginate(
                Bucket=deployment.intake_bucket, Prefix=source.given["prefix"]
            )
            for page in pages:
                for found in page.get("Contents", []):
                    yield read_item(source.kind, {**found, "LastModified": found["LastModified"].timestamp()})
        case Source.INVENTORY:
            yield from (read_item(source.kind, row) for row in _rows(deployment, source.given))
        case Source.LINES:
            assert source.lines  # noqa: S101 - so it was made
            yield from _parsed(source.lines)


def _rows(deployment: Deployment, given: dict[str, str]) -> Iterator[dict[str, str]]:
    manifest: dict[str, Any] = json.load(deployment.s3.get_object(Bucket=given["bucket"], Key=given["key"])["Body"])
    if manifest.get("fileFormat", "CSV") != "CSV":
        raise CommandFailed(f"This inventory is {manifest['fileFormat']}: configure one in CSV.")
    columns = [column.strip() for column in manifest["fileSchema"].split(",")]
    bucket = manifest["destinationBucket"].rpartition(":")[2]
    for file in manifest["files"]:
        body = deployment.s3.get_object(Bucket=bucket, Key=file["key"])["Body"]
        with gzip.open(body, "rt", encoding="utf-8", newline="") as rows:
            yield from (dict(zip(columns, row, strict=True)) for row in csv.reader(rows))


def _parsed(file: Path) -> Iterator[Item]:
    with file.open(encoding="utf-8") as text:
        for number, line in enumerate(text, 1):
            if not line.strip():
                continue
            try:
                yield read_item(Source.LINES, json.loads(line))
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise CommandFailed(
                    f'{file}, line {number}: not {{"key": "…"}} or {{"key": "…", "version": "…"}}.'
                ) from error
