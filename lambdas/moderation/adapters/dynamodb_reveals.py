"""Counts of revealed pictures in the table of verdicts on DynamoDB."""

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from moderation.adapters.dynamodb_items import from_item, to_item
from moderation.adapters.faults import code_of, store_faults
from moderation.domain.exposure import HourOfWork

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_REVEALS = "review:reveals"  # no bucket's name has a colon
_KEPT = timedelta(days=2)
_HOURS = "review:exposure"
_HOURS_KEPT = timedelta(days=366)


class DynamoRevealCounts:
    """Implements `ports.RevealCounts`.

    For two days there is an item for each person and hour, with the images' ids; for a year one with the numbers alone,
    under a name from which only who knows a pseudonym could find its hours.
    """

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client, self._table = client, table

    def count(self, who: str, hour: str, image: str, graphic: bool, most: int | None) -> bool:
        if graphic and most == 0:
            return False
        with store_faults(f"Table {self._table}"):
            try:
                is_new = self._note(who, hour, image, graphic, most if graphic else None)
            except ClientError as error:
                if code_of(error) != "ConditionalCheckFailedException":
                    raise
                return False
            if is_new:
                self._add(who, hour, graphic)
        return True

    def hours(self, since: str, until: str) -> Iterator[HourOfWork]:
        with store_faults(f"Table {self._table}"):
            pages = self._client.get_paginator("query").paginate(
                TableName=self._table,
                KeyConditionExpression="pk = :pk AND sk BETWEEN :since AND :until",
                ExpressionAttributeValues=to_item({":pk": _HOURS, ":since": since, ":until": f"{until}$"}),
            )
            for page in pages:
                for item in map(from_item, page["Items"]):
                    yield HourOfWork(int(item["shown"]), int(item["graphic"]))

    def _note(self, who: str, hour: str, image: str, graphic: bool, most: int | None) -> bool:
        """Add an image to those that a person has seen in an hour; False if it is among them already."""
        seen = "images" if graphic else "harmless"
        values: dict[str, Any] = {":gone": _end(hour, _KEPT)}
        limit: dict[str, Any] = {}
        if most is not None:
            values |= {":id": image, ":most": most}
            limit = {
                "ConditionExpression": "attribute_not_exists(images) OR size(images) < :most OR contains(images, :id)"
            }
        before = self._client.update_item(
            TableName=self._table,
            Key=to_item({"pk": _REVEALS, "sk": f"{who}#{hour}"}),
            UpdateExpression=f"SET expires_at = :gone ADD {seen} :one",
            ExpressionAttributeValues={**to_item(values), ":one": {"SS": [image]}},
            ReturnValues="ALL_OLD",
            **limit,
        ).get("Attributes", {})
        return image not in before.get(seen, {}).get("SS", [])

    def _add(self, who: str, hour: str, graphic: bool) -> None:
        unnamed = hashlib.sha256(f"{hour} {who}".encode()).hexdigest()[:16]
        self._client.update_item(
            TableName=self._table,
            Key=to_item({"pk": _HOURS, "sk": f"{hour}#{unnamed}"}),
            UpdateExpression="SET expires_at = :gone ADD shown :one, graphic :graphic",
            ExpressionAttributeValues=to_item({":gone": _end(hour, _HOURS_KEPT), ":one": 1, ":graphic": int(graphic)}),
        )


def _end(hour: str, kept: timedelta) -> int:
    """Return the time until which a count is kept, in seconds since 1970."""
    return int((datetime.fromisoformat(f"{hour}:00:00+00:00") + kept).timestamp())
