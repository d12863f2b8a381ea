"""DynamoDB: one request at a time, and queries that look at their candidates only."""

import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import SecondaryIndex, Table
from moto.dynamodb.parsing.executors import SetExecutor
from moto.dynamodb.responses import DynamoHandler

from local.cloud.moto_patches import tables

RANGED, PLAIN = "ranged", "plain"


@pytest.fixture
def dynamodb(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A table with a sort key and one without, empty."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "local")
    monkeypatch.setattr(DynamoHandler, "call_action", DynamoHandler.call_action)  # all restored afterwards
    monkeypatch.setattr(Table, "query", Table.query)
    monkeypatch.setattr(Table, "put_item", Table.put_item)
    monkeypatch.setattr(DynamoDBBackend, "update_item", DynamoDBBackend.update_item)
    monkeypatch.setattr(SecondaryIndex, "project", SecondaryIndex.project)
    with mock_aws():
        client = boto3.client("dynamodb", region_name="us-east-1")
        for table in (RANGED, PLAIN):
            _create(client, table)
        yield client


def _create(client: Any, table: str) -> None:
    keys = [("pk", "HASH"), ("sk", "RANGE")] if table == RANGED else [("pk", "HASH")]
    client.create_table(
        TableName=table,
        KeySchema=_schema(keys),
        AttributeDefinitions=[
            {"AttributeName": n, "AttributeType": "S"} for n in dict.fromkeys([*dict(keys), "kind", "at"])
        ],
        BillingMode="PAY_PER_REQUEST",
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by-kind",
                "KeySchema": _schema([("kind", "HASH"), ("at", "RANGE")]),
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )


def fill(client: Any, table: str) -> None:
    """600 items in 150 places, of which some aren't in the index."""
    rng = random.Random(1)
    items = {}
    for _ in range(600):
        item = {"pk": f"p{rng.randrange(150)}", "sk": f"s{rng.randrange(5)}", "at": f"{rng.randrange(20):02}"}
        kind = {"kind": f"k{rng.randrange(4)}"} if rng.random() < 0.8 else {}
        key = (item["pk"], item["sk"] if table == RANGED else "")
        items[key] = {"PutRequest": {"Item": {name: {"S": value} for name, value in (item | kind).items()}}}
    puts = list(items.values())
    for start in range(0, len(puts), 25):
        client.batch_write_item(RequestItems={table: puts[start : start + 25]})


def _schema(keys: list[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"AttributeName": name, "KeyType": kind} for name, kind in keys]


def answers(client: Any) -> list[Any]:
    """Pages of the index from both ends, and items by their key; some of nothing."""
    found = []
    for table in (RANGED, PLAIN):
        for kind in ("k0", "k3", "none"):
            for forward, sign in product((True, False), (">=", ">", "<", "=")):
                pages = client.get_paginator("query").paginate(
                    TableName=table,
                    IndexName="by-kind",
                    KeyConditionExpression=f"kind = :kind AND #at {sign} :at",
                    ExpressionAttributeNames={"#at": "at"},
                    ExpressionAttributeValues={":kind": {"S": kind}, ":at": {"S": "05"}},
                    ScanIndexForward=forward,
                    PaginationConfig={"PageSize": 17},
                )
                found += [(page["Items"], page["Count"], page.get("LastEvaluatedKey")) for page in pages]
        for key in ("p1", "p2", "none"):
            values = {":pk": {"S": key}}
            found.append(
                client.query(TableName=table, KeyConditionExpression="pk = :pk", ExpressionAttributeValues=values)[
                    "Items"
                ]
            )
    return found


def test_an_index_converts_no_item_to_project_it_and_projects_as_moto_does(
    dynamodb: Any, is_patched: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    dynamodb.create_table(
        TableName="projected",
        KeySchema=_schema([("pk", "HASH")]),
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "kind", "at")],
        BillingMode="PAY_PER_REQUEST",
        GlobalSecondaryIndexes=[
            {
                "IndexName": "some",
                "KeySchema": _schema([("kind", "HASH"), ("at", "RANGE")]),
                "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["found", "of", "none"]},
            }
        ],
    )
    item = {"pk": {"S": "p"}, "kind": {"S": "k"}, "at": {"S": "1"}, "left": {"S": "out"}}
    more = {
        "found": {"L": [{"M": {"score": {"N": "0.5"}, "over": {"BOOL": True}}}]},
        "of": {"M": {"a": {"NULL": True}}},
    }
    dynamodb.put_item(TableName="projected", Item=item | more)
    of_moto = dynamodb.scan(TableName="projected", IndexName="some")["Items"]
    if is_patched:
        tables.install()
    converted, convert = [], Item.to_regular_json

    def noted(self: Any) -> Any:
        converted.append(self)
        return convert(self)

    monkeypatch.setattr(Item, "to_regular_json", noted)

    assert dynamodb.scan(TableName="projected", IndexName="some")["Items"] == of_moto
    assert of_moto[0].keys() == {"pk", "kind", "at", "found", "of"}
    assert converted == []


