"""Find a record by its object's key."""

from moderate.deployment import Deployment
from moderate.output import errors, plain
from moderation.domain.record import Record
from moderation.usecases import find_record as use_case


def find_record(deployment: Deployment, key: str, version: str | None) -> Record:
    """Return the record of an object's version, by default the current one.

    If the object was deleted, that is the newest record; likewise, with a message, if the caller may not read the
    object. Raises NoSuchRecord.
    """
    found = use_case.find_record(deployment.images, deployment.verdicts, deployment.intake_bucket, key, version)
    if found.current_unknown:
        errors.print(plain(f"You can't read {key}, so its current version isn't known: this is its newest record."))
    return found.record
