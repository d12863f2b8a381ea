"""Answers of DynamoDB: each attribute's value with its one type, without a search for the others."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.core.serialize import AttributePicker, BaseJSONSerializer

from local.cloud.moto_patches import attribute_values

ITEM: dict[str, Any] = {
    "pk": {"S": "item"},
    "of": {"M": {"text": {"S": ""}, "number": {"N": "-1.50"}, "empty": {"M": {}}}},
    "all": {"L": [{"BOOL": True}, {"BOOL": False}, {"NULL": True}, {"L": []}, {"M": {"S": {"S": "a name"}}}]},
    "bytes": {"B": b"\x00\xff"},
    "names": {"SS": ["a", "b"]},
    "numbers": {"NS": ["1", "2.5"]},
    "blobs": {"BS": [b"\x01", b"\xfe"]},
}


@pytest.fixture
def dynamodb(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A table with an item of all types."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "local")
    serialize = BaseJSONSerializer._serialize_type_structure
    monkeypatch.setattr(BaseJSONSerializer, "_serialize_type_structure", serialize)  # restored afterwards
    with mock_aws():
        client = boto3.client("dynamodb", region_name="us-east-1")
        client.create_table(
            TableName="table",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        client.put_item(TableName="table", Item=ITEM)
        yield client


def answers(client: Any) -> list[Any]:
    return [
        client.get_item(TableName="table", Key={"pk": {"S": "item"}})["Item"],
        client.scan(TableName="table")["Items"],
        client.update_item(
            TableName="table",
            Key={"pk": {"S": "item"}},
            UpdateExpression="SET #all = :all",
            ExpressionAttributeNames={"#all": "all"},
            ExpressionAttributeValues={":all": ITEM["all"]},
            ReturnValues="ALL_NEW",
        )["Attributes"],
    ]


def test_values_of_all_types_are_answered_without_a_search(
    dynamodb: Any, is_patched: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    of_moto = answers(dynamodb)
    if is_patched:
        attribute_values.install()
    searched, search = [], AttributePicker.__call__

    def noted(self: Any, context: Any) -> Any:
        searched.append(context.key)
        return search(self, context)

    monkeypatch.setattr(AttributePicker, "__call__", noted)

    assert answers(dynamodb) == of_moto == [ITEM, [ITEM], ITEM]
    assert not {"BOOL", "BS", "NULL"} & set(searched)
