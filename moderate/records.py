"""Find the record that a person means by a key."""

from moderate.deployment import Deployment
from moderate.output import errors, plain
from moderation.domain.record import Record
from moderation.usecases import find_record as use_case


def find_record(deployment: Deployment, key: str, version: str | None) -> Record:
    """Return the record of a version of an object, of the bucket's current one unless it is named.

    Where the object was deleted it is the newest record; so it is, and said, where the caller may not read the object.
    Raises NoSuchRecord.
    """
    found = use_case.find_record(deployment.images, deployment.verdicts, deployment.intake_bucket, key, version)
    if found.current_unknown:
        errors.print(plain(f"You can't read {key}, so its current version isn't known: this is its newest record."))
    return found.record
