"""The canary in the policy bucket, which overrides the one that ships with the code."""

from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from moderation.adapters.faults import code_of, store_faults
from moderation.domain.canary import Canary, parse_canary

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

SHIPPED_CANARY = Path(__file__).parents[1] / "canary.json"
CANARY_KEY = "canary.json"


def shipped_canary() -> Canary:
    """Return the canary that ships with the code: a red disc on white."""
    return parse_canary(SHIPPED_CANARY.read_bytes(), SHIPPED_CANARY.name)


class S3CanaryStore:
    """Implements `ports.CanaryStore`."""

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client, self._bucket = client, bucket

    def canary(self) -> Canary:
        with store_faults(f"Policy bucket {self._bucket}"):
            try:
                text = self._client.get_object(Bucket=self._bucket, Key=CANARY_KEY)["Body"].read()
            except ClientError as error:
                if code_of(error) in ("NoSuchKey", "404"):
                    return shipped_canary()
                raise
        return parse_canary(text, f"{CANARY_KEY} in the policy bucket")
