"""DynamoDB: moto works on items without a lock, so a reader sees half an update, and two conditional writes succeed.

For each query it also looks at the whole table, which becomes most of the emulator's work after some thousand uploads,
and an index converts an item whole for each attribute that it projects.
https://github.com/getmoto/moto/pull/7166 documents that moto isn't safe for threads; nothing was found on queries.
"""

import inspect
import threading
from collections import defaultdict
from collections.abc import Iterator
from typing import Any
from weakref import WeakKeyDictionary

from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import Item
from moto.dynamodb.models.table import SecondaryIndex, Table
from moto.dynamodb.responses import DynamoHandler

from local.cloud.moto_patches.index_order import Indexes


def install() -> None:
    """One request at a time, its answer's text included: that is made from the live item. Queries see what they ask."""
    lock, indexes = threading.Lock(), Indexes()
    call_action, query = DynamoHandler.call_action, Table.query
    asked = inspect.signature(query)

    def call_action_alone(self: Any) -> Any:
        with lock:
            try:
                return call_action(self)
            finally:  # a transaction that fails has written nothing, but noticing it does no harm
                indexes.notice(self.dynamodb_backend, self._get_action(), self.body)

    def query_candidates(self: Any, *args: Any, **kwargs: Any) -> Any:
        given = asked.bind(self, *args, **kwargs).arguments
        candidates = list(_candidates(self, given, indexes))
        self.all_items = lambda: candidates  # hides the method; no other request runs meanwhile
        try:
            return query(self, *args, **kwargs)
        finally:
            del self.all_items

    project = SecondaryIndex.project

    def project_at_once(self: Any, item: Any) -> Any:
        if (self.projection or {}).get("ProjectionType") != "INCLUDE":
            return project(self, item)
        wanted = {*self.table_key_attrs, *self.schema_key_attrs, *self.projection.get("NonKeyAttributes", ())}
        projected = Item(item.hash_key, item.range_key, {})
        projected.attrs.update({name: value for name, value in item.attrs.items() if name in wanted})
        return projected

    put, update = Table.put_item, DynamoDBBackend.update_item

    def put_and_note(self: Any, *args: Any, **kwargs: Any) -> Any:
        item = put(self, *args, **kwargs)
        _note(self, item)
        return item

    def update_and_note(self: Any, table_name: str, *args: Any, **kwargs: Any) -> Any:
        table = self.get_table(table_name)
        try:
            item = update(self, table_name, *args, **kwargs)
        except Exception:
            _places.pop(table, None)  # the item may be half updated
            raise
        _note(table, item)
        return item

    Table.put_item = put_and_note
    DynamoDBBackend.update_item = update_and_note
    SecondaryIndex.project = project_at_once
    DynamoHandler.call_action = call_action_alone
    Table.query = query_candidates


def _candidates(table: Any, given: dict[str, Any], indexes: Indexes) -> Iterator[Any]:
    """The items under a query's hash key, in any order: moto filters them once more, and sorts."""
    index = indexes.of(table, given["index_name"]) if given.get("index_name") else None
    if index and len(given.get("hash_key_conditions") or ()) == 1:
        yield from index.page(given)
        return
    if not given.get("index_name"):
        yield from _items(table, table.items.get(given["hash_key"], {}))
        return
    wanted = dict(given.get("hash_key_conditions") or ())
    attribute, value = next(iter(wanted.items()))
    for key in list(_keys(table, attribute)[_comparable(value)]):
        item = table.get_item(*key)
        if item and all(name in item.attrs and item.attrs[name] == value for name, value in wanted.items()):
            yield item


# Table → attribute that was queried → value → keys of the items that have or had it.
_Keys = dict[Any, dict[tuple[Any, Any], None]]
_places: WeakKeyDictionary[Any, dict[str, _Keys]] = WeakKeyDictionary()


def _keys(table: Any, attribute: str) -> _Keys:
    """Return the keys of items by their value of an attribute. The first query of each finds them."""
    places = _places.setdefault(table, {})
    if attribute not in places:
        places[attribute] = defaultdict(dict)
        for under_key in table.items.values():
            for item in _items(table, under_key):
                _note(table, item)
    return places[attribute]


def _note(table: Any, item: Any) -> None:
    for attribute, keys in _places.get(table, {}).items():
        if attribute in item.attrs:
            keys[_comparable(item.attrs[attribute])][item.hash_key, item.range_key] = None


def _comparable(value: Any) -> tuple[str, Any]:
    return value.type, value.cast_value


def _items(table: Any, under_key: Any) -> Iterator[Any]:
    """Yield the items under a hash key, which moto keeps by their sort key, or as the one item."""
    yield from under_key.values() if table.range_key_attr else [under_key]
