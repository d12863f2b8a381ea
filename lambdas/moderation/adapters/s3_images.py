"""The intake bucket on S3."""

from collections.abc import Iterator
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from moderation.adapters.faults import code_of, is_transient, store_faults
from moderation.contract import NULL_VERSION, VERDICT_TAG
from moderation.domain.image_ref import ImageRef
from moderation.domain.limits import MAX_BYTES
from moderation.domain.record import utc
from moderation.errors import ImageUnavailable
from moderation.ports import ObjectHead, StoredImage

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import GetObjectOutputTypeDef

_MAX_TAGS = 10  # S3's own limit per object version
_GONE = {
    "NoSuchKey": "it was deleted",
    "NoSuchVersion": "this version was deleted",
    "404": "it was deleted",
    "MethodNotAllowed": "this version is a delete marker",
    "405": "this version is a delete marker",
}
# Caused by an uploader or a key's owner, so these raise no alarm.
_UNAVAILABLE = _GONE | {
    "InvalidObjectState": "it is in an archive storage class; restore it and moderate it again",
    "AccessDenied": "the pipeline may not read it, or may not use its encryption key",
    "403": "the pipeline may not read it, or may not use its encryption key",
    # "The object was stored using a form of Server Side Encryption. The correct parameters must be provided …"
    "InvalidRequest": "it is encrypted with a key that its uploader keeps (SSE-C); upload it without one",
    "400": "it is encrypted with a key that its uploader keeps (SSE-C); upload it without one",
    "KMS.DisabledException": "its encryption key is disabled",
    "KMS.KMSInvalidStateException": "its encryption key is disabled or pending deletion",
    "KMS.NotFoundException": "its encryption key is gone",
}


def _why_unavailable(error: ClientError) -> str | None:
    code = code_of(error)
    if code.startswith("KMS.") and code not in _UNAVAILABLE and not is_transient(error):
        return f"its encryption key can't be used ({code})"
    return _UNAVAILABLE.get(code)


class S3ImageStore:
    """Implements `ports.ImageStore`."""

    def __init__(self, client: "S3Client") -> None:
        self._client = client

    def fetch(self, image: ImageRef) -> StoredImage:
        with store_faults(f"Bucket {image.bucket}"):
            try:
                found = self._client.get_object(Bucket=image.bucket, Key=image.key, VersionId=image.version)
            except ClientError as error:
                if why := _why_unavailable(error):
                    raise ImageUnavailable(f"The object can't be read: {why}.") from error
                raise
            said = found["Metadata"]
            data, oversize = _read(found)
            return StoredImage(
                data=data,
                content_type=found.get("ContentType", ""),
                reference=_decoded(said.get("reference")),
                uploader=_decoded(said.get("uploader")),
                oversize=oversize,
                content_encoding=found.get("ContentEncoding", ""),
            )

    def tag(self, image: ImageRef, verdict: str) -> str:
        with store_faults(f"Bucket {image.bucket}"):
            try:
                return self._merge_tag(image, verdict)
            except ClientError as error:
                if code_of(error) in _GONE:
                    return "gone"
                raise

    def current_version(self, bucket: str, key: str) -> str | None:
        with store_faults(f"Bucket {bucket}"):
            try:
                return self._client.head_object(Bucket=bucket, Key=key).get("VersionId")
            except ClientError as error:
                if code_of(error) in _GONE:
                    return None
                if why := _why_unavailable(error):
                    raise ImageUnavailable(f"The object can't be read: {why}.") from error
                raise

    def head(self, bucket: str, key: str, version: str | None) -> ObjectHead | None:
        with store_faults(f"Bucket {bucket}"):
            try:
                named: Any = {"VersionId": version} if version else {}
                found = self._client.head_object(Bucket=bucket, Key=key, **named)
            except ClientError as error:
                if code_of(error) in _GONE:
                    return None
                if not _why_unavailable(error):
                    raise
                # The workflow records why: its version is all that it needs.
                known = version or self._newest_version(bucket, key)
                return ObjectHead(known, 0) if known else None
        uploaded_at = utc(found["LastModified"])
        return ObjectHead(version or found.get("VersionId", NULL_VERSION), found["ContentLength"], uploaded_at)

    def _newest_version(self, bucket: str, key: str) -> str | None:
        """Return the version that S3 lists first under the key, None if that is a delete marker."""
        listed = self._client.list_object_versions(Bucket=bucket, Prefix=key, MaxKeys=1).get("Versions", [])
        return next((found["VersionId"] for found in listed if found["Key"] == key), None)

    def versions(self, bucket: str, key: str) -> Iterator[tuple[str, str]]:
        with store_faults(f"Bucket {bucket}"):
            for page in self._client.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=key):
                kinds: tuple[tuple[str, list[Any]], ...] = (
                    ("object version", page.get("Versions", [])),
                    ("delete marker", page.get("DeleteMarkers", [])),
                )
                for kind, listed in kinds:
                    yield from ((found["VersionId"], kind) for found in listed if found["Key"] == key)
                if any(found["Key"] != key for _, listed in kinds for found in listed):
                    return  # keys are listed in order, and the shortest under a prefix is the prefix itself

    def delete_version(self, image: ImageRef) -> None:
        with store_faults(f"Bucket {image.bucket}"):
            self._client.delete_object(Bucket=image.bucket, Key=image.key, VersionId=image.version)

    def _merge_tag(self, image: ImageRef, verdict: str) -> str:
        tags = self._client.get_object_tagging(Bucket=image.bucket, Key=image.key, VersionId=image.version)["TagSet"]
        others = [tag for tag in tags if tag["Key"] != VERDICT_TAG]
        if len(others) >= _MAX_TAGS:
            return "full"
        self._client.put_object_tagging(
            Bucket=image.bucket,
            Key=image.key,
            VersionId=image.version,
            Tagging={"TagSet": [*others, {"Key": VERDICT_TAG, "Value": verdict}]},
        )
        return "tagged"


def _decoded(text: str | None) -> str | None:
    """Decode user metadata, in which S3 encodes what isn't ASCII (RFC 2047); other text is returned as it is."""
    try:
        return str(make_header(decode_header(text))) if text and "=?" in text else text
    except (HeaderParseError, LookupError, ValueError):
        return text


def _read(found: "GetObjectOutputTypeDef") -> tuple[bytes, int]:
    """Read the object: its bytes and 0, or nothing and its size (at least) if it is over the limit.

    A chunked answer doesn't declare its length.
    """
    size = found.get("ContentLength")
    if size is not None and size > MAX_BYTES:
        found["Body"].close()
        return b"", size
    data = found["Body"].read() if size is not None else found["Body"].read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        found["Body"].close()
        return b"", len(data)
    return data, 0
