"""Find the record that a person means by an object's key."""

from dataclasses import dataclass
from operator import attrgetter

from moderation.domain.image_ref import ImageRef
from moderation.domain.record import Record
from moderation.errors import ImageUnavailable, NoSuchRecord, OtherVersionIsCurrent
from moderation.ports import ImageStore, VerdictStore


@dataclass(frozen=True)
class FoundRecord:
    """Record found; with `current_unknown` the current version couldn't be read, and it is the newest record."""

    record: Record
    current_unknown: bool = False


def find_record(
    images: ImageStore, verdicts: VerdictStore, bucket: str, key: str, version: str | None = None
) -> FoundRecord:
    """Return the record of an object's version, by default the current one.

    If the object was deleted or may not be read, that is the newest record. Raises NoSuchRecord, and the errors of
    the ports.
    """
    if version:
        if record := verdicts.get(ImageRef(bucket, key, version)):
            return FoundRecord(record)
        raise NoSuchRecord(f"There is no record of version {version} of {key}: see `moderate show KEY`.")
    records = {record.image.version: record for record in verdicts.of_object(bucket, key)}
    try:
        current, unknown = images.current_version(bucket, key), False
    except ImageUnavailable:
        if not records:
            raise
        current, unknown = None, True
    if current is None and records:
        return FoundRecord(max(records.values(), key=attrgetter("upload_order")), unknown)
    if current in records:
        return FoundRecord(records[current])
    raise NoSuchRecord(_why_none(bucket, key, current, sorted(records)))


def find_looked_at(
    images: ImageStore, verdicts: VerdictStore, bucket: str, key: str, version: str | None = None
) -> FoundRecord:
    """Return the record that a person decides on: of the version they name, by default the newest record.

    Raises OtherVersionIsCurrent if the bucket has another current version, NoSuchRecord, and the errors of the ports.
    """
    if version:
        return find_record(images, verdicts, bucket, key, version)
    records = verdicts.of_object(bucket, key)
    if not records:
        return find_record(images, verdicts, bucket, key)
    newest = max(records, key=attrgetter("upload_order"))
    try:
        current = images.current_version(bucket, key)
    except ImageUnavailable:
        return FoundRecord(newest, current_unknown=True)
    if current not in (None, newest.image.version):
        raise OtherVersionIsCurrent(
            f"The newest record of {key} is of version {newest.image.version}, but the current version is {current}: "
            "name the one that you looked at with --version."
        )
    return FoundRecord(newest)


def find_by_reference(verdicts: VerdictStore, bucket: str, reference: str) -> tuple[Record, list[ImageRef]]:
    """Return the newest record with a reference, and the other images with it, newest first.

    Raises NoSuchRecord, and the errors of the port.
    """
    images = list(verdicts.of_reference(bucket, reference))
    for image in images:  # a record may have been erased since the index was written
        if record := verdicts.get(image):
            return record, [other for other in images if other != image]
    raise NoSuchRecord(f"There is no record with the reference {reference}.")


def _why_none(bucket: str, key: str, current: str | None, recorded: list[str]) -> str:
    if current is None:
        return f"There is no object {key} in {bucket}, and no record of one: `moderate verdicts` lists keys."
    if recorded:
        return (
            f"The current version of {key}, {current}, has no record yet. Earlier versions have: name one with "
            f"--version ({', '.join(recorded)})."
        )
    return f"{key} was uploaded but has no record yet: its moderation should start within seconds."
