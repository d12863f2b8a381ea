"""Statements that the intake bucket's policy must contain, and the search for them in a policy.

`stacks/components/intake_policy.py` writes them for a bucket of the stack's own, which a test compares with these;
docs/security.md lists them for the owner of another bucket.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from moderate.deployment import Deployment
from moderation.contract import VERDICT_TAG
from moderation.domain.quarantine import TAG, TAGGED

Statement = Mapping[str, Any]
READING_FUNCTIONS = ("PrepareImage", "ReadImage", "SelectItem", "RenderOriginal")
_EVERYBODY = ("*", {"AWS": "*"}, {"AWS": ["*"]})
_READS = [f"s3:GetObject{which}" for which in ("", "Version", "VersionForReplication", "Torrent", "VersionTorrent")]
_ALIKE = {"arnnotlike": "arnnotequals"}  # "ArnNotEquals and ArnNotLike behave identically", IAM User Guide


def required(deployment: Deployment) -> list[dict[str, Any]]:
    """Return the statements, with the names of the deployment."""
    taggers = [deployment.output(f"{role}RoleArn") for role in ("RecordVerdict", "Finalise", "Reviewer", "Quarantine")]
    keeper = taggers[3:]
    objects = f"arn:aws:s3:::{deployment.intake_bucket}/{deployment.intake_prefix}*"
    tagging = [f"s3:{verb}Object{version}Tagging" for verb in ("Put", "Delete") for version in ("", "Version")]
    carried = {"ForAnyValue:StringEqualsIgnoreCase": {"s3:RequestObjectTagKeys": VERDICT_TAG}}
    quarantined = {"StringEquals": {f"s3:ExistingObjectTag/{TAG}": TAGGED}}
    statements = [
        _deny("UploadedVerdict", ["s3:PutObject"], objects, taggers, carried),
        _deny("Tagging", [*tagging, "s3:ReplicateObject", "s3:ReplicateTags"], objects, taggers, {}),
        _deny("Quarantined", [*_READS, *tagging], objects, keeper, quarantined),
    ]
    if deployment.outputs.get("HoldUntilCleared") == "true":
        readers = [deployment.output(f"{role}RoleArn") for role in (*READING_FUNCTIONS, "Reviewer", "Quarantine")]
        uncleared = {"StringNotEquals": {f"s3:ExistingObjectTag/{VERDICT_TAG}": "safe"}}
        statements.append(_deny("Uncleared", _READS, objects, readers, uncleared))
    return statements


def is_among(needed: Statement, statements: Iterable[object]) -> bool:
    """Tell if one of a policy's statements denies what `needed` does, to the same principals; Sids don't matter."""
    return any(isinstance(statement, Mapping) and _refuses(statement, needed) for statement in statements)


def _refuses(statement: Statement, needed: Statement) -> bool:
    return (
        statement.get("Effect") == "Deny"
        and statement.get("Principal") in _EVERYBODY
        and all(_matched(action.lower(), statement.get("Action"), str.lower) for action in needed["Action"])
        and _matched(needed["Resource"], statement.get("Resource"), str)
        and _conditions(statement) == _conditions(needed)
    )


def _matched(value: str, patterns: Any, normal: Callable[[str], str]) -> bool:
    """Tell if a pattern covers the value or, if that is a pattern too, everything that it matches."""
    wildcards = {"*": ".*", "?": "[^*]"}
    covering = ("".join(wildcards.get(c) or re.escape(c) for c in normal(pattern)) for pattern in _many(patterns))
    return any(re.fullmatch(pattern, value, re.DOTALL) for pattern in covering)


def _conditions(statement: Statement) -> dict[tuple[str, str], frozenset[str]]:
    """(operator, key) → values, as IAM compares them: names in any case, values in any order."""
    return {
        (_ALIKE.get(operator.lower(), operator.lower()), key.lower()): frozenset(_many(values))
        for operator, keys in statement.get("Condition", {}).items()
        for key, values in keys.items()
    }


def _many(value: Any) -> list[str]:
    return [str(item) for item in (value if isinstance(value, list) else [] if value is None else [value])]


def _deny(sid: str, actions: list[str], objects: str, exempt: list[str], conditions: dict[str, Any]) -> dict[str, Any]:
    return {
        "Sid": sid,
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": actions,
        "Resource": objects,
        "Condition": {"ArnNotEquals": {"aws:PrincipalArn": exempt}} | conditions,
    }
