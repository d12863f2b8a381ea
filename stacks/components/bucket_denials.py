"""Deny statements in bucket policies, which override whatever else a principal is allowed.

They exempt roles by `aws:PrincipalArn`, which is the role's ARN for its sessions, too. A principal without one, such as
an anonymous caller or a service, is denied: negated operators match if a key is missing (IAM User Guide, "Condition
operators"). Lifecycle rules aren't subject to policies.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3

# Actions that read, write and delete objects ("Actions, resources, and condition keys for Amazon S3", Service
# Authorization Reference). Replication uses actions of its own.
READS = (
    "s3:GetObject",
    "s3:GetObjectVersion",
    "s3:GetObjectVersionForReplication",
    "s3:GetObjectTorrent",
    "s3:GetObjectVersionTorrent",
)
WRITES = ("s3:PutObject", "s3:ReplicateObject")
DELETIONS = ("s3:DeleteObject", "s3:DeleteObjectVersion", "s3:ReplicateDelete")


def deny(
    bucket: s3.IBucket,
    sid: str,
    actions: Sequence[str],
    objects: str,
    *,
    except_for: Sequence[str] = (),
    when: Mapping[str, Any] | None = None,
) -> None:
    """Deny `actions` on `objects` (a key pattern) to all but the role ARNs in `except_for`, under conditions."""
    others = {"ArnNotEquals": {"aws:PrincipalArn": list(except_for)}} if except_for else {}
    bucket.add_to_resource_policy(
        iam.PolicyStatement(
            sid=sid,
            effect=iam.Effect.DENY,
            principals=[iam.AnyPrincipal()],
            actions=list(actions),
            resources=[bucket.arn_for_objects(objects)],
            conditions=others | dict(when or {}),
        )
    )
