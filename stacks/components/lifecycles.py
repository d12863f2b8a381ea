"""Lifecycle rules of the buckets."""

from aws_cdk import Duration
from aws_cdk import aws_s3 as s3

from stacks.contract import CONTRACT
from stacks.settings import Retention

# DynamoDB deletes an expired item within a few days (its Developer Guide, "Time to Live"); evidence is kept until then.
_LAG_DAYS = 3
_COMPLAINT_DAYS: int = CONTRACT["complaint_days"]


def of_work(retention: Retention) -> list[s3.LifecycleRule]:
    """Return the rules for work/ and backfill/ (files of a run) and evidence/ (kept as long as its record).

    Packs and prompts under provenance/ never expire.
    """
    days = Duration.days(retention.work)
    work = [s3.LifecycleRule(prefix=prefix, expiration=days) for prefix in ("work/", "backfill/")]
    if not retention.records:
        return work
    # Where records are kept for six months, a later decision prolongs them by as much.
    prolonged = _COMPLAINT_DAYS if retention.records >= _COMPLAINT_DAYS else 0
    expiration = Duration.days(retention.records + prolonged + _LAG_DAYS)
    return [*work, s3.LifecycleRule(prefix="evidence/", expiration=expiration)]


def of_images(retention: Retention, prefix: str) -> list[s3.LifecycleRule]:
    """Return the rules that expire images by age, and noncurrent versions a day after they became noncurrent."""
    if not retention.images:
        return []
    under = prefix or None
    images = s3.LifecycleRule(
        prefix=under,
        expiration=Duration.days(retention.images),
        noncurrent_version_expiration=Duration.days(1),
    )
    # S3 accepts this flag only in a rule without days.
    markers = s3.LifecycleRule(prefix=under, expired_object_delete_marker=True)
    return [images, markers]
