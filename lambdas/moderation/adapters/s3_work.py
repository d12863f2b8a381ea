"""The work bucket on S3."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from moderation.adapters.faults import code_of, store_faults

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class S3WorkStore:
    """Implements `ports.WorkStore`."""

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client, self._bucket = client, bucket
        self._kept: set[str] = set()
        self._read_once: dict[str, Mapping[str, Any]] = {}

    def put_json(self, key: str, value: Mapping[str, Any]) -> None:
        self.put_bytes(key, json.dumps(value, ensure_ascii=False).encode())

    def get_json(self, key: str) -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads(self.get_bytes(key))
        return loaded

    def put_bytes(self, key: str, value: bytes) -> None:
        with store_faults(f"Work bucket {self._bucket}"):
            self._client.put_object(Bucket=self._bucket, Key=key, Body=value)

    def get_bytes(self, key: str) -> bytes:
        with store_faults(f"Work bucket {self._bucket}"):
            return self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read()

    def put_if_absent(self, key: str, value: Mapping[str, Any]) -> None:
        if key in self._kept:
            return
        with store_faults(f"Work bucket {self._bucket}"):
            try:
                self._client.put_object(
                    Bucket=self._bucket, Key=key, Body=json.dumps(value, ensure_ascii=False).encode(), IfNoneMatch="*"
                )
            except ClientError as error:
                if code_of(error) not in ("PreconditionFailed", "412"):  # the latter if the body is damaged
                    raise
        self._kept.add(key)

    def get_or_put(self, key: str, value: Mapping[str, Any]) -> Mapping[str, Any]:
        if key not in self._read_once:
            self.put_if_absent(key, value)  # first: without the right to list, a missing file can't be told
            self._read_once[key] = self.get_json(key)
        return self._read_once[key]

    def keys_under(self, prefix: str) -> list[str]:
        with store_faults(f"Work bucket {self._bucket}"):
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix)
            return [found["Key"] for page in pages for found in page.get("Contents", [])]

    def delete(self, key: str) -> None:
        with store_faults(f"Work bucket {self._bucket}"):
            self._client.delete_object(Bucket=self._bucket, Key=key)

    def delete_under(self, prefix: str) -> int:
        deleted = 0
        with store_faults(f"Work bucket {self._bucket}"):
            for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix):
                for found in page.get("Contents", []):
                    self._client.delete_object(Bucket=self._bucket, Key=found["Key"])
                    deleted += 1
        return deleted
