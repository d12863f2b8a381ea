"""Queries of the laptop's tables: moto's own answers, without a look at the whole table for each."""

import random
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.dynamodb.models.table import Table
from moto.dynamodb.responses import DynamoHandler

from local.cloud.moto_patches import tables

RANGED, PLAIN = "ranged", "plain"


@pytest.fixture
def dynamodb(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A table with a sort key and one without, with 600 items each, of which some aren't in the index."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "local")
    monkeypatch.setattr(DynamoHandler, "call_action", DynamoHandler.call_action)  # both restored afterwards
    monkeypatch.setattr(Table, "query", Table.query)
    with mock_aws():
        client = boto3.client("dynamodb", region_name="us-east-1")
        for table in (RANGED, PLAIN):
            _fill(client, table)
        yield client


def _fill(client: Any, table: str) -> None:
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
    rng = random.Random(1)
    for _ in range(600):
        item = {"pk": f"p{rng.randrange(150)}", "sk": f"s{rng.randrange(5)}", "at": f"{rng.randrange(20):02}"}
        kind = {"kind": f"k{rng.randrange(4)}"} if rng.random() < 0.8 else {}
        client.put_item(TableName=table, Item={name: {"S": value} for name, value in (item | kind).items()})


def _schema(keys: list[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"AttributeName": name, "KeyType": kind} for name, kind in keys]


def answers(client: Any) -> list[Any]:
    """Pages of the index from both ends, and items by their key; some of nothing."""
    found = []
    for table in (RANGED, PLAIN):
        for kind in ("k0", "k3", "none"):
            for forward in (True, False):
                pages = client.get_paginator("query").paginate(
                    TableName=table,
                    IndexName="by-kind",
                    KeyConditionExpression="kind = :kind AND #at >= :at",
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


def test_the_answers_are_moto_s_own_and_no_query_sorts_the_table(
    dynamodb: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    of_moto = answers(dynamodb)
    tables.install()
    monkeypatch.setattr(Table, "all_items", lambda self: pytest.fail("the whole table was listed"))

    assert answers(dynamodb) == of_moto
    assert len(of_moto) > 20
