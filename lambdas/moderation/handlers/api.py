"""Api: the review API for people, whose tokens API Gateway has verified."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from moderation import wiring
from moderation.api.claims import subject_of
from moderation.api.serve import resolver
from moderation.domain.people import Person
from moderation.observability import observed


@observed
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer an event of an HTTP API (payload 2.0)."""
    return _answer()(event, context)


@cache
def _answer() -> Callable[[dict[str, Any], Any], dict[str, Any]]:
    return resolver(wiring.api(), _find_person).resolve


def _find_person(event: Mapping[str, Any]) -> Person | None:
    subject = subject_of(event)
    return wiring.api().review.people.find(subject) if subject else None
