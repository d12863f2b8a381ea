"""Backfill: a run that moderates objects which exist already, one execution of the workflow for each version.

The name of such an execution is `<run>-<image id>`. It is all that tells an execution's lane: records, events of failed
executions and the workflow itself have it, and an object version is started once in a run, however often it is listed.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from urllib.parse import unquote_plus

from moderation.domain.image_ref import ImageRef

_RUN = re.compile(r"(?P<kind>[a-z]+)-(?P<start>\d{8}-\d{6})-[0-9a-f]{6}")
_NAME = re.compile(rf"(?P<run>{_RUN.pattern})-[0-9a-f]{{32}}")
_START = "%Y%m%d-%H%M%S"
_SAMPLED = 16**8  # resolution of a sample


class Kind(StrEnum):
    """Treatment of a run's verdicts; the name of its executions begins so."""

    DIGEST = "backfill"  # verdicts in force, published as one digest
    EACH = "notifying"  # verdicts in force, each published
    SHADOW = "shadow"  # kept on the record, without any effect


class Source(StrEnum):
    """Source of a run's items: a listing of the bucket, an S3 inventory, or lines of JSON."""

    LISTING = "listing"
    INVENTORY = "inventory"
    LINES = "lines"


@dataclass(frozen=True)
class Selection:
    """Objects to moderate: those whose key ends in one of `suffixes`, modified in [since, until), and a `sample`.

    Nothing given means all; times are ISO-8601 UTC. The sample is a share of all keys, the same in each run.
    """

    suffixes: tuple[str, ...] = ()
    since: str | None = None
    until: str | None = None
    sample: float = 1.0

    def takes(self, item: "Item") -> bool:
        """Tell if the item is selected; one whose time isn't known is."""
        return (
            (not self.suffixes or item.key.lower().endswith(self.suffixes))
            and (item.modified is None or (self.since or "") <= item.modified < (self.until or "9"))
            and (self.sample >= 1 or int(ImageRef("", item.key, "").id[:8], 16) < self.sample * _SAMPLED)
        )


@dataclass(frozen=True)
class Run:
    """A run as its execution's input has it."""

    id: str
    selection: Selection

    @property
    def kind(self) -> Kind:
        return kind_of_run(self.id)


@dataclass(frozen=True)
class Item:
    """An object of a listing; without a version the current one is meant. `modified` is ISO-8601 UTC."""

    key: str
    version: str | None = None
    size: int | None = None
    modified: str | None = None
    bucket: str | None = None
    is_deleted: bool = False

    @property
    def is_folder(self) -> bool:
        return self.key.endswith("/") and not self.size


def new_run(kind: Kind, now: datetime, nonce: str) -> str:
    """Return the id of a run that begins now; `nonce` is six hex digits."""
    return f"{kind}-{now.astimezone(UTC).strftime(_START)}-{nonce}"


def kind_of_run(run: str) -> Kind:
    """Return the kind of a run. Raises ValueError for any other text."""
    found = _RUN.fullmatch(run)
    if found is None:
        raise ValueError(f"{run!r} isn't the id of a backfill")
    return Kind(found["kind"])


def started_at(run: str) -> datetime:
    """Return the time at which a run began. Raises ValueError for any other text."""
    kind_of_run(run)
    return datetime.strptime(run.split("-", 1)[1].rpartition("-")[0], _START).replace(tzinfo=UTC)


def execution_name(run: str, image: ImageRef) -> str:
    """Return the name of the execution that moderates an object version in a run."""
    return f"{run}-{image.id}"


def run_of(execution: str | None) -> str | None:
    """Return the run that started an execution, by its ARN; None if none did."""
    parts = (execution or "").split(":")  # an Express execution's ARN has a part more
    found = _NAME.fullmatch(parts[7]) if len(parts) > 7 else None
    return found["run"] if found else None


def kind_of(execution: str | None) -> Kind | None:
    """Return the kind of the run that started an execution, None if none did."""
    run = run_of(execution)
    return kind_of_run(run) if run else None


def read_run(given: Mapping[str, Any]) -> Run:
    """Read a run from an execution's input. Raises KeyError, ValueError, TypeError for anything else."""
    kind_of_run(given["id"])
    selection = given.get("selection", {})
    return Run(given["id"], Selection(**{**selection, "suffixes": tuple(selection.get("suffixes", ()))}))


def read_item(source: Source, given: Mapping[str, Any]) -> Item:
    """Read an item as the Distributed Map passes it. Raises KeyError, ValueError for anything else.

    An inventory has URL-encoded keys and text in all columns, a listing its time in seconds.
    """
    match source:
        case Source.LISTING:
            return Item(given["Key"], size=int(given["Size"]), modified=_iso(float(given["LastModified"])))
        case Source.INVENTORY:
            size, modified = given.get("Size"), given.get("LastModifiedDate")
            return Item(
                unquote_plus(given["Key"]),
                given.get("VersionId") or None,
                int(size) if size else None,
                _iso(datetime.fromisoformat(modified).timestamp()) if modified else None,
                given.get("Bucket"),
                is_deleted=given.get("IsDeleteMarker") == "true",
            )
        case Source.LINES:
            return Item(given["key"], given.get("version"))


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
