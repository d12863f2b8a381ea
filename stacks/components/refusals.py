"""What a bucket refuses to all but a few roles, whatever else a principal is allowed.

Denials name the exempt roles by `aws:PrincipalArn`, which is the role's ARN for its sessions too. A principal without
one, such as an anonymous caller or a service, is refused: negated operators match where a key is missing (IAM User
Guide, "Condition operators"). Lifecycle rules aren't subject to policies.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3

# "Actions, resources, and condition keys for Amazon S3", Service Authorization Reference: what gives an object's bytes,
# what writes an object, and what takes one away. A replica is written and deleted by actions of its own.
READS = (
    "s3:GetObject",
    "s3:GetObjectVersion",
    "s3:GetObjectVersionForReplication",
    "s3:GetObjectTorrent",
    "s3:GetObjectVersionTorrent",
)
WRITES = ("s3:PutObject", "s3:ReplicateObject")
DELETIONS = ("s3:DeleteObject", "s3:DeleteObjectVersion", "s3:ReplicateDelete")


def refuse(
    bucket: s3.IBucket,
    sid: str,
    actions: Sequence[str],
    objects: str,
    *,
    but: Sequence[str] = (),
    when: Mapping[str, Any] | None = None,
) -> None:
    """Refuse `actions` on `objects` (a pattern of keys) to all but the roles with the ARNs `but`, under conditions."""
    others = {"ArnNotEquals": {"aws:PrincipalArn": list(but)}} if but else {}
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
