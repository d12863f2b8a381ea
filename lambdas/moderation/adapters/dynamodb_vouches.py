"""Vouches for pending decisions in the table of verdicts on DynamoDB: one attribute of a record, and no other."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from moderation.adapters.dynamodb_items import key_of, to_item
from moderation.adapters.faults import code_of, store_faults
from moderation.domain.image_ref import ImageRef

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoVouches:
    """The attribute `vouched` of records."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client, self._table = client, table

    def put(self, image: ImageRef, vouched: Mapping[str, str]) -> bool:
        exists = "attribute_exists(pk)"  # an erased record stays erased
        return self._update(image, "SET vouched = :vouched", exists, {":vouched": dict(vouched)})

    def remove(self, image: ImageRef, pending_id: str, who: str) -> bool:
        is_theirs = "vouched.id = :id AND vouched.who = :who"
        return self._update(image, "REMOVE vouched", is_theirs, {":id": pending_id, ":who": who})

    def _update(self, image: ImageRef, expression: str, condition: str, values: Mapping[str, Any]) -> bool:
        with store_faults(f"Table {self._table}"):
            try:
                self._client.update_item(
                    TableName=self._table,
                    Key=key_of(image),
                    UpdateExpression=expression,
                    ConditionExpression=condition,
                    ExpressionAttributeValues=to_item(values),
                )
            except ClientError as error:
                if code_of(error) != "ConditionalCheckFailedException":
                    raise
                return False
        return True
