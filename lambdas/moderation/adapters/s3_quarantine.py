"""The quarantine bucket on S3, and the tags that deny a picture in the other buckets."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from moderation.adapters.faults import code_of, store_faults
from moderation.domain.image_ref import ImageRef
from moderation.domain.policy_history import names_under
from moderation.domain.quarantine import (
    RELEASERS,
    TAG,
    TAGGED,
    UNTAGGED,
    case_of,
    file_copy,
    original_copy,
    record_copy,
    release_file,
    releases_of,
)

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CopySourceTypeDef

_GONE = {"NoSuchKey", "NoSuchVersion", "404", "MethodNotAllowed", "405"}
_EXISTS = {"PreconditionFailed", "412"}
_MAX_TAGS = 10  # S3's own limit per object version


class S3Quarantine:
    """Implements `ports.Quarantine`. Copies are made by S3 itself: no bytes of a picture pass through this code."""

    def __init__(self, client: "S3Client", bucket: str, work_bucket: str) -> None:
        self._client, self._bucket, self._work = client, bucket, work_bucket

    def take_original(self, image: ImageRef) -> bool:
        return self._take(
            {"Bucket": image.bucket, "Key": image.key, "VersionId": image.version}, original_copy(image), image
        )

    def take_file(self, image: ImageRef, key: str) -> None:
        self._take({"Bucket": self._work, "Key": key}, file_copy(image, key), image)

    def take_record(self, image: ImageRef, attributes: Mapping[str, Any]) -> None:
        key = record_copy(image)
        if self.holds(image) and len(self.signers(image)) < RELEASERS:
            self._hold_again(key)
            return
        with store_faults(f"Quarantine bucket {self._bucket}"):
            text = json.dumps(attributes, ensure_ascii=False, default=str)
            put = self._client.put_object(
                Bucket=self._bucket, Key=key, Body=text.encode(), ContentType="application/json"
            )
            self._hold(key, put["VersionId"], "ON")

    def deny(self, image: ImageRef, views: Sequence[str]) -> None:
        self._tag(image.bucket, image.key, image.version, TAGGED)
        for key in views:
            self._tag(self._work, key, None, TAGGED)

    def holds(self, image: ImageRef) -> bool:
        return record_copy(image) in self._held(image)

    def sign(self, image: ImageRef, user_id: str, signature: Mapping[str, Any]) -> None:
        with store_faults(f"Quarantine bucket {self._bucket}"):
            try:
                self._client.put_object(
                    Bucket=self._bucket,
                    Key=release_file(image, self._version(record_copy(image)), user_id),
                    Body=json.dumps(signature).encode(),
                    ContentType="application/json",
                    IfNoneMatch="*",
                )
            except ClientError as error:
                if code_of(error) not in _EXISTS:
                    raise

    def signers(self, image: ImageRef) -> list[str]:
        with store_faults(f"Quarantine bucket {self._bucket}"):
            prefix = releases_of(image, self._version(record_copy(image)))
        return sorted(names_under(prefix, self._keys(self._bucket, prefix)))

    def release(self, image: ImageRef) -> None:
        with store_faults(f"Quarantine bucket {self._bucket}"):
            for key in self._held(image):
                version = self._version(key)
                self._hold(key, version, "OFF")
                self._mark(key, version, "true")
        self._tag(image.bucket, image.key, image.version, UNTAGGED)
        for key in self._keys(self._work, f"work/{image.id}/"):
            if "/views/" in key:
                self._tag(self._work, key, None, UNTAGGED)

    def _take(self, source: "CopySourceTypeDef", key: str, image: ImageRef) -> bool:
        """Copy an object under a legal hold, unless its copy is there; False if it is gone."""
        if key in self._held(image):
            self._hold_again(key)
            return True
        with store_faults(f"Quarantine bucket {self._bucket}"):
            try:
                copied = self._client.copy_object(
                    Bucket=self._bucket, Key=key, CopySource=source, TaggingDirective="REPLACE"
                )
            except ClientError as error:
                if code_of(error) in _GONE:
                    return False
                raise
            self._hold(key, copied["VersionId"], "ON")
        return True

    def _hold_again(self, key: str) -> None:
        """Hold a copy that is there: whoever made it may have died before they held it, or it was released since."""
        with store_faults(f"Quarantine bucket {self._bucket}"):
            version = self._version(key)
            self._hold(key, version, "ON")
            self._mark(key, version, "false")

    def _version(self, key: str) -> str:
        return self._client.head_object(Bucket=self._bucket, Key=key)["VersionId"]

    def _hold(self, key: str, version: str, status: Any) -> None:
        self._client.put_object_legal_hold(
            Bucket=self._bucket, Key=key, VersionId=version, LegalHold={"Status": status}
        )

    def _mark(self, key: str, version: str, released: str) -> None:
        """Set the tag by which the bucket's lifecycle knows what was released."""
        tags: Any = {"TagSet": [{"Key": "released", "Value": released}]}
        self._client.put_object_tagging(Bucket=self._bucket, Key=key, VersionId=version, Tagging=tags)

    def _held(self, image: ImageRef) -> list[str]:
        return list(self._keys(self._bucket, case_of(image)))

    def _keys(self, bucket: str, prefix: str) -> Iterator[str]:
        with store_faults(f"Bucket {bucket}"):
            for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
                yield from (found["Key"] for found in page.get("Contents", []))

    def _tag(self, bucket: str, key: str, version: str | None, value: str) -> None:
        """Set the tag of a picture, if that is there; the last of ten other tags gives way to it."""
        named: Any = {"Bucket": bucket, "Key": key, **({"VersionId": version} if version else {})}
        with store_faults(f"Bucket {bucket}"):
            try:
                tags = self._client.get_object_tagging(**named)["TagSet"]
                others = [tag for tag in tags if tag["Key"] != TAG]
                wanted: Any = [{"Key": TAG, "Value": value}, *others][:_MAX_TAGS]
                self._client.put_object_tagging(**named, Tagging={"TagSet": wanted})
            except ClientError as error:
                if code_of(error) not in _GONE:
                    raise
