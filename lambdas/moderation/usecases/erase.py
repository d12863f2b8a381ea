"""Erase an upload for good, with everything stored about it, and leave a note. Can be repeated."""

from collections import Counter
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from moderation.domain.image_ref import ImageRef
from moderation.domain.record import Record, utc
from moderation.domain.sticky_decision import DAYS_BEYOND_RECORD, DecisionKey
from moderation.domain.work_files import Workspace, erasure_files, image_files
from moderation.errors import StillModerated
from moderation.ports import DecisionStore, ImageStore, VerdictStore, WorkStore

ERASED = ("object versions", "delete markers", "records", "work files", "evidence files", "reuse references")


@dataclass(frozen=True)
class ErasePorts:
    """The stores that hold something of an upload."""

    images: ImageStore
    work: WorkStore
    verdicts: VerdictStore
    decisions: DecisionStore


@dataclass(frozen=True)
class StoredVersion:
    """Version of an object with its record; `stored` is `object version`, `delete marker` or None if it is gone."""

    image: ImageRef
    stored: str | None
    record: Record | None


@dataclass
class Erasure:
    """Erasure in progress: `done` counts deletions by kind; `note` is the prefix of its note."""

    note: str
    done: Counter[str] = field(default_factory=lambda: Counter(dict.fromkeys(ERASED, 0)))


def find_versions(ports: ErasePorts, bucket: str, key: str, version: str | None) -> list[StoredVersion]:
    """Return everything under a key, or one version of it, newest first as far as the bucket has it.

    Raises StillModerated while a version is being moderated, and the errors of the ports.
    """
    stored = dict(ports.images.versions(bucket, key))
    records = {record.image.version: record for record in ports.verdicts.of_object(bucket, key)}
    versions = [
        StoredVersion(ImageRef(bucket, key, found), stored.get(found), records.get(found))
        for found in {**stored, **records}
        if version in (None, found)
    ]
    claimed = [each.image.version for each in versions if each.record and each.record.status == "claimed"]
    if claimed:
        raise StillModerated(
            f"{key} is being moderated (version {', '.join(claimed)}): erase it once it has a verdict. "
            "See `moderate show KEY`; an execution that vanished is recorded within half an hour."
        )
    return versions


def erase(ports: ErasePorts, versions: Sequence[StoredVersion], who: str) -> Generator[Erasure]:
    """Delete the versions and everything stored about them; yields after each version.

    A note is started before anything is deleted, and completed in any case. It holds neither the key nor a hash of
    it, which could be guessed. Raises the errors of the ports.
    """
    begun = {"who": who, "created_at": utc(datetime.now(UTC))}
    erasure = Erasure(erasure_files(begun["created_at"][:10], str(uuid4())))
    ports.work.put_if_absent(f"{erasure.note}started.json", begun)
    finished: dict[str, str] = {}
    try:
        for version in versions:
            _erase(ports, version, erasure.done)
            yield erasure
        finished = {"finished_at": utc(datetime.now(UTC))}
    finally:  # also notes what was erased before an error
        ports.work.put_if_absent(f"{erasure.note}ended.json", {**begun, **finished, "erased": dict(erasure.done)})


def _erase(ports: ErasePorts, version: StoredVersion, done: Counter[str]) -> None:
    """Delete the version and its record last, because they lead to the rest.

    Executions and decisions in flight write to existing records only. Raises StillModerated.
    """
    image = version.image
    record = ports.verdicts.get(image)  # a person may have decided since the versions were listed
    for kind, prefix in zip(("work files", "evidence files"), image_files(image), strict=True):
        done[kind] += ports.work.delete_under(prefix)
    if record:
        done["reuse references"] += _forget(ports, record)
        _outlive(ports, record)
    if version.stored:
        ports.images.delete_version(image)
        done[f"{version.stored}s"] += 1
    if not ports.verdicts.delete_decided(image, record.decided_at if record else None):
        raise StillModerated(
            f"{image.key} (version {image.version}) was decided or is being moderated again: repeat the erasure once "
            "it has a verdict."
        )
    done["records"] += bool(record)


def _outlive(ports: ErasePorts, record: Record) -> None:
    """Let the sticky decision that a record names hold for a limited time, unless other uploads name it."""
    if (decision := record.decision) is None:
        return
    copies = ports.verdicts.of_same_bytes(record.image.bucket, record.sha256) if record.sha256 else ()
    others = (ports.verdicts.get(copy) for copy in copies if copy != record.image)
    if any(other and other.decision == decision for other in others):
        return
    until = datetime.now(UTC) + timedelta(days=DAYS_BEYOND_RECORD)
    ports.decisions.outlive(DecisionKey(decision["pk"], decision["sk"]), int(until.timestamp()))


def _forget(ports: ErasePorts, record: Record) -> int:
    """Remove the references to a version from the records that reused its judgement; returns their number.

    They keep the judgement that they reused, because they are other uploads.
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
