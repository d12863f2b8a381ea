"""DynamoDB's indexes: moto has none, and looks through the whole table for each query of one.

So a query of a page takes seconds in a table of fifty thousand items. Here each index is kept in order as items are
written, and a query gets the items of its page alone. Used by `tables`, which holds the lock that this relies on.
Nothing was found upstream.
"""

from bisect import bisect_left, insort
from collections.abc import Mapping
from typing import Any
from weakref import WeakKeyDictionary

from moto.dynamodb.comparisons import OpDefault
from moto.dynamodb.models.dynamo_type import DynamoType

_Place = tuple[str, str, str]  # sort key, then the table's keys
_READS = {"Query", "Scan", "GetItem", "BatchGetItem", "DescribeTable", "ListTables"}
_ABOVE = {">=": "", ">": "\0"}  # what makes a sort key the least one of those that are wanted
_ONE_ITEM = {"PutItem": "Item", "UpdateItem": "Key", "DeleteItem": "Key"}


class IndexOrder:
    """The items of one index, in order by partition."""

    def __init__(self, table: Any, partition_key: str, sort_key: str) -> None:
        self._table, self._names = table, (partition_key, sort_key)
        self._partitions: dict[str, list[_Place]] = {}
        self._places: dict[tuple[str, str], tuple[str, _Place]] = {}
        keys = ((pk, sk) for pk, under in table.items.items() for sk in (under if table.range_key_attr else (None,)))
        for pk, sk in keys:
            self._add(pk.value, sk.value if sk else "", sort=False)
        for places in self._partitions.values():
            places.sort()

    def move(self, pk: str, sk: str) -> None:
        """Take notice that an item was written or deleted."""
        if before := self._places.pop((pk, sk), None):
            partition, place = before
            places = self._partitions[partition]
            del places[bisect_left(places, place)]
        self._add(pk, sk)

    def page(self, given: Mapping[str, Any]) -> list[Any]:
        """Return the items that a query may answer with, in order; a few more do no harm."""
        ((_, wanted),) = given["hash_key_conditions"]
        places = self._partitions.get(wanted.value, [])
        forward, start = given["scan_index_forward"] is not False, given.get("exclusive_start_key")
        comparison, limit = given.get("range_comparison"), given.get("limit")
        low, high = 0, len(places)
        if comparison == "<":
            high = bisect_left(places, (given["range_objs"][0].value, "", ""))
        if comparison == "=":
            low, high = (bisect_left(places, (given["range_objs"][0].value + more, "", "")) for more in ("", "\0"))
        if comparison in _ABOVE:
            low = bisect_left(places, (given["range_objs"][0].value + _ABOVE[comparison], "", ""))
        if forward and start:
            place = tuple(_text(start, name) for name in (self._names[1], *self._table_keys))
            low = max(low, bisect_left(places, place))
        if forward and limit and comparison in (None, "<", *_ABOVE) and _is_unfiltered(given):
            high = min(high, low + limit + 2)  # the item where the page before ended, and the first of the next
        return [self._item(pk, sk) for _, pk, sk in places[low:high]]

    @property
    def _table_keys(self) -> tuple[str, str]:
        return self._table.hash_key_attr, self._table.range_key_attr or ""

    def _item(self, pk: str, sk: str) -> Any:
        under = self._table.items.get(DynamoType({"S": pk}))
        return under.get(DynamoType({"S": sk})) if under is not None and self._table.range_key_attr else under

    def _add(self, pk: str, sk: str, sort: bool = True) -> None:
        item = self._item(pk, sk)
        keys = [item.attrs.get(name) for name in self._names] if item is not None else []
        texts = [key.value for key in keys if key]
        if len(texts) < len(self._names):  # as on AWS, an item without both keys isn't in the index
            return
        partition, place = texts[0], (texts[1], pk, sk)
        places = self._partitions.setdefault(partition, [])
        insort(places, place) if sort else places.append(place)
        self._places[pk, sk] = partition, place


class Indexes:
    """The indexes of all tables, as they were asked for; one with other keys than texts isn't kept."""

    def __init__(self) -> None:
        self._of: WeakKeyDictionary[Any, dict[str, IndexOrder]] = WeakKeyDictionary()

    def of(self, table: Any, name: str) -> IndexOrder | None:
        """Return an index of a table."""
        known = self._of.setdefault(table, {})
        if name not in known:
            schema: list[dict[str, str]] = next(
                (index.schema for index in table.all_indexes() if index.name == name), []
            )
            keys = [part["AttributeName"] for part in sorted(schema, key=lambda part: part["KeyType"])]
            types = {part["AttributeName"]: part["AttributeType"] for part in table.attr}
            texts = {types.get(key) for key in (*keys, table.hash_key_attr, table.range_key_attr) if key}
            if len(keys) != 2 or texts != {"S"}:
                return None
            known[name] = IndexOrder(table, *keys)
        return known[name]

    def notice(self, backend: Any, action: str, request: Mapping[str, Any]) -> None:
        """Take notice of a request that was carried out."""
        if action in _READS:
            return
        table = backend.tables.get(str(request.get("TableName", "")).rpartition("/")[2])
        if action not in _ONE_ITEM or table not in self._of:
            self._of.clear()  # many items at once, or another table's
            return
        item = request[_ONE_ITEM[action]]
        for index in self._of[table].values():
            index.move(_text(item, table.hash_key_attr), _text(item, table.range_key_attr or ""))


def _is_unfiltered(given: Mapping[str, Any]) -> bool:
    """Tell if a query has no filter; moto makes one that lets everything through."""
    return isinstance(given.get("filter_expression"), OpDefault | None)


def _text(item: Mapping[str, Any], name: str) -> str:
    return str(item[name]["S"]) if name in item else ""
