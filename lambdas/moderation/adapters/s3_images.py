"""The intake bucket on S3."""

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from moderation.adapters.faults import code_of, store_faults
from moderation.domain.evidence import ImageRef
from moderation.domain.limits import MAX_BYTES, TAG
from moderation.errors import ImageTooLarge, ImageUnavailable
from moderation.ports import StoredImage

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_MAX_TAGS = 10  # S3's own limit per object version
_GONE = {
    "NoSuchKey": "it was deleted",
    "NoSuchVersion": "this version was deleted",
    "404": "it was deleted",
    "MethodNotAllowed": "this version is a delete marker",
    "405": "this version is a delete marker",
}
_UNAVAILABLE = _GONE | {
    "InvalidObjectState": "it lies in an archive class; restore it and moderate it again",
    "AccessDenied": "the pipeline may not read it",
    "403": "the pipeline may not read it",
    "KMS.DisabledException": "its encryption key is disabled",
    "KMS.NotFoundException": "its encryption key is gone",
}


class S3ImageStore:
    """Fulfils `ports.ImageStore`."""

    def __init__(self, client: "S3Client") -> None:
        self._client = client

    def fetch(self, image: ImageRef) -> StoredImage:
        with store_faults(f"Bucket {image.bucket}"):
            try:
                found = self._client.get_object(Bucket=image.bucket, Key=image.key, VersionId=image.version)
            except ClientError as error:
                if why := _UNAVAILABLE.get(code_of(error)):
                    raise ImageUnavailable(f"The object can't be read: {why}.") from error
                raise
            if found["ContentLength"] > MAX_BYTES:
                found["Body"].close()
                raise ImageTooLarge(f"The object has {found['ContentLength']:,} bytes; the limit is {MAX_BYTES:,}.")
            return StoredImage(found["Body"].read(), found.get("ContentType", ""), found["Metadata"].get("reference"))

    def tag(self, image: ImageRef, verdict: str) -> str:
        with store_faults(f"Bucket {image.bucket}"):
            try:
                return self._merge_tag(image, verdict)
            except ClientError as error:
                if code_of(error) in _GONE:
                    return "gone"
                raise

    def _merge_tag(self, image: ImageRef, verdict: str) -> str:
        tags = self._client.get_object_tagging(Bucket=image.bucket, Key=image.key, VersionId=image.version)["TagSet"]
        others = [tag for tag in tags if tag["Key"] != TAG]
        if len(others) >= _MAX_TAGS:
            return "full"
        self._client.put_object_tagging(
            Bucket=image.bucket,
            Key=image.key,
            VersionId=image.version,
            Tagging={"TagSet": [*others, {"Key": TAG, "Value": verdict}]},
        )
        return "tagged"
