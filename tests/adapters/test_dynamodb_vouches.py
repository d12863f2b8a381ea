"""The attribute of a record that says whose decision is pending."""

import boto3
import pytest

from moderation.adapters.dynamodb_vouches import DynamoVouches
from moderation.domain.image_ref import ImageRef

IMAGE = ImageRef("intake", "posts/a.png", "v1")
KEY = {"pk": {"S": IMAGE.pk}, "sk": {"S": IMAGE.version}}


@pytest.fixture
def table():
    client = boto3.client("dynamodb")
    client.create_table(
        TableName="verdicts",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
    )
    return client


def test_it_is_written_and_removed_and_nothing_else_changes(table):
    table.put_item(TableName="verdicts", Item={**KEY, "verdict": {"S": "review"}})
    vouches = DynamoVouches(table, "verdicts")

    assert vouches.put(IMAGE, {"id": "p", "who": "sub-1"})
    vouched = {"M": {"id": {"S": "p"}, "who": {"S": "sub-1"}}}
    assert table.get_item(TableName="verdicts", Key=KEY)["Item"] == {
        **KEY,
        "verdict": {"S": "review"},
        "vouched": vouched,
    }

    assert not vouches.remove(IMAGE, "another", "sub-1") and not vouches.remove(IMAGE, "p", "sub-2")
    assert table.get_item(TableName="verdicts", Key=KEY)["Item"]["vouched"] == vouched

    assert vouches.remove(IMAGE, "p", "sub-1")
    assert table.get_item(TableName="verdicts", Key=KEY)["Item"] == {**KEY, "verdict": {"S": "review"}}


def test_a_record_that_was_erased_does_not_come_back(table):
    vouches = DynamoVouches(table, "verdicts")

    assert not vouches.put(IMAGE, {"id": "p"}) and not vouches.remove(IMAGE, "p", "sub-1")
    assert "Item" not in table.get_item(TableName="verdicts", Key=KEY)
