"""AppApi: the routes of apps, whose signatures API Gateway has verified."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from moderation import wiring
from moderation.api.serve import app_resolver
from moderation.domain.people import Person, app_id
from moderation.observability import observed


@observed
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer an event of an HTTP API (payload 2.0)."""
    return _answer()(event, context)


@cache
def _answer() -> Callable[[dict[str, Any], Any], dict[str, Any]]:
    return app_resolver(wiring.app_api(), _find_app).resolve


def _find_app(event: Mapping[str, Any]) -> Person | None:
    """Find the app whose role signed a request; nothing else that the request says counts."""
    authorizer = event["requestContext"].get("authorizer") or {}
    signer = (authorizer.get("iam") or {}).get("userArn")
    return wiring.app_api().people.find(app_id(signer)) if signer else None
