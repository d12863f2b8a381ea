"""The index by verdict: the same records in the same order, read whole or day by day."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import islice
from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from moderation.adapters import verdict_index
from moderation.adapters.dynamodb_items import record_of, to_item
from moderation.adapters.verdict_index import VerdictIndex
from moderation.domain.image_ref import ImageRef
from moderation.domain.record import Record, escalated, shard_of, utc
from moderation.errors import Misconfigured

ALL = ("safe", "unsafe", "review", "claimed")
SINCE, UNTIL = "2025-01-01T00:00:00.000Z", "2026-12-31T23:59:59.999Z"


@pytest.fixture
def dynamodb() -> Any:
    client = boto3.client("dynamodb")
    keys = {"by-verdict": ("verdict_shard", "created_at"), "by-queue": ("queue", "queue_order")}
    names = ("pk", "sk", *keys["by-verdict"], *keys["by-queue"])
    client.create_table(
        TableName="verdicts",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in names],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": index,
                "KeySchema": [
                    {"AttributeName": partition, "KeyType": "HASH"},
                    {"AttributeName": order, "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
            for index, (partition, order) in keys.items()
        ],
    )
    return client


@pytest.fixture
def index(dynamodb: Any) -> VerdictIndex:
    return VerdictIndex(dynamodb, "verdicts")


def put(dynamodb: Any, name: str, created_at: str, verdict: str = "safe", **more: object) -> None:
    image = ImageRef("b", name, "v")
    decided = {} if verdict == "claimed" else {"verdict": verdict}
    item = {"pk": image.pk, "sk": "v", "created_at": created_at, **decided, **more}
    shard = shard_of(image, verdict, created_at)
    dynamodb.put_item(TableName="verdicts", Item=to_item(item | {"verdict_shard": shard}))


@pytest.fixture
def history(dynamodb: Any) -> None:
    """Forty records, one every second day, of all verdicts in turn, on several shards; number 0 is the oldest."""
    for number in range(40):
        created = datetime(2025, 1, 1, 10, tzinfo=UTC) + timedelta(days=2 * number)
        put(dynamodb, f"{number}", utc(created), ALL[number % 4])


def names(records: Iterable[Record]) -> list[int]:
    return [int(record.image.key) for record in records]


@pytest.mark.parametrize("most_queries", [0, 10**6], ids=["read whole", "day by day"])
@pytest.mark.parametrize("oldest_first", [False, True])
@pytest.mark.parametrize("wanted", [ALL, ("review",), ("safe", "unsafe")])
def test_records_come_in_the_order_of_their_uploads_however_they_are_read(
    index, history, monkeypatch, most_queries, oldest_first, wanted
):
    monkeypatch.setattr(verdict_index, "_MOST_QUERIES", most_queries)
    expected = [number for number in range(40) if ALL[number % 4] in wanted and 3 <= number <= 30]
    since, until = "2025-01-07T10:00:00.000Z", "2025-03-02T10:00:00.000Z"  # of numbers 3 and 30, to the second

    found = names(index.created(wanted, since, until, oldest_first))

    assert found == (expected if oldest_first else expected[::-1])


def test_two_years_with_few_records_take_a_call_or_two(index, history, monkeypatch):
    calls: list[str] = []
    monkeypatch.setattr(index, "_client", counted(index._client, calls))

    assert names(index.created(ALL, SINCE, UNTIL, False)) == list(range(39, -1, -1))
    assert calls == ["scan"]


def test_an_index_of_many_records_is_read_day_by_day_and_no_further_than_asked(index, dynamodb, history, monkeypatch):
    monkeypatch.setattr(verdict_index, "_SMALL_PAGES", 1)
    calls: list[str] = []
    client = counted(dynamodb, calls, last={"pk": {"S": "b#0"}})
    monkeypatch.setattr(index, "_client", client)

    (newest,) = islice(index.created(ALL, SINCE, "2025-03-21T00:00:00.000Z", False), 1)

    assert newest.image.key == "39"
    days = 1 + 2 + 4 + 8  # from 21 March back to 20 March, and as far as is read at once
    assert calls.count("query") <= days * len(ALL) * 4


def test_a_day_of_many_records_is_read_page_by_page(index, dynamodb, monkeypatch):
    monkeypatch.setattr(verdict_index, "_FIRST", 2)
    for number in range(30):
        put(dynamodb, f"{number}", f"2026-11-22T10:00:{number:02}.000Z")

    found = index.created(ALL, "2026-11-22T00:00:00.000Z", "2026-11-23T00:00:00.000Z", True)

    assert names(found) == list(range(30))


@pytest.mark.parametrize("most_queries", [0, 10**6], ids=["read whole", "day by day"])
def test_verdicts_that_were_not_published_are_found(index, dynamodb, monkeypatch, most_queries):
    monkeypatch.setattr(verdict_index, "_MOST_QUERIES", most_queries)
    for number, (verdict, more) in enumerate(
        [("unsafe", {"notified": False}), ("unsafe", {"notified": True}), ("safe", {}), ("review", {"notified": False})]
    ):
        put(dynamodb, f"{number}", f"2026-11-22T10:00:0{number}.000Z", verdict, **more)

    assert names(index.unpublished("2026-11-01T00:00:00.000Z", "2026-11-23T00:00:00.000Z")) == [3, 0]


def test_the_queue_is_read_in_its_order_over_all_shards(index, dynamodb):
    for number, shard in enumerate([3, 0, 2, 0]):
        rank = 4 if number == 3 else 5
        queued = {"queue": f"review#{shard}", "queue_order": f"{rank}#2026-11-22T10:00:0{number}.000Z"}
        put(dynamodb, f"{number}", "2026-11-22T10:00:00.000Z", "review", **queued)

    assert names(index.queue()) == [3, 0, 1, 2]


@pytest.mark.parametrize("most_queries", [0, 10**6], ids=["read whole", "day by day"])
@pytest.mark.parametrize("queue", ["review", "person", "golden", "sample"])
def test_an_escalated_image_is_listed_nowhere(index, dynamodb, monkeypatch, queue, most_queries):
    monkeypatch.setattr(verdict_index, "_MOST_QUERIES", most_queries)
    image = ImageRef("b", "0", "v")
    run = "backfill-20261101-000000-0000ee"
    more = {"notified": False, "owner": run, "queue": f"{queue}#{int(image.id, 16) % 4}", "queue_order": "5"}
    put(dynamodb, "0", "2026-11-02T10:00:00.000Z", "unsafe", **more)
    found = dynamodb.get_item(TableName="verdicts", Key={"pk": {"S": image.pk}, "sk": {"S": "v"}})["Item"]
    record = record_of(found)

    def listed() -> set[str]:
        readers: dict[str, Iterable[object]] = {
            "created": index.created(ALL, "2026-11-01", "2026-11-30", False),
            "unpublished": index.unpublished("2026-11-01", "2026-11-30"),
            "of_run": index.of_run(run, "unsafe", "2026-11-01", "2026-11-30"),
            "review": index.queue(),
            "people": index.decided_by_people("0"),
            "sample": index.sampled(),
        }
        return {name for name, records in readers.items() if list(records)}

    assert len(listed()) == 4

    dynamodb.put_item(
        TableName="verdicts", Item=to_item(record.with_change(escalated(record, "2026-11-03")).attributes())
    )

    assert not listed()


def test_an_error_of_a_query_gets_our_name(dynamodb):
    with pytest.raises(Misconfigured):
        list(VerdictIndex(dynamodb, "missing").created(("safe",), UNTIL[:10], UNTIL, False))


def counted(client: Any, calls: list[str], last: object = None) -> Any:
    """The client, with its calls noted; a scan has more pages if it has a `last` key."""

    def scan(**request: Any) -> Any:
        calls.append("scan")
        return client.scan(**request) | ({"LastEvaluatedKey": last} if last else {})

    def query(**request: Any) -> Any:
        calls.append("query")
        return client.query(**request)

    return SimpleNamespace(scan=scan, query=query)
