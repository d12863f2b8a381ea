"""Target of the checks: AWS, or a laptop cloud in its place."""

from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config

# An unreachable service should be reported within seconds.
_CONFIG = Config(connect_timeout=5, read_timeout=20, retries={"mode": "standard", "total_max_attempts": 2})
_OF_AWS = (".amazonaws.com", ".amazonaws.com.cn", ".api.aws")


def client(service: str) -> Any:
    """Return a client with short time-outs. Raises what boto3 raises without a region or with an unknown profile."""
    return boto3.client(service, config=_CONFIG)  # type: ignore[call-overload]


def is_aws() -> bool:
    """Tell if calls go to AWS itself, by the endpoint that environment and profile select."""
    host = urlsplit(client("cloudformation").meta.endpoint_url).hostname or ""
    return host.endswith(_OF_AWS)
