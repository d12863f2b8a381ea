"""What the intake bucket refuses, whatever else a principal is allowed.

Denials name the exempt roles by `aws:PrincipalArn`, which is the role's ARN for its sessions too. A principal without
one, such as an anonymous caller or a service, is refused: negated operators match where a key is missing (IAM User
Guide, "Condition operators").
"""

from collections.abc import Sequence
from typing import Any

from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3

TAG = "moderation"


def protect_tag(bucket: s3.IBucket, objects: str, taggers: Sequence[iam.IRole]) -> None:
    """Nobody but `taggers` tags the `objects` of an own bucket, at upload or later, or takes tags away.

    Every tagging call is refused and not only those that name the verdict: each replaces all tags, and what a copy
    brings along isn't sure to be seen by conditions on a request's tags. An upload that brings tags needs
    `s3:PutObjectTagging` too (Amazon S3 API Reference, PutObject); the first statement doesn't rely on it.
    """
    carries_verdict = {"ForAnyValue:StringEqualsIgnoreCase": {"s3:RequestObjectTagKeys": TAG}}
    tagging = [f"s3:{verb}Object{version}Tagging" for verb in ("Put", "Delete") for version in ("", "Version")]
    _deny(bucket, "UploadedVerdict", ["s3:PutObject"], objects, taggers, carries_verdict)
    _deny(bucket, "Tagging", tagging, objects, taggers, {})


def hold_until_cleared(bucket: s3.IBucket, objects: str, readers: Sequence[iam.IRole]) -> None:
    """Nobody but `readers` reads those `objects` of an own bucket whose version isn't tagged safe, or not tagged."""
    uncleared = {"StringNotEquals": {f"s3:ExistingObjectTag/{TAG}": "safe"}}
    _deny(bucket, "Uncleared", ["s3:GetObject", "s3:GetObjectVersion"], objects, readers, uncleared)


def _deny(
    bucket: s3.IBucket,
    sid: str,
    actions: list[str],
    objects: str,
    exempt: Sequence[iam.IRole],
    conditions: dict[str, Any],
) -> None:
    others = {"ArnNotEquals": {"aws:PrincipalArn": [role.role_arn for role in exempt]}}
    bucket.add_to_resource_policy(
        iam.PolicyStatement(
            sid=sid,
            effect=iam.Effect.DENY,
            principals=[iam.AnyPrincipal()],
            actions=actions,
            resources=[objects],
            conditions=others | conditions,
        )
    )
