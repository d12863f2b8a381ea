"""The policy that a verdict was made under, kept in the work bucket under its digest."""

from datetime import datetime

from moderate.deployment import Deployment
from moderate.records import Record
from moderation.domain.policy import Pack, pack_content, parse_pack
from moderation.errors import InvalidPolicy


def pack_of(deployment: Deployment, record: Record) -> Pack | None:
    """The pack behind a record's verdict or, where none was involved yet, the one in force for its key.

    None if that one is broken: a person must be able to decide even then. Raises StoreUnavailable, Misconfigured.
    """
    if policy := record.get("policy"):
        return parse_pack(deployment.work.get_json(_key(policy["digest"])))
    try:
        return deployment.policies.for_key(record["image"]["key"]).enforce
    except InvalidPolicy:
        return None


def keep_pack(deployment: Deployment, pack: Pack) -> None:
    """Keep a pack for good, as the pipeline does. Raises StoreUnavailable, Misconfigured."""
    deployment.work.keep(_key(pack.digest), pack_content(pack))


def first_applied(deployment: Deployment, digest: str) -> datetime:
    """When a pack of that digest was first applied to an image: it is kept once, then. Raises ClientError."""
    head = deployment.s3.head_object(Bucket=deployment.output("WorkBucketName"), Key=_key(digest))
    return head["LastModified"]


def _key(digest: str) -> str:
    return f"provenance/packs/{digest}.json"
