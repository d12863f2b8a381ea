"""How long the buckets keep what lies in them."""

from aws_cdk import Duration
from aws_cdk import aws_s3 as s3

from stacks.settings import Retention

# DynamoDB deletes an expired item within a few days (its Developer Guide, "Time to Live"); evidence waits for it.
_LAG_DAYS = 3


def of_work(retention: Retention) -> list[s3.LifecycleRule]:
    """Steps leave their work under work/, evidence too long for a record lies under evidence/ as long as the record.

    The packs and prompts under provenance/ are kept for good.
    """
    work = s3.LifecycleRule(prefix="work/", expiration=Duration.days(retention.work))
    if not retention.records:
        return [work]
    evidence = s3.LifecycleRule(prefix="evidence/", expiration=Duration.days(retention.records + _LAG_DAYS))
    return [work, evidence]


def of_images(retention: Retention, prefix: str) -> list[s3.LifecycleRule]:
    """Images expire by age; a version that expired, or was replaced or deleted before, is gone a day later."""
    if not retention.images:
        return []
    under = prefix or None
    images = s3.LifecycleRule(
        prefix=under,
        expiration=Duration.days(retention.images),
        noncurrent_version_expiration=Duration.days(1),
    )
    # S3 takes this switch only in a rule without days.
    markers = s3.LifecycleRule(prefix=under, expired_object_delete_marker=True)
    return [images, markers]
