"""Sizes of DynamoDB items and the request units they take.

Source: Amazon DynamoDB Developer Guide, "DynamoDB item sizes and formats" and "DynamoDB read and write operations".
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

_CONTAINER = 3  # bytes of a list or map, beside one for each element


def item_bytes(item: Mapping[str, Any]) -> int:
    """Size of an item of typed attributes, names included, in bytes."""
    return sum(len(name.encode()) + value_bytes(value) for name, value in item.items())


def value_bytes(value: Mapping[str, Any]) -> int:
    """Size of one typed attribute (`{"S": "…"}`) in bytes. Raises ValueError for a type that records don't have."""
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
    """What an index holds of an item: the table's keys and those of `attributes` that the item has."""
    return {name: item[name] for name in ("pk", "sk", *attributes) if name in item}


def write_units(item: Mapping[str, Any]) -> int:
    """Write request units of putting or deleting an item, or of an update that leaves it this large."""
    return math.ceil(item_bytes(item) / 1024)


def read_units(item: Mapping[str, Any]) -> int:
    """Read request units of a consistent read of an item."""
    return math.ceil(item_bytes(item) / 4096)
