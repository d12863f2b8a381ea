"""`moderate policy log`: who changed packs, routes and the canary, when and why."""

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, cast

import typer
from botocore.exceptions import ClientError

from moderate.deployment import DEFAULT_STACK, Deployment, StackOption, find
from moderate.failures import CommandFailed
from moderate.output import JsonOption, cell, print_json, results, table
from moderation.domain.policy_history import HISTORY, LOG, PICTURES, log_entry, log_key, signers

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import ObjectVersionTypeDef

EXAMPLES = "Examples:\n\nmoderate policy log\n\nmoderate policy log --limit 100 --json"
WhyOption = Annotated[str, typer.Option(metavar="TEXT", help="The reason, for `moderate policy log`.")]


@dataclass(frozen=True)
class Change:
    """Reason of a change, as written to its log entry; `digest` is that of the pack or routes, if it has one.

    `accepted` is the note with which contradictions of people's decisions were accepted, if there were any.
    """

    action: str
    why: str
    digest: str = ""
    accepted: str = ""


@dataclass(frozen=True)
class _Row:
    """Version of a file with an entry about it; `who` is empty without one."""

    at: str
    key: str
    version: str
    action: str
    who: str = ""
    digest: str = ""
    why: str = ""
    accepted: str = ""
    signed_by: tuple[str, ...] = ()


def write(deployment: Deployment, key: str, version: str, change: Change) -> None:
    """Write the entry about a version in the caller's name. Raises CommandFailed."""
    entry = {"schema_version": 1, "key": key, **asdict(change)}
    try:
        deployment.s3.put_object(
            Bucket=deployment.policy_bucket,
            Key=log_key(deployment.caller_id, version),
            Body=json.dumps(entry).encode(),
            ContentType="application/json",
            IfNoneMatch="*",
        )
    except ClientError as error:
        raise CommandFailed(
            f"{key} is changed (version {version}), but the log entry wasn't written. {error}"
        ) from error


def log(
    limit: Annotated[int, typer.Option(min=1, help="Maximum number of changes.")] = 50,
    as_json: JsonOption = False,
    stack: StackOption = DEFAULT_STACK,
) -> None:
    """List who changed packs, routes and the canary, when and why, newest first, and who put pictures into reports.

    Each version of a file is listed. One without a name wasn't written by `moderate`: CloudTrail or the bucket's access
    logs know who wrote it.
    """
    rows = list(_newest(find(stack), limit))
    if as_json:
        print_json([asdict(row) for row in rows])
        return
    shown = table(("changed (UTC)", "file", "who", "action", "digest", "signed by", "why", "accepted", "version"))
    for row in rows:
        shown.add_row(
            cell(row.at[:19].replace("T", " ")),
            cell(row.key),
            cell(row.who or "not logged"),
            cell(row.action),
            cell(row.digest[:12]),
            cell(", ".join(row.signed_by)),
            cell(row.why),
            cell(row.accepted),
            cell(row.version),
        )
    results.print(shown if rows else "Nothing was changed: what ships with the code is in force.")


def _newest(deployment: Deployment, limit: int) -> Iterator[_Row]:
    entries: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for page in deployment.s3.get_paginator("list_objects_v2").paginate(Bucket=deployment.policy_bucket, Prefix=LOG):
        for found in page.get("Contents", []):
            who, version = log_entry(found["Key"])
            entries[version].append((who, found["Key"]))
    signed = deployment.policies.signatures()
    looked = [
        _Row(name.removeprefix(PICTURES), "pictures in a report", name, "")
        for name in entries
        if name.startswith(PICTURES)
    ]
    # stable: `_changed` orders what was written within a second
    for row in sorted([*_changed(deployment), *looked], key=lambda row: row.at[:19], reverse=True)[:limit]:
        said = [_annotated(row, who, _read(deployment, key)) for who, key in entries[row.version]]
        yield from (replace(each, signed_by=tuple(sorted(signers(each.digest, signed)))) for each in said or (row,))


def _changed(deployment: Deployment) -> list[_Row]:
    """Return each version and each deletion of a file that isn't history, newest first."""
    found: list[tuple[datetime, bool, _Row]] = []
    for page in deployment.s3.get_paginator("list_object_versions").paginate(Bucket=deployment.policy_bucket):
        for kind, action in (("Versions", ""), ("DeleteMarkers", "deleted")):
            for version in cast(list["ObjectVersionTypeDef"], page.get(kind, [])):
                if not version["Key"].startswith(HISTORY):
                    at = version["LastModified"]
                    row = _Row(f"{at:%Y-%m-%dT%H:%M:%SZ}", version["Key"], version["VersionId"], action)
                    found.append((at, version["IsLatest"], row))
    # S3 lists the versions of a key newest first, which decides within a second
    return [row for _, _, row in sorted(found, key=lambda each: each[:2], reverse=True)]


def _annotated(row: _Row, who: str, change: Change) -> _Row:
    return replace(row, who=who, action=change.action, digest=change.digest, why=change.why, accepted=change.accepted)


def _read(deployment: Deployment, entry: str) -> Change:
    """Return what an entry says; an editor could have written anything."""
    text = deployment.s3.get_object(Bucket=deployment.policy_bucket, Key=entry)["Body"].read()
    try:
        said = json.loads(text)
        return Change(str(said["action"]), str(said["why"]), str(said["digest"]), str(said.get("accepted", "")))
    except (ValueError, KeyError, TypeError):
        return Change("unreadable entry", "")
