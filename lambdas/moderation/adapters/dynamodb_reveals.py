"""Counts of revealed pictures in the table of verdicts on DynamoDB."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from moderation.adapters.dynamodb_items import to_item
from moderation.adapters.faults import code_of, store_faults

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_REVEALS = "review:reveals"  # no bucket's name has a colon
_KEPT = timedelta(days=2)


class DynamoRevealCounts:
    """Implements `ports.RevealCounts`: an item for each person and hour, with the images' ids."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client, self._table = client, table

    def count(self, who: str, hour: str, image: str, most: int) -> bool:
        if most == 0:
            return False
        gone = datetime.fromisoformat(f"{hour}:00:00+00:00") + _KEPT
        values = to_item({":gone": int(gone.timestamp()), ":id": image, ":most": most})
        with store_faults(f"Table {self._table}"):
            try:
                self._client.update_item(
                    TableName=self._table,
                    Key=to_item({"pk": _REVEALS, "sk": f"{who}#{hour}"}),
                    UpdateExpression="SET expires_at = :gone ADD images :one",
                    ConditionExpression="attribute_not_exists(images) OR size(images) < :most OR contains(images, :id)",
                    ExpressionAttributeValues={**values, ":one": {"SS": [image]}},
                )
            except ClientError as error:
                if code_of(error) != "ConditionalCheckFailedException":
                    raise
                return False
        return True
