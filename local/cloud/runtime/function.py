"""Lambda function as the runtime needs it, and the result of an invocation."""

import json
from dataclasses import dataclass


@dataclass(frozen=True)
class Function:
    """Deployed version of a function; equal functions may share warm workers."""

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
    """The function's reserved concurrency is used up."""


def error_payload(error_type: str, message: str) -> str:
    """Return the payload that Lambda itself creates if a handler couldn't answer."""
    return json.dumps({"errorType": error_type, "errorMessage": message})
