"""DynamoDB: moto weighs the whole item for each attribute that an update sets, and copies each nested value on the way.

For a record with its evidence that is most of an update's work. No upstream issue found as of November 2026.
"""

from typing import Any

from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.utilities import bytesize


def install() -> None:
    """Weigh the values as they are."""
    DynamoType.size = _size


def _size(value: Any) -> int:
    """Return moto's own size of a value: maps and lists are those of their parts."""
    content = value.value
    match value.type:
        case "M":
            return sum(bytesize(name) + _size(_typed(part)) for name, part in content.items())
        case "L":
            return sum(map(_size, content))
        case "N":
            return len(str(content))
        case "NS":
            return sum(len(str(part)) for part in content)
        case "SS" | "BS":
            return sum(map(bytesize, content))
    return 1 if isinstance(content, bool) else bytesize(content)


def _typed(part: Any) -> Any:
    return part if isinstance(part, DynamoType) else DynamoType(part)
