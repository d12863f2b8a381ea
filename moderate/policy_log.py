"""`moderate policy log`: who changed packs, routes and the canary, when and why."""

import json
from dataclasses import asdict, dataclass
from typing import Annotated

import typer
from botocore.exceptions import ClientError

from moderate.deployment import DEFAULT_STACK, Deployment, StackOption, find
from moderate.failures import CommandFailed
from moderate.output import JsonOption, cell, print_json, results, table
from moderation.domain.policy_history import log_key

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
    rows = list(find(stack).policy_log.newest(limit))
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
