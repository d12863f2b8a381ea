"""Find a record by its object's key."""

from moderate.deployment import Deployment
from moderate.output import errors, plain
from moderation.domain.record import Record
from moderation.ports import ImageStore, VerdictStore
from moderation.usecases import find_record as use_case


def find_record(deployment: Deployment, key: str, version: str | None) -> Record:
    """Return the record of an object's version, by default the current one.

    If the object was deleted, that is the newest record; likewise, with a message, if the caller may not read the
    object. Raises NoSuchRecord.
    """
    return _told(key, use_case.find_record(*_stores(deployment), key, version))


def find_looked_at(deployment: Deployment, key: str, version: str | None) -> Record:
    """Return the record to decide on, by default the newest; a message says if the current version isn't known.

    Raises NoSuchRecord, OtherVersionIsCurrent.
    """
    return _told(key, use_case.find_looked_at(*_stores(deployment), key, version))


def find_by_reference(deployment: Deployment, reference: str) -> Record:
    """Return the newest record with a reference; a message names the others. Raises NoSuchRecord."""
    record, others = use_case.find_by_reference(deployment.verdicts, deployment.intake_bucket, reference)
    for other in others:
        errors.print(plain(f"Also with this reference: {other.key}, version {other.version}."))
    return record


def _stores(deployment: Deployment) -> tuple[ImageStore, VerdictStore, str]:
    return deployment.images, deployment.verdicts, deployment.intake_bucket


def _told(key: str, found: use_case.FoundRecord) -> Record:
    if found.current_unknown:
        errors.print(plain(f"You can't read {key}, so its current version isn't known: this is its newest record."))
    return found.record
