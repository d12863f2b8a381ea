"""Items of the table of verdicts as plain JSON data, as records, and as images."""

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from moderation.domain.image_ref import ImageRef
from moderation.domain.record import Record

# boto3 writes no number closer to 0: some P is, where a model computes with 64 bits.
_LEAST_NUMBER = 1e-128


def record_of(item: Mapping[str, Any]) -> Record:
    """Return the record in DynamoDB's typed attributes, or in an index's projection of it."""
    return Record.from_attributes(from_item(item))


def image_of(item: Mapping[str, Any]) -> ImageRef:
    """Return the image of an item."""
    return ImageRef.from_keys(item["pk"]["S"], item["sk"]["S"])


def key_of(image: ImageRef) -> Any:
    """Return the key of an image's item, as DynamoDB has it."""
    return {"pk": {"S": image.pk}, "sk": {"S": image.version}}


def as_read(record: Record, names: Sequence[str]) -> tuple[str, dict[str, str], dict[str, Any]]:
    """Return the condition that attributes are as a record has them, its names and its values."""
    known = record.attributes()
    standing = {name: value for name in names if (value := known.get(name)) not in (None, "")}
    aliases = {f"#s{number}": name for number, name in enumerate(names)}
    expected = {f":s{n}": standing[name] for n, name in enumerate(names) if name in standing}
    condition = " AND ".join(
        f"#s{n} = :s{n}" if name in standing else f"attribute_not_exists(#s{n})" for n, name in enumerate(names)
    )
    return condition, aliases, expected


def update_of(
    table: str,
    image: ImageRef,
    attributes: Mapping[str, Any],
    condition: str,
    names: Mapping[str, str],
    values: Mapping[str, Any],
    dropped: Collection[str] = (),
) -> dict[str, Any]:
    """Return the request of an update of a record."""
    aliases = {f"#a{number}": name for number, name in enumerate(attributes)}
    assigned = {f":v{number}": value for number, value in enumerate(attributes.values())}
    removed = {f"#d{number}": name for number, name in enumerate(sorted(dropped))}
    update = "SET " + ", ".join(f"#a{n} = :v{n}" for n in range(len(attributes)))
    return {
        "TableName": table,
        "Key": key_of(image),
        "UpdateExpression": update + (f" REMOVE {', '.join(removed)}" if removed else ""),
        "ConditionExpression": condition,
        "ExpressionAttributeNames": {**aliases, **removed, **names},
        "ExpressionAttributeValues": to_item({**assigned, **values}),
    }


def to_item(plain: Mapping[str, Any]) -> dict[str, Any]:
    """Convert plain JSON data to DynamoDB's typed attributes."""
    serializer = TypeSerializer()
    return {name: serializer.serialize(_decimals(value)) for name, value in plain.items()}


def from_item(item: Mapping[str, Any]) -> dict[str, Any]:
    """Convert DynamoDB's typed attributes to plain JSON data; whole numbers become int, others float."""
    return {name: _plain(value) for name, value in item.items()}


def _decimals(value: Any) -> Any:
    if isinstance(value, float):
        return Decimal(repr(value)) if abs(value) >= _LEAST_NUMBER else Decimal(0)
    if isinstance(value, Mapping):
        return {key: _decimals(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_decimals(inner) for inner in value]
    return value


def _plain(value: Mapping[str, Any]) -> Any:
    """Return a typed value as JSON has it; boto3, which takes five times as long, reads sets and bytes."""
    ((kind, content),) = value.items()
    if kind in ("S", "BOOL"):
        return content
    if kind == "N":
        return int(content) if content.lstrip("-").isdigit() else _number(content)
    if kind == "M":  # most values are texts, which need no call
        return {name: inner["S"] if "S" in inner else _plain(inner) for name, inner in content.items()}
    if kind == "L":
        return [_plain(inner) for inner in content]
    if kind == "NULL":
        return None
    return TypeDeserializer().deserialize({kind: content})  # type: ignore[misc]


def _number(content: str) -> int | float:
    nearest = float(content)
    if not nearest.is_integer():
        return nearest
    value = Decimal(content)
    return int(value) if value == value.to_integral_value() else nearest
