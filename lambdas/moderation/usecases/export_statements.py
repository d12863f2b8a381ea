"""Export statements of reasons for the DSA Transparency Database."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from moderation.domain.backfill import kind_of
from moderation.domain.image_ref import ImageRef
from moderation.domain.policy import Pack
from moderation.domain.record import Record, utc
from moderation.domain.statement import category_of
from moderation.domain.transparency_report import BATCH, lacking, puid_of, report
from moderation.errors import InvalidPolicy, Misconfigured
from moderation.ports import ImageStore, PolicyStore, VerdictStore, WorkStore
from moderation.usecases.decision_keys import deployment_secret
from moderation.usecases.find_policy import find_policy
from moderation.usecases.read_all import read_all
from moderation.usecases.with_evidence import with_evidence

# A redrive decides on an upload long after it.
_UPLOADED_BEFORE = timedelta(days=366)


@dataclass(frozen=True)
class ExportPorts:
    """`faults` lists what the database's schema has against a statement."""

    images: ImageStore
    work: WorkStore
    policies: PolicyStore
    verdicts: VerdictStore
    faults: Callable[[Mapping[str, Any]], list[str]]


@dataclass(frozen=True)
class Exported:
    """Statement of a record, or the sentence why it can't have a valid one."""

    record: Record
    statement: Mapping[str, Any] | None
    why: str = ""


def find_decisions(verdicts: VerdictStore, bucket: str, since: datetime, until: datetime) -> list[ImageRef]:
    """Return the images that may have got an `unsafe` verdict from `since` until before `until`, by the indexes.

    A person's decision is found whatever the age of the upload, a machine's on uploads of up to a year before.
    Raises the errors of the port.
    """
    first, last = utc(since), utc(until)
    listed = verdicts.created(("unsafe",), utc(since - _UPLOADED_BEFORE), last)
    recent = [record.image for record in listed if first <= str(record.decided_at) < last]
    appealed = [record.image for record in verdicts.queue() if record.verdict == "unsafe"]
    images = dict.fromkeys([*recent, *verdicts.decided_by_people(first), *appealed])
    return [image for image in images if image.bucket == bucket]


def export_statements(
    ports: ExportPorts, bucket: str, images: Sequence[ImageRef], since: datetime, until: datetime
) -> Iterator[Exported]:
    """Yield the statements of the images' decisions in a time; none of safe, undecided and escalated ones.

    Raises the errors of the ports.
    """
    secret, packs = deployment_secret(ports.work), _Packs(ports)
    for record in read_all(ports.verdicts, bucket, images):
        if record.verdict == "unsafe" and not record.is_escalated and utc(since) <= str(record.decided_at) < utc(until):
            yield _export(ports, packs, secret, record)


def batches(exported: Sequence[Exported]) -> list[list[Mapping[str, Any]]]:
    """Return the valid statements in batches as large as the API takes, the oldest decision first."""
    ordered = sorted(exported, key=lambda one: (str(one.record.decided_at), one.record.image.id))
    valid = [one.statement for one in ordered if one.statement]
    return [valid[start : start + BATCH] for start in range(0, len(valid), BATCH)]


def _export(ports: ExportPorts, packs: "_Packs", secret: bytes, record: Record) -> Exported:
    try:
        return _stated(ports, packs, secret, record)
    except Misconfigured as error:  # a file of this record that is gone keeps no other out
        return Exported(record, None, str(error))


def _stated(ports: ExportPorts, packs: "_Packs", secret: bytes, record: Record) -> Exported:
    pack = packs.reporting(record)
    if why := lacking(pack, record):
        return Exported(record, None, why)
    assert pack  # noqa: S101 - it lacks nothing
    made = report(with_evidence(ports.work, record), pack, puid_of(secret, record), _uploaded_on(ports, record))
    faults = ports.faults(made)
    return Exported(record, None if faults else made, " ".join(faults))


def _uploaded_on(ports: ExportPorts, record: Record) -> str:
    """Return the date of the upload; a backfill knows only the start of its execution, but S3 the object's time."""
    head = None
    if kind_of(record.execution):
        head = ports.images.head(record.image.bucket, record.image.key, record.image.version)
    return min(record.created_at, head.modified_at or record.created_at)[:10] if head else record.created_at[:10]


class _Packs:
    """Packs of decisions, each read once."""

    def __init__(self, ports: ExportPorts) -> None:
        self._ports = ports
        self._read: dict[str, Pack | None] = {}

    def reporting(self, record: Record) -> Pack | None:
        """Return the pack of a decision; if it doesn't say how to report it, the one in force with the same rule."""
        pack = self._of(record)
        if not lacking(pack, record):
            return pack
        now = self._in_force(record.image.key)
        then = category_of(pack, record.category)
        standing = category_of(now, record.category)
        return now if then and standing and then.rule == standing.rule and not lacking(now, record) else pack

    def _of(self, record: Record) -> Pack | None:
        digest = (record.policy or {}).get("digest", "")
        if not digest:
            return find_policy(self._ports.work, self._ports.policies, record)
        if digest not in self._read:
            self._read[digest] = find_policy(self._ports.work, self._ports.policies, record)
        return self._read[digest]

    def _in_force(self, key: str) -> Pack | None:
        try:
            return self._ports.policies.for_key(key).enforce
        except InvalidPolicy:
            return None
