"""Deny statements of the intake bucket."""

from collections.abc import Sequence

from aws_cdk import aws_s3 as s3

from stacks.components.bucket_denials import READS, deny
from stacks.contract import CONTRACT

_TAG: str = CONTRACT["verdict_tag"]
# as `moderation.domain.quarantine` tags them
ESCALATED = {"StringEquals": {"s3:ExistingObjectTag/quarantine": "escalated"}}


def protect_tag(bucket: s3.IBucket, objects: str, taggers: Sequence[str]) -> None:
    """Deny everyone but `taggers` setting or deleting tags of `objects`, at upload or later.

    All tagging calls are denied, not only those that set the verdict: each replaces all tags, and conditions on request
    tags may not see the tags of a copy. An upload with tags also needs `s3:PutObjectTagging` (Amazon S3 API Reference,
    PutObject); the first statement doesn't rely on it. Replication carries tags under permissions of its own, so
    replication into the bucket is denied.
    """
    carries_verdict = {"ForAnyValue:StringEqualsIgnoreCase": {"s3:RequestObjectTagKeys": _TAG}}
    tagging = [f"s3:{verb}Object{version}Tagging" for verb in ("Put", "Delete") for version in ("", "Version")]
    deny(bucket, "UploadedVerdict", ["s3:PutObject"], objects, except_for=taggers, when=carries_verdict)
    deny(bucket, "Tagging", [*tagging, "s3:ReplicateObject", "s3:ReplicateTags"], objects, except_for=taggers)


def quarantine(bucket: s3.IBucket, objects: str, keeper: str) -> None:
    """Deny everyone but `keeper` reading and tagging `objects` whose version is escalated."""
    tagging = [f"s3:{verb}Object{version}Tagging" for verb in ("Put", "Delete") for version in ("", "Version")]
    deny(bucket, "Quarantined", [*READS, *tagging], objects, except_for=[keeper], when=ESCALATED)


def hold_until_cleared(bucket: s3.IBucket, objects: str, readers: Sequence[str]) -> None:
    """Deny everyone but `readers` reading `objects` whose version isn't tagged safe.

    S3 evaluates object tags for GetObject reads only, so replication out of the bucket is denied.
    """
    uncleared = {"StringNotEquals": {f"s3:ExistingObjectTag/{_TAG}": "safe"}}
    deny(bucket, "Uncleared", READS, objects, except_for=readers, when=uncleared)