def test_no_query_sorts_the_table_and_the_answers_are_moto_s_own(
    dynamodb: Any, is_patched: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for table in (RANGED, PLAIN):
        fill(dynamodb, table)
    of_moto = answers(dynamodb)
    if is_patched:
        tables.install()
    monkeypatch.setattr(Table, "all_items", _listed)

    assert answers(dynamodb) == of_moto
    assert len(of_moto) > 20


def test_an_index_follows_every_write_and_is_as_one_made_anew(
    dynamodb: Any, is_patched: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for table in (RANGED, PLAIN):
        fill(dynamodb, table)
    if is_patched:
        tables.install()
    monkeypatch.setattr(Table, "all_items", _listed)
    answers(dynamodb)  # the indexes are kept from here on

    for number in range(40):
        key = {"pk": {"S": f"p{number}"}, "sk": {"S": f"s{number % 5}"}}
        dynamodb.update_item(
            TableName=RANGED,
            Key=key,
            UpdateExpression="SET kind = :kind, #at = :at",
            ExpressionAttributeNames={"#at": "at"},
            ExpressionAttributeValues={":kind": {"S": f"k{number % 3}"}, ":at": {"S": f"{number:02}"}},
        )
        if number % 4 == 0:
            dynamodb.delete_item(TableName=RANGED, Key=key)
        if number % 4 == 1:
            dynamodb.put_item(TableName=RANGED, Item={**key, "kind": {"S": "k0"}})  # without the index's sort key
    kept = answers(dynamodb), first_pages(dynamodb)
    dynamodb.batch_write_item(RequestItems={RANGED: [{"DeleteRequest": {"Key": _NOBODY}}]})  # forgets the indexes

    assert (answers(dynamodb), first_pages(dynamodb)) == kept
    assert len(kept[1]) > 10


_NOBODY = {"pk": {"S": "nobody"}, "sk": {"S": "s"}}


def first_pages(client: Any) -> list[Any]:
    """Small pages of what is before a place in the index."""
    pages = client.get_paginator("query").paginate(
        TableName=RANGED,
        IndexName="by-kind",
        KeyConditionExpression="kind = :kind AND #at < :at",
        ExpressionAttributeNames={"#at": "at"},
        ExpressionAttributeValues={":kind": {"S": "k0"}, ":at": {"S": "12"}},
        PaginationConfig={"PageSize": 3},
    )
    return [(page["Items"], page.get("LastEvaluatedKey")) for page in pages]


def _listed(_: Any) -> None:
    raise AssertionError("the whole table was listed")


def test_a_query_of_an_index_looks_at_its_own_items_only_and_sees_each_change(
    dynamodb: Any, is_patched: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if is_patched:
        tables.install()
    for table in (RANGED, PLAIN):
        fill(dynamodb, table)
        assert "k0" in kinds(dynamodb, table, "k0")  # the first query

        key = {"pk": {"S": "new"}, "sk": {"S": "s"}}
        given = {name: value for name, value in key.items() if table == RANGED or name == "pk"}
        assert kinds(dynamodb, table, "odd") == []
        dynamodb.put_item(TableName=table, Item={**key, "kind": {"S": "odd"}, "at": {"S": "1"}})
        assert kinds(dynamodb, table, "odd") == ["odd"]
        change(dynamodb, table, given, "other")
        assert (kinds(dynamodb, table, "odd"), kinds(dynamodb, table, "other")) == ([], ["other"])
        change(dynamodb, table, {**given, "pk": {"S": "made"}}, "odd")  # an update that makes the item
        assert kinds(dynamodb, table, "odd") == ["odd"]
        dynamodb.delete_item(TableName=table, Key=given)
        assert kinds(dynamodb, table, "other") == []

        with monkeypatch.context() as patch:
            compared = compared_values(patch)
            assert kinds(dynamodb, table, "odd") == ["odd"]
        assert len(compared) < 20, "of hundreds of items"


def compared_values(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The values that are compared from now on."""
    compared, compare = [], DynamoType.__eq__

    def noted(self: Any, other: Any) -> bool:
        compared.append(self)
        return bool(compare(self, other))

    monkeypatch.setattr(DynamoType, "__eq__", noted)
    monkeypatch.setattr(DynamoType, "__ne__", lambda self, other: not noted(self, other))
    return compared


def kinds(client: Any, table: str, kind: str) -> list[str]:
    found = client.query(
        TableName=table,
        IndexName="by-kind",
        KeyConditionExpression="kind = :kind",
        ExpressionAttributeValues={":kind": {"S": kind}},
    )
    return [item["kind"]["S"] for item in found["Items"]]


def change(client: Any, table: str, key: dict[str, Any], kind: str) -> None:
    client.update_item(
        TableName=table,
        Key=key,
        UpdateExpression="SET kind = :kind, #at = :at",
        ExpressionAttributeNames={"#at": "at"},
        ExpressionAttributeValues={":kind": {"S": kind}, ":at": {"S": "1"}},
    )


class Halfway:
    """A request that pauses halfway, until another is done or waits for it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._reached, self._go_on = threading.Event(), threading.Event()
        self._lock = threading.Lock()
        # the patch takes this for its lock
        monkeypatch.setattr(tables, "threading", SimpleNamespace(Lock=lambda: self))

    def __enter__(self) -> None:
        if not self._lock.acquire(blocking=False):
            self._go_on.set()
            self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()

    def pause(self) -> None:
        """Called by moto halfway through each request: the first of them waits."""
        if not self._reached.is_set():
            self._reached.set()
            assert self._go_on.wait(30)

    def run(self, first: Callable[[], Any], second: Callable[[], Any]) -> tuple[Any, Any]:
        """Return the results of both; the second is sent while the first is halfway."""
        with ThreadPoolExecutor(2) as pool:
            begun = pool.submit(first)
            assert self._reached.wait(30)
            other = pool.submit(second)
            other.add_done_callback(lambda _: self._go_on.set())
            return begun.result(), other.result()


@pytest.fixture
def halfway(dynamodb: Any, is_patched: bool, monkeypatch: pytest.MonkeyPatch) -> Halfway:
    halfway = Halfway(monkeypatch)
    if is_patched:
        tables.install()
    return halfway


def test_only_one_of_two_conditional_writes_succeeds(
    dynamodb: Any, halfway: Halfway, monkeypatch: pytest.MonkeyPatch
) -> None:
    get_item = Table.get_item

    def get_item_and_pause(self: Any, *args: Any, **kwargs: Any) -> Any:
        found = get_item(self, *args, **kwargs)
        halfway.pause()  # the condition is checked against what was found
        return found

    monkeypatch.setattr(Table, "get_item", get_item_and_pause)

    def claim() -> bool:
        item = {"pk": {"S": "claimed"}}
        try:
            dynamodb.put_item(TableName=PLAIN, Item=item, ConditionExpression="attribute_not_exists(pk)")
        except ClientError:
            return False
        return True

    assert sorted(halfway.run(claim, claim)) == [False, True]


def test_a_reader_never_sees_half_an_update(dynamodb: Any, halfway: Halfway, monkeypatch: pytest.MonkeyPatch) -> None:
    key = {"pk": {"S": "updated"}}
    dynamodb.put_item(TableName=PLAIN, Item=key)
    set_part = SetExecutor.execute

    def set_part_and_pause(self: Any, item: Any) -> None:
        set_part(self, item)
        halfway.pause()

    monkeypatch.setattr(SetExecutor, "execute", set_part_and_pause)

    def write() -> None:
        one = {":one": {"N": "1"}}
        dynamodb.update_item(
            TableName=PLAIN, Key=key, UpdateExpression="SET a = :one, b = :one", ExpressionAttributeValues=one
        )

    def read() -> set[str]:
        return set(dynamodb.get_item(TableName=PLAIN, Key=key)["Item"])

    _, seen = halfway.run(write, read)
    assert seen in ({"pk"}, {"pk", "a", "b"})
