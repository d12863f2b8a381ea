"""Erase an upload for good, with all that is kept of it, and note that it was done. It can be repeated."""

from collections import Counter
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import uuid4

from moderation.domain.image_ref import ImageRef
from moderation.domain.record import Record, utc
from moderation.domain.work_files import Workspace, erasure_files, image_files
from moderation.errors import StillModerated
from moderation.ports import ImageStore, VerdictStore, WorkStore

ERASED = ("object versions", "delete markers", "records", "work files", "evidence files", "reuse references")


@dataclass(frozen=True)
class ErasePorts:
    """The stores that hold something of an upload."""

    images: ImageStore
    work: WorkStore
    verdicts: VerdictStore


@dataclass(frozen=True)
class Trace:
    """A version of the object: its kind in the bucket (`object version`, `delete marker`, None if gone), its record."""

    image: ImageRef
    stored: str | None
    record: Record | None


@dataclass
class Erasure:
    """An erasure under way: `done` counts what was deleted so far, by kind; `note` is the prefix of its note."""

    note: str
    done: Counter[str] = field(default_factory=lambda: Counter(dict.fromkeys(ERASED, 0)))


def find_traces(ports: ErasePorts, bucket: str, key: str, version: str | None) -> list[Trace]:
    """Return everything under a key, or one version of it, newest first as far as the bucket has it.

    Raises StillModerated while a version is being moderated, and the errors of the ports.
    """
    stored = dict(ports.images.versions(bucket, key))
    records = {record.image.version: record for record in ports.verdicts.of_object(bucket, key)}
    traces = [
        Trace(ImageRef(bucket, key, found), stored.get(found), records.get(found))
        for found in {**stored, **records}
        if version in (None, found)
    ]
    claimed = [trace.image.version for trace in traces if trace.record and trace.record.status == "claimed"]
    if claimed:
        raise StillModerated(
            f"{key} is being moderated just now (version {', '.join(claimed)}): erase it once it has a verdict. "
            "`moderate show KEY` tells; an execution that vanished is recorded within half an hour."
        )
    return traces


def erase(ports: ErasePorts, traces: Sequence[Trace], who: str) -> Generator[Erasure]:
    """Delete what the traces lead to, version by version; yields after each.

    A note is begun before anything goes and ended in any case. It holds neither the key nor a hash of it, which could
    be guessed. Raises the errors of the ports.
    """
    begun = {"who": who, "created_at": utc(datetime.now(UTC))}
    erasure = Erasure(erasure_files(begun["created_at"][:10], str(uuid4())))
    ports.work.put_if_absent(f"{erasure.note}started.json", begun)
    finished: dict[str, str] = {}
    try:
        for trace in traces:
            _erase(ports, trace, erasure.done)
            yield erasure
        finished = {"finished_at": utc(datetime.now(UTC))}
    finally:  # what was erased before an error is noted too
        ports.work.put_if_absent(f"{erasure.note}ended.json", {**begun, **finished, "erased": dict(erasure.done)})


def _erase(ports: ErasePorts, trace: Trace, done: Counter[str]) -> None:
    """The version and its record go last, for they lead to the rest."""
    image = trace.image
    for kind, prefix in zip(("work files", "evidence files"), image_files(image), strict=True):
        done[kind] += ports.work.delete_under(prefix)
    if trace.record:
        done["reuse references"] += _forget(ports, trace.record)
    if trace.stored:
        ports.images.delete_version(image)
        done[f"{trace.stored}s"] += 1
    if trace.record:
        ports.verdicts.delete(image)
        done["records"] += 1


def _forget(ports: ErasePorts, record: Record) -> int:
    """Remove the references to a version from the records that reused its judgement; returns their number.

    What they reused stays: they are of other uploads.
    """
    origin = {"pk": record.image.pk, "sk": record.image.version}
    forgotten = 0
    for other in ports.verdicts.of_same_bytes(record.image.bucket, record.sha256) if record.sha256 else ():
        found = ports.verdicts.get(other)
        if found and found.reused_from == origin:
            # its manifest names the other upload, too
            ports.work.delete(Workspace.of(other, found.execution or found.owner).manifest)
            forgotten += ports.verdicts.forget_origin(other)
    return forgotten
