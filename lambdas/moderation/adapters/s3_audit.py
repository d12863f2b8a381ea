"""The audit log in a bucket with Object Lock."""

import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from itertools import groupby, islice
from operator import itemgetter
from threading import Lock
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from moderation.adapters.faults import code_of, is_transient, store_faults
from moderation.domain.audit import (
    CHECKS,
    ENTRIES,
    MOST_BYTES,
    SEALS,
    AuditEvent,
    AuditFile,
    Head,
    ListedEntry,
    entry,
    is_place,
)
from moderation.domain.record import utc
from moderation.errors import StoreUnavailable

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# Objects that are read at once: each takes tens of milliseconds, nearly all of it waiting.
AT_ONCE = 32
_AHEAD = 1000  # as many as a page of a listing has
_EXISTS = {"PreconditionFailed", "412", "ConditionalRequestConflict", "409"}


class S3AuditLog:
    """Implements `ports.AuditLog` with the right to add objects alone: it neither reads nor lists.

    Its chain is of this object alone, so nobody else writes into it, and a second entry of a number is refused. A write
    that failed may have been stored all the same, so the next event begins another chain.
    """

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client, self._bucket, self._lock = client, bucket, Lock()
        self._chain, self._head = "", Head()

    def append(self, event: AuditEvent) -> None:
        day = event.at[:10]
        with self._lock:
            if not self._chain.startswith(f"{day}/"):
                self._chain, self._head = f"{day}/{uuid.uuid4().hex}", Head()
            file, head = entry(event, self._chain, self._head)
            self._chain = ""
            put_new(self._client, self._bucket, file)
            self._chain, self._head = file.chain, head


class S3AuditReader:
    """Implements `ports.AuditReader`; the client must keep `AT_ONCE` connections."""

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client, self._bucket = client, bucket

    def entries(self, day: str) -> Iterator[AuditFile]:
        with store_faults(f"Audit bucket {self._bucket}"), ThreadPoolExecutor(AT_ONCE) as pool:
            versions = self._versions(f"{ENTRIES}{day}/")
            keys = ((key, list(found)) for key, found in groupby(versions, key=itemgetter(0)))
            while some := list(islice(keys, _AHEAD)):
                yield from pool.map(lambda one: self._whole(*one), some)

    def entry_days(self) -> Iterator[str]:
        """Yield the days, those too of which everything is deleted."""
        with store_faults(f"Audit bucket {self._bucket}"):
            pages = self._client.get_paginator("list_object_versions").paginate(
                Bucket=self._bucket, Prefix=ENTRIES, Delimiter="/"
            )
            for page in pages:
                folders = {found["Prefix"].removesuffix("/") for found in page.get("CommonPrefixes", [])}
                files = {found["Key"] for found in (*page.get("Versions", []), *page.get("DeleteMarkers", []))}
                yield from sorted(name.removeprefix(ENTRIES) for name in (*folders, *files))

    def listed(self, day: str) -> Iterator[ListedEntry]:
        with store_faults(f"Audit bucket {self._bucket}"):
            for page in self._pages(f"{ENTRIES}{day}/"):
                yield from (ListedEntry(utc(written_at), key) for key, written_at in page)

    def read(self, keys: Sequence[str]) -> Iterator[AuditFile]:
        with store_faults(f"Audit bucket {self._bucket}"), ThreadPoolExecutor(AT_ONCE) as pool:
            yield from pool.map(self._entry, keys)

    def seals(self) -> Iterator[AuditFile]:
        with store_faults(f"Audit bucket {self._bucket}"), ThreadPoolExecutor(AT_ONCE) as pool:
            for page in self._pages(SEALS):
                yield from pool.map(self._get, (key for key, _ in page))

    def add_seal(self, seal: AuditFile) -> None:
        put_new(self._client, self._bucket, seal)

    def last_check(self) -> AuditFile | None:
        with store_faults(f"Audit bucket {self._bucket}"):
            keys = [key for page in self._pages(CHECKS) for key, _ in page]
            return self._get(keys[-1]) if keys else None

    def add_check(self, check: AuditFile) -> None:
        put_new(self._client, self._bucket, check)

    def _pages(self, prefix: str) -> Iterator[list[tuple[str, datetime]]]:
        """Yield pages of keys with the times at which they were written."""
        for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix):
            yield [(found["Key"], found["LastModified"]) for found in page.get("Contents", [])]

    def _versions(self, prefix: str) -> Iterator[tuple[str, datetime]]:
        """Yield the versions of keys, marks of a deletion too, with the times at which they were written."""
        for page in self._client.get_paginator("list_object_versions").paginate(Bucket=self._bucket, Prefix=prefix):
            found = [(version["Key"], version["LastModified"]) for version in page.get("Versions", [])]
            found += [(mark["Key"], mark["LastModified"]) for mark in page.get("DeleteMarkers", [])]
            yield from sorted(found)

    def _whole(self, key: str, versions: Sequence[tuple[str, datetime]]) -> AuditFile:
        """Read an entry that has one version. More of them show that it was altered, whatever the last one holds."""
        if len(versions) == 1 or not is_place(key):
            return self._entry(*versions[0])
        why = f"it was put over or deleted, for the bucket has {len(versions)} versions of it"
        return AuditFile(key, b"", utc(versions[0][1]), unread=why)

    def _entry(self, key: str, written_at: datetime | None = None) -> AuditFile:
        """Read an entry. One that S3 will never give, or that is no entry by its name or size, stops nobody."""
        file = AuditFile(key, b"", utc(written_at) if written_at else None)
        if not is_place(key):
            return replace(file, unread="it isn't named like an entry")
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=key)
        except ClientError as error:
            if is_transient(error):
                raise
            return replace(file, unread=f"S3 answers {code_of(error)}")
        body = answer["Body"].read(MOST_BYTES + 1)
        if "-" in answer.get("ETag", ""):  # S3's time is then that at which the upload began, long ago perhaps
            return replace(file, body=body, unread="it was uploaded in parts")
        if len(body) > MOST_BYTES:
            answer["Body"].close()
            return replace(file, body=body, unread=f"it has more than {MOST_BYTES} bytes")
        return replace(file, body=body)

    def _get(self, key: str) -> AuditFile:
        return AuditFile(key, self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read())


def put_new(client: "S3Client", bucket: str, file: AuditFile) -> None:
    """Write a file of the audit log that isn't there yet. Raises StoreUnavailable if another is, or it can't be."""
    with store_faults(f"Audit bucket {bucket}"):
        try:
            client.put_object(
                Bucket=bucket,
                Key=file.key,
                Body=file.body,
                ContentType="application/json",
                IfNoneMatch="*",
                ChecksumAlgorithm="SHA256",  # S3 requires a checksum of objects under Object Lock
            )
        except ClientError as error:
            if code_of(error) not in _EXISTS:
                raise
            raise StoreUnavailable(f"{file.key} is in the audit bucket already: try again.") from error
