"""Claims of a request whose token API Gateway has verified, and that token."""

from collections.abc import Mapping
from typing import Any


def subject_of(event: Mapping[str, Any]) -> str | None:
    """Return the subject of a verified access token; nothing else that it says counts."""
    authorizer = event["requestContext"].get("authorizer") or {}
    claims = (authorizer.get("jwt") or {}).get("claims") or {}
    return claims.get("sub") or None if claims.get("token_use") == "access" else None


def token_of(event: Mapping[str, Any]) -> str:
    """Return the access token of a request, empty without one."""
    return str((event.get("headers") or {}).get("authorization", "")).removeprefix("Bearer ")
