"""DynamoDB: moto looks for each of the ten types of an attribute's value under up to twelve names when it answers.

That is a third of the emulator's work in a backfill. No upstream issue found as of November 2026.
"""

import base64
from collections.abc import Mapping
from typing import Any

from moto.core.serialize import BaseJSONSerializer


def install() -> None:
    """Write the one type that a value has, as the API gives it."""
    serialize = BaseJSONSerializer._serialize_type_structure

    def serialize_structure(self: Any, serialized: Any, value: Any, shape: Any, key: str) -> None:
        if shape.name == "AttributeValue" and isinstance(value, dict):
            self._default_serialize(serialized, _as_json(value), shape, key)
        else:
            serialize(self, serialized, value, shape, key)

    BaseJSONSerializer._serialize_type_structure = serialize_structure


def _as_json(value: Mapping[str, Any]) -> dict[str, Any]:
    return {kind: _content(kind, content) for kind, content in value.items()}


def _content(kind: str, content: Any) -> Any:
    match kind:
        case "M":
            return {name: _as_json(part) for name, part in content.items()}
        case "L":
            return [_as_json(part) for part in content]
        case "B":
            return _text(content)
        case "BS":
            return [_text(part) for part in content]
    return content


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()
