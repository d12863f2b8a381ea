"""What the intake bucket refuses."""

from collections.abc import Sequence

from aws_cdk import aws_s3 as s3

from stacks.components.refusals import READS, refuse
from stacks.contract import CONTRACT

_TAG: str = CONTRACT["verdict_tag"]


def protect_tag(bucket: s3.IBucket, objects: str, taggers: Sequence[str]) -> None:
    """Nobody but `taggers` tags the `objects` of an own bucket, at upload or later, or takes tags away.

    Every tagging call is refused and not only those that name the verdict: each replaces all tags, and what a copy
    brings along isn't sure to be seen by conditions on a request's tags. An upload that brings tags needs
    `s3:PutObjectTagging` too (Amazon S3 API Reference, PutObject); the first statement doesn't rely on it. Replicas
    bring their tags by rights of their own, so nothing is replicated into the bucket.
    """
    carries_verdict = {"ForAnyValue:StringEqualsIgnoreCase": {"s3:RequestObjectTagKeys": _TAG}}
    tagging = [f"s3:{verb}Object{version}Tagging" for verb in ("Put", "Delete") for version in ("", "Version")]
    refuse(bucket, "UploadedVerdict", ["s3:PutObject"], objects, but=taggers, when=carries_verdict)
    refuse(bucket, "Tagging", [*tagging, "s3:ReplicateObject", "s3:ReplicateTags"], objects, but=taggers)


def hold_until_cleared(bucket: s3.IBucket, objects: str, readers: Sequence[str]) -> None:
    """Nobody but `readers` reads those `objects` of an own bucket whose version isn't tagged safe, or not tagged.

    S3 shows tags to policies on reads by GetObject alone: nothing is replicated out of the bucket.
    """
    uncleared = {"StringNotEquals": {f"s3:ExistingObjectTag/{_TAG}": "safe"}}
    refuse(bucket, "Uncleared", READS, objects, but=readers, when=uncleared)
