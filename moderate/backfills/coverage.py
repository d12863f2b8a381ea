"""Object versions of the intake, and the verdicts that they have."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from moderate.deployment import Deployment
from moderation.adapters.record_batches import MOST, RecordBatches
from moderation.domain.image_ref import ImageRef
from moderation.domain.record import SHADOWED, Record


@dataclass(frozen=True)
class StoredVersion:
    """An object version, the time at which it was stored, and its record, None if it has none."""

    image: ImageRef
    modified: datetime
    record: Record | None

    @property
    def is_uncleared(self) -> bool:
        """Tell if it has no verdict, so that `holdUntilCleared` locks it."""
        return self.record is None or self.record.verdict is None

    @property
    def is_unclaimed(self) -> bool:
        """Tell if it has no verdict and no execution that will give it one."""
        return self.record is None or self.record.status == SHADOWED


def stored_versions(deployment: Deployment, pages: int | None = None) -> Iterator[StoredVersion]:
    """Yield the object versions of the intake, by default all, otherwise those of the listing's first pages of 1,000.

    Folder markers are left out.
    """
    bucket = deployment.intake_bucket
    stored = RecordBatches(deployment.dynamodb, deployment.output("VerdictTableName"))
    listing = deployment.s3.get_paginator("list_object_versions").paginate(
        Bucket=bucket, Prefix=deployment.intake_prefix
    )
    for page in islice(listing, pages):
        found = [v for v in page.get("Versions", []) if v["Size"] or not v["Key"].endswith("/")]
        for start in range(0, len(found), MOST):
            batch = found[start : start + MOST]
            images = [ImageRef(bucket, v["Key"], v["VersionId"]) for v in batch]
            records = {record.image: record for record in stored.read(images)}
            for image, version in zip(images, batch, strict=True):
                yield StoredVersion(image, version["LastModified"], records.get(image))
