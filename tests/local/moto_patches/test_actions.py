"""Text that looks like an action, in the body of a request."""

from tests.local.moto_patches.cloud import Cloud, unique


def test_an_item_s_text_is_no_action(cloud: Cloud) -> None:
    dynamodb, table = cloud.client("dynamodb"), unique()
    dynamodb.create_table(
        TableName=table,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    item = {"pk": {"S": "a&Action=DeleteTable&b"}}

    dynamodb.put_item(TableName=table, Item=item)

    assert dynamodb.get_item(TableName=table, Key=item)["Item"] == item
