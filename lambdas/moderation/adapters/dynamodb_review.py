"""The review queue of one bucket in the table of verdicts on DynamoDB."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from heapq import merge
from itertools import islice
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from moderation.adapters.dynamodb_items import as_read, from_item, key_of, record_of, to_item, update_of
from moderation.adapters.dynamodb_lanes import read_lanes
from moderation.adapters.faults import code_of, store_faults
from moderation.contract import BY_QUEUE
from moderation.domain.image_ref import ImageRef
from moderation.domain.lanes import LEASED, PARKED, PENDING, Lane, Place, Standing, away, order_of
from moderation.domain.record import Change, Record
from moderation.domain.review import LEASE

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_AT_ONCE = 10  # queries, as many as botocore keeps connections
_PAGE = 2  # items of each partition that are read ahead: one is taken, the other may be somebody else's by now
_NEXT_PAGE = 25  # and twice as many of each page after it
_LARGEST_PAGE = 400
_MOST_AT_A_PLACE = 25
_MOST_COUNTED = 250  # of each lane, once late and once in time: a request counts no more of a long queue
_SKIPS = "review:skips"  # no bucket's name has a colon
_REPORTS = "review:reports"
_AHEAD = "review:ahead"
_SWEEP = "review:sweep"
_KEPT_DAYS = 2
_AHEAD_FOR = timedelta(days=1)
_Bound = tuple[str, str]  # a comparison, and the place in the order that items are compared with


class DynamoReviewQueue:
    """Implements `ports.ReviewQueue`. What an earlier bucket left in the table isn't in this bucket's queue."""

    def __init__(self, client: "DynamoDBClient", table: str, bucket: str) -> None:
        self._client, self._table, self._bucket = client, table, bucket

    def lanes(self) -> list[Lane]:
        return [lane for lane in read_lanes(self._client, self._table) if lane.bucket == self._bucket]

    def waiting(self, partitions: Sequence[str], after: str = "") -> Iterator[Record]:
        return self._merged(partitions, (">", after) if after else None)

    def at(self, places: Sequence[Place]) -> Iterator[Record]:
        for start in range(0, len(places), _AT_ONCE):
            with ThreadPoolExecutor(_AT_ONCE) as pool:
                pages = list(pool.map(self._at, places[start : start + _AT_ONCE]))
            for page in pages:
                yield from self._own(page)

    def ahead(self, who: str) -> list[Place]:
        with store_faults(f"Table {self._table}"):
            found = self._client.get_item(TableName=self._table, Key=to_item({"pk": _AHEAD, "sk": who})).get("Item")
        return [Place(*each) for each in from_item(found)["places"]] if found else []

    def list_ahead(self, who: str, places: Sequence[Place], now: datetime) -> None:
        gone = int((now + _AHEAD_FOR).timestamp())
        item = to_item({"pk": _AHEAD, "sk": who, "places": places, "expires_at": gone})
        with store_faults(f"Table {self._table}"):
            self._client.put_item(TableName=self._table, Item=item)

    def returning(self, now: str, limit: int) -> list[Record]:
        return list(islice(self._merged([away(LEASED), away(PARKED)], ("<", now), limit), limit))

    def pending(self, now: str) -> Iterator[Record]:
        return self._merged([away(PENDING)], ("<", now))

    def standing(self, lanes: Sequence[Lane], now: str) -> Standing:
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return Standing.of_all(pool.map(partial(self._standing, now=now), lanes))

    def overdue(self, partition: str, severity: int, now: str) -> int:
        number, start, late = 0, dict[str, Any](), ("<", order_of(severity, now))
        while True:
            page = self._page(partition, late, start=start, limit=None, Select="COUNT")
            number += int(page["Count"])
            if not (start := page.get("LastEvaluatedKey", {})):
                return number

    def put_back(self, record: Record) -> bool:
        return self._done(
            Key=key_of(record.image),
            UpdateExpression="SET #queue = home_queue, queue_order = home_order"
            " REMOVE lease_holder, lease_until, home_queue, home_order, leased_at, revealed",
            ConditionExpression="#queue = :queue AND queue_order = :order AND attribute_exists(home_queue)"
            " AND attribute_not_exists(pending_id)",
            ExpressionAttributeNames={"#queue": "queue"},
            ExpressionAttributeValues=to_item({":queue": record.other["queue"], ":order": _order(record)}),
        )

    def compare_lease(self, record: Record, change: Change) -> bool:
        condition, aliases, expected = as_read(record, LEASE)
        exists = f"attribute_exists(pk) AND {condition}"
        update = update_of(self._table, record.image, change.attributes, exists, aliases, expected, change.removed)
        return self._done(**{name: value for name, value in update.items() if name != "TableName"})

    def sweep_place(self) -> str:
        with store_faults(f"Table {self._table}"):
            found = self._client.get_item(TableName=self._table, Key=self._sweep, ConsistentRead=True)
        return str(from_item(found.get("Item", {})).get("sweep_place", ""))

    def keep_sweep_place(self, place: str) -> None:
        with store_faults(f"Table {self._table}"):
            self._client.update_item(
                TableName=self._table,
                Key=self._sweep,
                UpdateExpression="SET sweep_place = :place",
                ExpressionAttributeValues=to_item({":place": place}),
            )

    @property
    def _sweep(self) -> Any:
        """Key of an item of the bucket that is no object's: an object's key isn't empty."""
        return key_of(ImageRef(self._bucket, "", _SWEEP))

    def count_skip(self, who: str, day: str, most: int) -> bool:
        return self._count(_SKIPS, who, day, most)

    def count_report(self, who: str, day: str, most: int) -> bool:
        return self._count(_REPORTS, who, day, most)

    def _count(self, kind: str, who: str, day: str, most: int) -> bool:
        """Count one more of a kind; its number is in the attribute `skips`, whatever the kind."""
        if most < 1:
            return False
        gone = datetime.fromisoformat(f"{day}T00:00:00+00:00") + timedelta(days=_KEPT_DAYS)
        return self._done(
            Key=to_item({"pk": kind, "sk": f"{who}#{day}"}),
            UpdateExpression="SET expires_at = :gone ADD skips :one",
            ConditionExpression="attribute_not_exists(skips) OR skips < :most",
            ExpressionAttributeValues=to_item({":gone": int(gone.timestamp()), ":one": 1, ":most": most}),
        )

    def _done(self, **request: Any) -> bool:
        """Send a conditional update; False if its condition isn't met."""
        with store_faults(f"Table {self._table}"):
            try:
                self._client.update_item(TableName=self._table, **request)
            except ClientError as error:
                if code_of(error) != "ConditionalCheckFailedException":
                    raise
                return False
        return True

    def _standing(self, lane: Lane, now: str) -> Standing:
        place = order_of(lane.severity, now)
        late = self._page(lane.partition, ("<", place), limit=_MOST_COUNTED, Select="COUNT")
        ahead = self._page(lane.partition, (">=", place), limit=_MOST_COUNTED, ProjectionExpression="queue_order")
        due = [item["queue_order"]["S"].partition("#")[2] for item in ahead["Items"][:1]]
        is_all = not ("LastEvaluatedKey" in late or "LastEvaluatedKey" in ahead)
        return Standing(late["Count"] + ahead["Count"], late["Count"], due[0] if due else None, is_all)

    def _merged(self, partitions: Sequence[str], bound: _Bound | None, limit: int = _PAGE) -> Iterator[Record]:
        """Return the items of partitions in their order; their first pages are read at once, the others lazily."""
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            first = list(pool.map(partial(self._page, bound=bound, limit=limit), partitions))
        every = (self._from(partition, page, bound) for partition, page in zip(partitions, first, strict=True))
        return merge(*every, key=_order)

    def _from(self, partition: str, page: Mapping[str, Any], bound: _Bound | None) -> Iterator[Record]:
        """Yield the bucket's items of a partition, whose first page is read."""
        limit = _NEXT_PAGE
        while True:
            yield from self._own(page)
            if not (start := page.get("LastEvaluatedKey")):
                return
            page = self._page(partition, bound, start=start, limit=limit)
            limit = min(2 * limit, _LARGEST_PAGE)

    def _own(self, page: Mapping[str, Any]) -> Iterator[Record]:
        own = ImageRef(self._bucket, "", "").pk
        return (record_of(item) for item in page["Items"] if item["pk"]["S"].startswith(own))

    def _at(self, place: Place) -> Any:
        return self._page(place.partition, ("=", place.order), limit=_MOST_AT_A_PLACE)

    def _page(
        self,
        partition: str,
        bound: _Bound | None = None,
        start: Mapping[str, Any] | None = None,
        limit: int | None = _PAGE,
        **more: Any,
    ) -> Any:
        """Read a page of a partition, of what is on one side of a place in its order if there is a `bound`."""
        sign, place = bound or ("", "")
        request = {
            "TableName": self._table,
            "IndexName": BY_QUEUE,
            "KeyConditionExpression": "#queue = :partition" + (f" AND queue_order {sign} :place" if bound else ""),
            "ExpressionAttributeNames": {"#queue": "queue"},
            "ExpressionAttributeValues": to_item({":partition": partition, **({":place": place} if bound else {})}),
            **({"ExclusiveStartKey": start} if start else {}),
            **({"Limit": limit} if limit else {}),
            **more,
        }
        with store_faults(f"Table {self._table}"):
            return self._client.query(**request)


def _order(record: Record) -> str:
    return str(record.other.get("queue_order"))
