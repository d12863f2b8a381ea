"""Takes all that is kept of an upload out of a deployment. What was cut off can be done again."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from moderate.deployment import Deployment
from moderate.records import Record
from moderation.adapters.faults import code_of
from moderation.contract import BY_SHA256
from moderation.domain.image_ref import ImageRef
from moderation.domain.manifest import Workspace

VERSION, MARKER = "object version", "delete marker"
COUNTED = (f"{VERSION}s", f"{MARKER}s", "records", "work files", "evidence files", "reuse references")


@dataclass(frozen=True)
class Trace:
    """A version of the object: what of it is in the bucket, if anything still is, and its record, if there is one."""

    image: ImageRef
    stored: str | None
    record: Record | None


class Erasure:
    """`done` counts what was deleted so far, by kind."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment, self._s3, self._dynamodb = deployment, deployment.s3, deployment.dynamodb
        self._table = deployment.output("VerdictTableName")
        self._work_bucket = deployment.output("WorkBucketName")
        self.done: Counter[str] = Counter(dict.fromkeys(COUNTED, 0))

    def traces(self, key: str, version: str | None) -> list[Trace]:
        """Everything under a key, or one version of it, newest first as far as the bucket has it."""
        bucket = self._deployment.intake_bucket
        stored = dict(self._stored(bucket, key))
        records = {record["sk"]: record for record in self._deployment.verdicts.of_object(bucket, key)}
        return [
            Trace(ImageRef(bucket, key, found), stored.get(found), records.get(found))
            for found in {**stored, **records}
            if version in (None, found)
        ]

    def erase(self, trace: Trace) -> None:
        """Delete what belongs to a version; the version and its record last, for they lead to the rest."""
        image = trace.image
        self.done["work files"] += self._delete_under(f"work/{image.id}/")
        self.done["evidence files"] += self._delete_under(f"evidence/{image.id}/")
        if trace.record:
            self.done["reuse references"] += self._forget(image, trace.record)
        if trace.stored:
            self._s3.delete_object(Bucket=image.bucket, Key=image.key, VersionId=image.version)
            self.done[f"{trace.stored}s"] += 1
        if trace.record:
            self._dynamodb.delete_item(TableName=self._table, Key=_key(image))
            self.done["records"] += 1

    def _stored(self, bucket: str, key: str) -> Iterator[tuple[str, str]]:
        """Version id and kind of all that the bucket holds under exactly this key."""
        for page in self._s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=key):
            kinds: tuple[tuple[str, list[Any]], ...] = (
                (VERSION, page.get("Versions", [])),
                (MARKER, page.get("DeleteMarkers", [])),
            )
            for kind, listed in kinds:
                yield from ((found["VersionId"], kind) for found in listed if found["Key"] == key)
            if any(found["Key"] != key for _, listed in kinds for found in listed):
                return  # keys are listed in order, and the shortest under a prefix is the prefix itself

    def _delete_under(self, prefix: str) -> int:
        deleted = 0
        for page in self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._work_bucket, Prefix=prefix):
            for found in page.get("Contents", []):
                self._s3.delete_object(Bucket=self._work_bucket, Key=found["Key"])
                deleted += 1
        return deleted

    def _forget(self, image: ImageRef, record: Record) -> int:
        """Take the references to a version out of the records that took its judgement over; how many.

        What they took over stays: they are of other uploads.
        """
        if "sha256" not in record:
            return 0
        forgotten = 0
        for other in list(self._of_same_bytes(record["sha256"])):
            found = self._deployment.verdicts.get(other)
            if found and found.get("reused_from") == {"pk": image.pk, "sk": image.version}:
                manifest = Workspace.of(other, found["execution"]).manifest  # it names the other upload, too
                self._s3.delete_object(Bucket=self._work_bucket, Key=manifest)
                forgotten += self._drop_reference(other)
        return forgotten

    def _of_same_bytes(self, sha256: str) -> Iterator[ImageRef]:
        pages = self._dynamodb.get_paginator("query").paginate(
            TableName=self._table,
            IndexName=BY_SHA256,
            KeyConditionExpression="sha256 = :sha256",
            ExpressionAttributeValues={":sha256": {"S": sha256}},
        )
        for item in (item for page in pages for item in page["Items"]):
            bucket, key = item["pk"]["S"].split("#", 1)
            if bucket == self._deployment.intake_bucket:  # judgements are taken over within a bucket
                yield ImageRef(bucket, key, item["sk"]["S"])

    def _drop_reference(self, image: ImageRef) -> int:
        try:
            self._dynamodb.update_item(
                TableName=self._table,
                Key=_key(image),
                UpdateExpression="REMOVE reused_from",
                ConditionExpression="attribute_exists(reused_from)",
            )
        except ClientError as error:
            if code_of(error) != "ConditionalCheckFailedException":
                raise
            return 0
        return 1


def _key(image: ImageRef) -> Any:
    return {"pk": {"S": image.pk}, "sk": {"S": image.version}}
