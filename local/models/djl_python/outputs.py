"""Output of a handler in DJL."""

import json
from typing import Any


class Output:
    """Status, properties (sent as HTTP headers) and contents."""

    def __init__(self, code: int = 200, message: str = "OK") -> None:
        self.code = code
        self.message = message
        self.properties: dict[str, str] = {}
        self.content: list[tuple[str | None, bytes]] = []

    def add_property(self, key: str, val: str) -> "Output":
        """Set a property, such as `content-type`."""
        self.properties[key] = val
        return self

    def add(self, value: Any, key: str | None = None, batch_index: int | None = None) -> "Output":
        """Append a content; text is encoded as UTF-8, anything that isn't bytes as JSON."""
        if batch_index is not None:
            key = f"batch_{batch_index}.{key or ''}"
        if isinstance(value, str):
            value = value.encode()
        self.content.append((key, bytes(value) if isinstance(value, bytes | bytearray) else _json(value)))
        return self

    def add_as_json(self, val: Any, key: str | None = None, batch_index: int | None = None) -> "Output":
        """Append a content, encoded as JSON."""
        return self.add(_json(val), key, batch_index)

    def error(self, error: str, code: int = 424, message: str = "prediction failure") -> "Output":
        """Make this the answer to a request that failed."""
        self.code, self.message = code, message
        self.add_property("content-type", "application/json")
        return self.add_as_json({"code": code, "message": message, "error": error})


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, indent=2, separators=(",", ":")).encode()
