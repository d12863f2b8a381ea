"""Input of a handler in DJL: properties, and contents by key."""

import json
from typing import Any


class Input:
    """Single request, or a dynamic batch of requests under keys such as `batch_002.data`."""

    def __init__(self) -> None:
        self.properties: dict[str, str] = {}
        self.content: list[tuple[str, bytes]] = []

    def get_properties(self) -> dict[str, str]:
        """Return the model's properties in the empty first call, a request's headers afterwards."""
        return self.properties

    def get_property(self, key: str) -> str | None:
        """Return a property by its name, case-insensitively."""
        return next((value for name, value in self.properties.items() if name.lower() == key.lower()), None)

    def is_empty(self) -> bool:
        """Return True for the initialisation call."""
        return not self.content

    def is_batch(self) -> bool:
        """Return True for a dynamic batch. DJL sends a batch of one as a plain request."""
        return "batch_size" in self.properties

    def get_batch_size(self) -> int:
        """Return the number of requests."""
        return int(self.properties.get("batch_size", "1"))

    def get_batches(self) -> list["Input"]:
        """Return the single requests of a batch; a plain request is its own batch."""
        if not self.is_batch():
            return [self]
        items = [Input() for _ in range(self.get_batch_size())]
        for name, value in self.properties.items():
            if name.startswith("batch_") and name != "batch_size":
                index, key = _split(name)
                items[index].properties[key] = value
        for name, content in self.content:
            index, key = _split(name)
            items[index].content.append((key, content))
        return items

    def get_as_bytes(self, key: str | None = None) -> bytes | None:
        """Return the content under the key, by default `data` or else the first; None without any content.

        Raises KeyError if there is content, but none under the key.
        """
        if not self.content:
            return None
        contents = dict(self.content)
        if key:
            return contents[key]
        return contents.get("data", self.content[0][1])

    def get_as_string(self, key: str | None = None) -> str:
        """Return the content as UTF-8 text. Raises AttributeError without any."""
        return self.get_as_bytes(key).decode()  # type: ignore[union-attr]

    def get_as_json(self, key: str | None = None) -> Any:
        """Return the content parsed as JSON."""
        return json.loads(self.get_as_string(key))


def _split(name: str) -> tuple[int, str]:
    """`batch_002.data` -> (2, "data")."""
    return int(name[6:9]), name[10:]
