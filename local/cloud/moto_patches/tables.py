"""DynamoDB: moto works on items without a lock, so a reader sees half an update, and two conditional writes succeed.

For each query it also sorts the whole table, which becomes most of the emulator's work after some thousand uploads, and
an index converts an item whole for each attribute that it projects.
https://github.com/getmoto/moto/pull/7166 documents that moto isn't safe for threads; nothing was found on queries.
"""

import inspect
import threading
from collections.abc import Iterator
from typing import Any

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
    for under_key in table.items.values():
        for item in _items(table, under_key):
            if all(name in item.attrs and item.attrs[name] == value for name, value in wanted.items()):
                yield item


def _items(table: Any, under_key: Any) -> Iterator[Any]:
    """Yield the items under a hash key, which moto keeps by their sort key, or as the one item."""
    yield from under_key.values() if table.range_key_attr else [under_key]
