"""What the Lambda runtime needs to know of a function, and what an invocation of it answers."""

import json
from dataclasses import dataclass


@dataclass(frozen=True)
class Function:
    """One deployed version of a function; equal functions may share warm workers."""

    arn: str
    name: str
    handler: str
    runtime: str
    memory_mb: int
    timeout_s: int
    region: str
    environment: tuple[tuple[str, str], ...]
    log_group: str
    log_format: str
    code_sha256: str
    reserved_concurrency: int | None
    role_arn: str


@dataclass(frozen=True)
class InvocationResult:
    """`payload` is JSON: the handler's result, or (`failed`) `{"errorType", "errorMessage", …}` as Lambda gives it."""

    payload: str
    failed: bool
    log: str
    log_stream: str


class ConcurrencyExceeded(Exception):
    """The function already runs as often as its reserved concurrency allows."""


def error_payload(error_type: str, message: str) -> str:
    """The payload that Lambda makes itself when a handler could not answer."""
    return json.dumps({"errorType": error_type, "errorMessage": message})
