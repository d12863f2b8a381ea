"""Whole records of the table of verdicts, a hundred at a time."""

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from moderation.adapters.dynamodb_items import record_of
from moderation.adapters.faults import store_faults
from moderation.domain.image_ref import ImageRef
from moderation.domain.record import Record
from moderation.errors import StoreUnavailable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

MOST = 100  # DynamoDB's limit of BatchGetItem
_ATTEMPTS = 8


class RecordBatches:
    """Reader of many records, whose reads cost half a unit for 4 KB: they may be a second old."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client, self._table = client, table

    def read(self, images: Sequence[ImageRef]) -> list[Record]:
        """Return the records of at most `MOST` images; erased ones are left out.

        Raises StoreUnavailable, Misconfigured.
        """
        asked: dict[str, Any] = {self._table: {"Keys": [{"pk": {"S": i.pk}, "sk": {"S": i.version}} for i in images]}}
        found: list[Record] = []
        for attempt in range(_ATTEMPTS):
            with store_faults(f"Table {self._table}"):
                reply = self._client.batch_get_item(RequestItems=asked)
            found += map(record_of, reply["Responses"].get(self._table, []))
            asked = dict(reply.get("UnprocessedKeys", {}))
            if not asked:
                return found
            time.sleep(0.05 * 2**attempt)
        raise StoreUnavailable(f"Table {self._table} throttles the reading of records.")
