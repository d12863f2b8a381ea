"""A request that was checked."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from moderation.domain.people import Person


@dataclass(frozen=True)
class Request:
    """Request: who sent it, the names in its path, and the fields of its body and query; its access token."""

    person: Person
    path: Mapping[str, str]
    given: Mapping[str, Any]
    token: str = field(default="", repr=False)
