"""Finds the record that a person means by a key, and lists records by time."""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from heapq import merge
from operator import itemgetter
from typing import Any

from botocore.exceptions import ClientError

from moderate.deployment import Deployment
from moderate.failures import CommandFailed, is_denied
from moderate.output import errors, plain
from moderate.time_range import days_back, span
from moderation.adapters.faults import code_of
from moderation.domain.image_ref import ImageRef

Record = dict[str, Any]


def image_of(record: Record) -> ImageRef:
    """Which object version a record is of."""
    bucket, key = record["pk"].split("#", 1)
    return ImageRef(bucket, key, record["sk"])


def cause_of(record: Record) -> tuple[str, str] | None:
    """Name and message of the error that a failure verdict was recorded for, without a Lambda's stack trace."""
    if record.get("decided_by") != "failure" or not record.get("cause"):
        return None
    cause = json.loads(record["cause"])
    try:
        details = json.loads(cause.get("Cause", ""))
    except ValueError:
        details = None
    return cause["Error"], details["errorMessage"] if isinstance(details, dict) else cause.get("Cause", "")


def find_record(deployment: Deployment, key: str, version: str | None) -> Record:
    """The record of a version of an object, of the bucket's current one unless it is named.

    Where the object was deleted it is the newest record; so it is, and said, where the caller may not read the object.
    Raises CommandFailed where there is none.
    """
    bucket = deployment.intake_bucket
    if version:
        if record := deployment.verdicts.get(ImageRef(bucket, key, version)):
            return record
        raise CommandFailed(f"There is no record of version {version} of {key}: `moderate show KEY` says which it has.")
    records = {record["sk"]: record for record in deployment.verdicts.of_object(bucket, key)}
    try:
        current = _current_version(deployment, key)
    except ClientError as error:
        # 400: it lies under its uploader's own key (SSE-C), which a HEAD request would have to bring
        if not records or not (is_denied(error) or code_of(error) == "400"):
            raise
        errors.print(plain(f"You can't read {key}, so its current version isn't known: this is its newest record."))
        current = None
    if current is None and records:
        return max(records.values(), key=itemgetter("created_at"))
    if current in records:
        return records[current]
    raise CommandFailed(_why_none(bucket, key, current, sorted(records)))


def newest_first(deployment: Deployment, verdicts: Sequence[str], since: datetime, until: datetime) -> Iterator[Record]:
    """What the index by verdict holds of the records in a span of time; `claimed` are those without a verdict."""
    first, last = span(since, until)
    for day in days_back(since, until):
        listed = (deployment.verdicts.newest(verdict, day.isoformat(), first, last) for verdict in verdicts)
        yield from merge(*listed, key=itemgetter("created_at"), reverse=True)


def _current_version(deployment: Deployment, key: str) -> str | None:
    try:
        head = deployment.s3.head_object(Bucket=deployment.intake_bucket, Key=key)
    except ClientError as error:
        if code_of(error) in ("404", "NoSuchKey", "405", "MethodNotAllowed"):
            return None
        raise
    return head.get("VersionId")


def _why_none(bucket: str, key: str, current: str | None, recorded: list[str]) -> str:
    if current is None:
        return f"There is no object {key} in {bucket}, and no record of one: `moderate verdicts` lists keys."
    if recorded:
        return (
            f"The current version of {key}, {current}, has no record yet. Earlier versions have: name one with "
            f"--version ({', '.join(recorded)})."
        )
    return f"{key} was uploaded but has no record yet: its moderation should start within seconds."
