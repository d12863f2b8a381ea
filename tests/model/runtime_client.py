"""A real client of the model server."""

from typing import Any

import boto3
from botocore.config import Config


def client_of(url: str) -> Any:
    """A `sagemaker-runtime` client that asks once."""
    return boto3.client(
        "sagemaker-runtime",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}),
    )
