"""Sizes of DynamoDB items and the request units that they consume.

Source: Amazon DynamoDB Developer Guide, "DynamoDB item sizes and formats" and "DynamoDB read and write operations".
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

_CONTAINER = 3  # bytes of a list or map, plus one for each element


def item_bytes(item: Mapping[str, Any]) -> int:
    """Return the size of an item in bytes, with its attribute names."""
    return sum(len(name.encode()) + value_bytes(value) for name, value in item.items())


def value_bytes(value: Mapping[str, Any]) -> int:
    """Return the size of a typed attribute (`{"S": "…"}`) in bytes. Raises ValueError for an unknown type."""
    (kind, content), *_ = value.items()
    if kind == "S":
        return len(content.encode())
    if kind == "N":
        digits = content.lstrip("-").replace(".", "").strip("0")
        return math.ceil(len(digits) / 2) + 1 + int(content.startswith("-"))
    if kind in ("NULL", "BOOL"):
        return 1
    if kind == "L":
        return _CONTAINER + sum(1 + value_bytes(inner) for inner in content)
    if kind == "M":
        return _CONTAINER + sum(1 + len(name.encode()) + value_bytes(inner) for name, inner in content.items())
    raise ValueError(f"Records hold no attributes of type {kind}.")


def projected(item: Mapping[str, Any], attributes: Sequence[str]) -> dict[str, Any]:
    """Return an item's projection into an index: the table's keys and those of `attributes` that the item has."""
    return {name: item[name] for name in ("pk", "sk", *attributes) if name in item}


def write_units(item: Mapping[str, Any]) -> int:
    """Return the write request units of putting or deleting an item, or of an update that results in this item."""
    return math.ceil(item_bytes(item) / 1024)


def read_units(item: Mapping[str, Any]) -> int:
    """Return the read request units of a consistent read of an item."""
    return math.ceil(item_bytes(item) / 4096)
