"""The indexes by verdict and of the review queue, read in the order of the uploads."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from heapq import merge
from itertools import product
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from moderation.adapters.dynamodb_items import record_of, to_item
from moderation.adapters.dynamodb_lanes import read_lanes
from moderation.adapters.faults import store_faults
from moderation.contract import BY_QUEUE, BY_VERDICT, SHARDS
from moderation.domain.image_ref import ImageRef
from moderation.domain.lanes import LEASED, PARKED, PENDING, RANK, UNSORTED, WAITING, away, order_of
from moderation.domain.record import CONTESTED_QUEUE, GOLDEN_QUEUE, PERSON_QUEUE, SAMPLE_QUEUE, SECOND_QUEUE, Record

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_AT_ONCE = 10  # queries, as many as botocore keeps connections
_FIRST = 100  # records of each partition that are read ahead
_MOST_DAYS = 32  # read at once
# A longer span takes more queries than reading a small index whole.
_MOST_QUERIES = 120
_SMALL_PAGE = 1000  # records
_SMALL_PAGES = 12
_UNPUBLISHED = " AND notified = :false"
_DECIDED = (PERSON_QUEUE, SECOND_QUEUE, CONTESTED_QUEUE)


@dataclass(frozen=True)
class _Span:
    """Records to read: their verdicts, uploaded between two ISO-8601 times, in one order."""

    wanted: Sequence[str]
    since: str
    until: str
    oldest_first: bool = False
    unpublished: bool = False

    @property
    def days(self) -> list[str]:
        first, last = date.fromisoformat(self.since[:10]), date.fromisoformat(self.until[:10])
        days = [(first + timedelta(days=number)).isoformat() for number in range((last - first).days + 1)]
        return days if self.oldest_first else days[::-1]

    @property
    def times(self) -> dict[str, Any]:
        return {":since": self.since, ":until": self.until} | ({":false": False} if self.unpublished else {})


class VerdictIndex:
    """Reader of a table's indexes; their records have only the projected attributes."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client, self._table = client, table

    def created(self, wanted: Sequence[str], since: str, until: str, oldest_first: bool) -> Iterator[Record]:
        """Yield the records with these verdicts, or `claimed` for those without, created between two times."""
        return self._between(_Span(wanted, since, until, oldest_first))

    def unpublished(self, since: str, until: str) -> Iterator[Record]:
        """Yield the verdicts whose notification is pending, created between two times, newest first."""
        return self._between(_Span(("safe", "unsafe", "review"), since, until, unpublished=True))

    def of_run(self, run: str, verdict: str, since: str, until: str) -> Iterator[Record]:
        """Yield the records of a backfill in the partitions of a verdict, with what a report counts."""
        for day, shard in product(_Span((verdict,), since, until).days, range(SHARDS)):
            yield from self._pages(
                {
                    "TableName": self._table,
                    "IndexName": BY_VERDICT,
                    "KeyConditionExpression": "verdict_shard = :partition AND created_at BETWEEN :since AND :until",
                    "FilterExpression": "contains(#owner, :run)",
                    "ProjectionExpression": "pk, sk, category, decided_by, cause",
                    "ExpressionAttributeNames": {"#owner": "owner"},
                    "ExpressionAttributeValues": to_item(
                        {":partition": f"{verdict}#{day}#{shard}", ":since": since, ":until": until, ":run": run}
                    ),
                }
            )

    def queue(self) -> Iterator[Record]:
        """Yield the records that wait for a person, in the queue's order, whoever is at work on them."""
        lanes = [lane.partition for lane in read_lanes(self._client, self._table)]
        waiting = [self._queued(partition) for partition in (*UNSORTED, *lanes)]
        taken = (self._queued(away(kind)) for kind in (LEASED, PARKED, PENDING))
        # those that somebody is at work on are ordered by when they come back
        reviews = sorted((record for each in taken for record in each if record.verdict == "review"), key=_place)
        return merge(*waiting, iter(reviews), key=_place)

    def decided_by_people(self, since: str) -> Iterator[ImageRef]:
        """Yield the images that people decided on since a time; those of a shard first, then those of the next.

        Golden items come whatever their age.
        """
        for queue, first in (*((queue, since) for queue in _DECIDED), (GOLDEN_QUEUE, "0")):
            for shard in range(SHARDS):
                # All of them first: whoever asks may change the records.
                yield from [record.image for record in self._queued(f"{queue}#{shard}", first)]

    def sampled(self) -> Iterator[ImageRef]:
        """Yield the images that were drawn into a sample and wait for a person."""
        for shard in range(SHARDS):
            yield from [record.image for record in self._queued(f"{SAMPLE_QUEUE}#{shard}")]

    def claimed(self, day: str, before: str) -> Iterator[Record]:
        """Yield the records of a day (YYYY-MM-DD) without a verdict, created before a time."""
        for shard in range(SHARDS):
            yield from self._pages(
                {
                    "TableName": self._table,
                    "IndexName": BY_VERDICT,
                    "KeyConditionExpression": "verdict_shard = :shard AND created_at < :before",
                    "ExpressionAttributeValues": to_item({":shard": f"claimed#{day}#{shard}", ":before": before}),
                }
            )

    def _between(self, span: _Span) -> Iterator[Record]:
        days = span.days
        if len(days) * len(span.wanted) * SHARDS > _MOST_QUERIES and (small := self._whole(span)) is not None:
            yield from small
            return
        read_at_once = 1
        while days:
            together, days = days[:read_at_once], days[read_at_once:]
            yield from self._of_days(together, span)
            read_at_once = min(2 * read_at_once, _MOST_DAYS)  # few records: the next days are likely to be empty, too

    def _whole(self, span: _Span) -> list[Record] | None:
        """Return the span of an index that is small; None if it isn't."""
        verdicts = {f":verdict{number}": f"{verdict}#" for number, verdict in enumerate(span.wanted)}
        of_verdicts = " OR ".join(f"begins_with(verdict_shard, {name})" for name in verdicts)
        request: dict[str, Any] = {
            "TableName": self._table,
            "IndexName": BY_VERDICT,
            "FilterExpression": f"created_at BETWEEN :since AND :until AND ({of_verdicts})"
            + (_UNPUBLISHED if span.unpublished else ""),
            "ExpressionAttributeValues": to_item(span.times | verdicts),
            "Limit": _SMALL_PAGE,
        }
        found: list[Record] = []
        for _ in range(_SMALL_PAGES):
            with store_faults(f"Table {self._table}"):
                page = self._client.scan(**request)
            found += map(record_of, page["Items"])
            if "LastEvaluatedKey" not in page:
                return sorted(found, key=attrgetter("created_at"), reverse=not span.oldest_first)
            request["ExclusiveStartKey"] = page["LastEvaluatedKey"]
        return None

    def _of_days(self, days: Sequence[str], span: _Span) -> Iterator[Record]:
        partitions = [f"{verdict}#{day}#{shard}" for day, verdict, shard in product(days, span.wanted, range(SHARDS))]
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            begun = list(pool.map(partial(self._begin, span=span), partitions))
        a_day = len(span.wanted) * SHARDS
        for start in range(0, len(begun), a_day):
            yield from merge(*begun[start : start + a_day], key=attrgetter("created_at"), reverse=not span.oldest_first)

    def _begin(self, partition: str, span: _Span) -> Iterator[Record]:
        """Return the records of a partition, whose first ones are read; all of them, where few pass the filter."""
        request: dict[str, Any] = {
            "TableName": self._table,
            "IndexName": BY_VERDICT,
            "KeyConditionExpression": "verdict_shard = :partition AND created_at BETWEEN :since AND :until",
            "ExpressionAttributeValues": to_item(span.times | {":partition": partition}),
            "ScanIndexForward": span.oldest_first,
        }
        if span.unpublished:
            return iter(list(self._pages(request | {"FilterExpression": _UNPUBLISHED.removeprefix(" AND ")})))
        with store_faults(f"Table {self._table}"):
            page = self._client.query(**request, Limit=_FIRST)
        return self._continued(request, page)

    def _continued(self, request: Mapping[str, Any], page: Mapping[str, Any]) -> Iterator[Record]:
        yield from map(record_of, page["Items"])
        if "LastEvaluatedKey" in page:
            yield from self._pages({**request, "ExclusiveStartKey": page["LastEvaluatedKey"]})

    def _pages(self, request: dict[str, Any]) -> Iterator[Record]:
        while True:
            with store_faults(f"Table {self._table}"):
                page = self._client.query(**request)
            yield from map(record_of, page["Items"])
            if "LastEvaluatedKey" not in page:
                return
            request = {**request, "ExclusiveStartKey": page["LastEvaluatedKey"]}

    def _queued(self, partition: str, since: str = "0") -> Iterator[Record]:
        """Yield a partition of the queue's index from a place in its order on."""
        return self._pages(
            {
                "TableName": self._table,
                "IndexName": BY_QUEUE,
                "KeyConditionExpression": "#queue = :partition AND queue_order >= :since",
                "ExpressionAttributeNames": {"#queue": "queue"},
                "ExpressionAttributeValues": to_item({":partition": partition, ":since": since}),
            }
        )


def _place(record: Record) -> str:
    """Return a review's place in the order of the queue, also of one that somebody is at work on."""
    if str(record.other.get("queue")).startswith(WAITING):
        return str(record.other.get("queue_order"))
    if record.severity is not None and record.due_at:
        return order_of(record.severity, record.due_at)
    return f"{RANK}#{record.created_at}"
