"""Views in the work bucket, shown by links that live a short time."""

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from moderation.adapters.faults import code_of, store_faults

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class S3Pictures:
    """Implements `ports.Pictures`. The links' answers are PNG whatever is stored, and are cached nowhere."""

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client, self._bucket = client, bucket

    def has(self, key: str) -> bool:
        with store_faults(f"Work bucket {self._bucket}"):
            try:
                self._client.head_object(Bucket=self._bucket, Key=key)
            except ClientError as error:
                if code_of(error) in ("404", "NoSuchKey", "403"):  # without the right to list, a missing one is a 403
                    return False
                raise
        return True

    def link(self, key: str, seconds: int) -> str:
        answered = {
            "ResponseContentType": "image/png",
            "ResponseContentDisposition": "inline",
            "ResponseCacheControl": "no-store",
        }
        return self._client.generate_presigned_url(
            "get_object", Params={"Bucket": self._bucket, "Key": key, **answered}, ExpiresIn=seconds
        )
