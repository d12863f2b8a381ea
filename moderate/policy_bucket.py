"""Versions of the files in the policy bucket."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, TypedDict

from botocore.exceptions import ClientError

from moderate import policy_log
from moderate.deployment import Deployment
from moderate.failures import CommandFailed
from moderate.policy_log import Change
from moderation.adapters.faults import code_of

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import ObjectVersionTypeDef

_CHANGED = {"PreconditionFailed", "412", "NoSuchKey", "404", "ConditionalRequestConflict"}  # of conditional writes
_RESTORED = "restored-version"  # metadata of a version that repeats an earlier one: that one's id


class _Condition(TypedDict, total=False):
    IfMatch: str
    IfNoneMatch: str


def put(
    deployment: Deployment, key: str, text: bytes, change: Change, restored: str = "", expected: str | None = None
) -> str:
    """Write a file and its log entry; returns its version. `restored` is the version that it repeats, if any.

    With `expected`, a `mark`, the file must be as it was then: CommandFailed is raised if somebody changed it since.
    """
    try:
        written = deployment.s3.put_object(
            Bucket=deployment.policy_bucket,
            Key=key,
            Body=text,
            ContentType="application/yaml",
            Metadata={_RESTORED: restored} if restored else {},
            **_as_it_was(expected),
        )
    except ClientError as error:
        if expected is None or code_of(error) not in _CHANGED:
            raise
        raise CommandFailed(
            f"{key} wasn't published, because it was changed meanwhile: see `moderate policy log`, then repeat this."
        ) from error
    policy_log.write(deployment, key, written["VersionId"], change)
    return written["VersionId"]


def delete(deployment: Deployment, key: str, change: Change) -> None:
    """Add a delete marker and its log entry: the versions are kept, and the shipped file is in force."""
    deleted = deployment.s3.delete_object(Bucket=deployment.policy_bucket, Key=key)
    policy_log.write(deployment, key, deleted["VersionId"], change)


def mark(deployment: Deployment, key: str) -> str:
    """Return the ETag of the current version of a file, "" if there is none."""
    try:
        return deployment.s3.head_object(Bucket=deployment.policy_bucket, Key=key)["ETag"]
    except ClientError as error:
        if code_of(error) in ("404", "NoSuchKey"):
            return ""
        raise


def _as_it_was(expected: str | None) -> "_Condition":
    if expected is None:
        return {}
    return {"IfMatch": expected} if expected else {"IfNoneMatch": "*"}


def read(deployment: Deployment, key: str, version: str) -> bytes:
    """Return the text of a version."""
    return deployment.s3.get_object(Bucket=deployment.policy_bucket, Key=key, VersionId=version)["Body"].read()


def versions(deployment: Deployment, key: str) -> list["ObjectVersionTypeDef"]:
    """Return the versions of a file, newest first; none if it was never there."""
    pages = deployment.s3.get_paginator("list_object_versions").paginate(Bucket=deployment.policy_bucket, Prefix=key)
    return [version for page in pages for version in page.get("Versions", []) if version["Key"] == key]


def before(deployment: Deployment, key: str, unusable: Callable[[bytes], str], is_shipped: bool) -> str:
    """Return the newest usable version before the one in force, with another text; of a deleted file the newest.

    A version that repeats an earlier one stands in its place, so that going back again goes further back. Raises
    CommandFailed if there is none.
    """
    known = versions(deployment, key)
    if not known:
        remains = "what ships with the code is in force" if is_shipped else "`moderate policy push` puts one there"
        raise CommandFailed(f"The policy bucket holds no {key}: {remains}.")
    if not known[0]["IsLatest"] and is_shipped:
        raise CommandFailed(f"What ships with the code is in force instead of {key}: name a version with --to VERSION.")
    ids, start = [version["VersionId"] for version in known], 0
    if known[0]["IsLatest"]:
        place = ids.index(_first_of(deployment, key, ids, ids[0]))
        tried, start = {known[0]["ETag"], known[place]["ETag"]}, place + 1
    else:
        tried = set()
    for version in known[start:]:
        if version["ETag"] not in tried and not unusable(read(deployment, key, version["VersionId"])):
            return version["VersionId"]
    raise CommandFailed(
        f"{key} has no earlier version that can be used: name one with --to VERSION, or return to what ships with the "
        "code with --to shipped."
    )


def _first_of(deployment: Deployment, key: str, ids: list[str], version: str) -> str:
    """Return the version that a version repeats, or itself."""
    while True:
        head = deployment.s3.head_object(Bucket=deployment.policy_bucket, Key=key, VersionId=version)
        repeated = head["Metadata"].get(_RESTORED, "")
        if repeated not in ids or ids.index(repeated) <= ids.index(version):
            return version
        version = repeated


def minute(moment: datetime) -> str:
    """Format a time to the minute."""
    return f"{moment:%Y-%m-%d %H:%M}"
