"""Escalate an image as possibly illegal: copied where nothing deletes it, and shown to nobody else from then on."""

from dataclasses import dataclass
from datetime import datetime

from moderation.domain.audit import AuditEvent
from moderation.domain.image_ref import ImageRef
from moderation.domain.record import Record, escalated, utc
from moderation.domain.work_files import image_files
from moderation.errors import EscalationRefused, NoSuchRecord
from moderation.ports import AuditLog, Quarantine, VerdictStore, WorkStore

_ATTEMPTS = 3


@dataclass(frozen=True)
class EscalatePorts:
    verdicts: VerdictStore
    work: WorkStore
    quarantine: Quarantine
    audit: AuditLog


@dataclass(frozen=True)
class Escalated:
    """Record of an escalated image; `original` tells if the upload was still there to be copied, with so many files."""

    record: Record
    original: bool
    files: int


def escalate(ports: EscalatePorts, image: ImageRef, who: str, now: datetime) -> Escalated:
    """Copy original, files and record, take the record out of all lists, and deny the picture to all but one role.

    `who` is a pseudonym. It may be repeated after an error: what is copied already is left as it is. Raises
    NoSuchRecord, EscalationRefused, and the errors of the ports, without effect if it can't be written down.
    """
    record = _decided(ports, image)
    ports.audit.append(AuditEvent(action="escalate", who=who, at=utc(now), image=image.id))
    keys = [key for prefix in image_files(image) for key in ports.work.keys_under(prefix)]
    original = ports.quarantine.take_original(image)
    for key in keys:
        ports.quarantine.take_file(image, key)
    ports.quarantine.take_record(image, record.attributes())
    record = _withdrawn(ports, record, utc(now))
    ports.quarantine.deny(image, [key for key in keys if "/views/" in key])
    return Escalated(record, original, len(keys))


def _decided(ports: EscalatePorts, image: ImageRef) -> Record:
    record = ports.verdicts.get(image)
    if record is None:
        raise NoSuchRecord(f"There is no record of {image.key}, version {image.version}.")
    if not record.verdict:
        raise EscalationRefused(f"{image.key} is still being moderated: escalate it when it has a verdict.")
    return record


def _withdrawn(ports: EscalatePorts, record: Record, now: str) -> Record:
    """Take the record out of all lists, as it is by now: somebody may have decided meanwhile."""
    for _ in range(_ATTEMPTS):
        change = escalated(record, now)
        if ports.verdicts.compare_and_set(record, change):
            return record.with_change(change)
        record = _decided(ports, record.image)
    raise EscalationRefused(f"The record of {record.image.key} keeps changing: repeat this. Its copies are safe.")
