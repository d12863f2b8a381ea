"""Bodies and queries of requests: each field has a type and a limit, and says in a sentence what is wrong."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

MAX_BODY = 64 * 1024
_FIRST_YEAR, _LAST_YEAR = 2000, 2999


class BadRequest(Exception):
    """A request can't be understood; the message names the field and what it must be."""

    status = 400


class BodyTooLarge(BadRequest):
    """A body is over the limit."""

    status = 413


@dataclass(frozen=True)
class Text:
    """A text of at most `longest` characters; spaces around it don't count, unless it is `exact`, such as a key."""

    longest: int
    optional: bool = False
    exact: bool = False

    def read(self, name: str, value: object) -> str:
        if not isinstance(value, str):
            raise BadRequest(f"{name} must be a text.")
        if len(value) > self.longest:
            raise BadRequest(f"{name} is {len(value)} characters long: shorten it to {self.longest}.")
        if any("\ud800" <= letter <= "\udfff" for letter in value):
            raise BadRequest(f"{name} has half a character, which nothing can store: send whole ones.")
        said = value if self.exact else value.strip()
        if not (said or self.optional):
            raise BadRequest(f"{name} is empty: write something.")
        return said

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "maxLength": self.longest, **({} if self.optional else {"minLength": 1})}


@dataclass(frozen=True)
class Choice:
    """One of a few texts."""

    values: tuple[str, ...]
    optional: bool = False

    def read(self, name: str, value: object) -> str:
        if value not in self.values:
            raise BadRequest(f"{name} must be one of {', '.join(self.values)}.")
        return str(value)

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "enum": list(self.values)}


@dataclass(frozen=True)
class Texts:
    """A list of at most `most` texts."""

    most: int
    longest: int
    optional: bool = False

    def read(self, name: str, value: object) -> tuple[str, ...]:
        if not isinstance(value, list) or len(value) > self.most:
            raise BadRequest(f"{name} must be a list of at most {self.most} texts.")
        return tuple(Text(self.longest).read(f"each of {name}", one) for one in value)

    def schema(self) -> dict[str, Any]:
        return {"type": "array", "maxItems": self.most, "items": Text(self.longest).schema()}


@dataclass(frozen=True)
class Flag:
    """True or false."""

    optional: bool = False

    def read(self, name: str, value: object) -> bool:
        if not isinstance(value, bool):
            raise BadRequest(f"{name} must be true or false.")
        return value

    def schema(self) -> dict[str, Any]:
        return {"type": "boolean"}


@dataclass(frozen=True)
class Count:
    """A whole number from 1 to `most`."""

    most: int
    optional: bool = False

    def read(self, name: str, value: object) -> int:
        if type(value) is not int or not 1 <= value <= self.most:
            raise BadRequest(f"{name} must be a whole number from 1 to {self.most}.")
        return value

    def schema(self) -> dict[str, Any]:
        return {"type": "integer", "minimum": 1, "maximum": self.most}


@dataclass(frozen=True)
class Moment:
    """A time in ISO-8601 with its offset."""

    optional: bool = False

    def read(self, name: str, value: object) -> datetime:
        try:
            moment = datetime.fromisoformat(value) if isinstance(value, str) else None
            told = moment.astimezone(UTC) if moment and moment.tzinfo else None
        except (ValueError, OverflowError):
            told = None
        if told is None or not _FIRST_YEAR <= told.year <= _LAST_YEAR:
            raise BadRequest(f"{name} must be a time with its offset, such as 2026-11-27T10:00:00Z.")
        return told

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "date-time"}


Field = Text | Choice | Texts | Flag | Count | Moment


def parsed(text: str | None) -> Mapping[str, object]:
    """Return the object in a request's body, {} for none. Raises BadRequest."""
    if len(text or "") > MAX_BODY:
        raise BodyTooLarge(f"The body is over {MAX_BODY // 1024} KiB: send less.")
    try:
        value = json.loads(text) if text else {}
    except (ValueError, RecursionError) as error:
        raise BadRequest("The body isn't JSON.") from error
    if not isinstance(value, dict):
        raise BadRequest("The body must be a JSON object.")
    return value


def read(fields: Mapping[str, Field], given: Mapping[str, object]) -> dict[str, Any]:
    """Return the fields that a request gives, checked. Raises BadRequest for the first that is wrong."""
    if unknown := sorted(set(given) - set(fields)):
        raise BadRequest(f"{json.dumps(unknown[0][:40])} isn't known here: {_known(list(fields))}.")
    for name, field in fields.items():
        if name not in given and not field.optional:
            raise BadRequest(f"{name} is missing.")
    return {name: field.read(name, given[name]) for name, field in fields.items() if name in given}


def _known(names: Sequence[str]) -> str:
    return f"send {', '.join(names)}" if names else "send nothing"
