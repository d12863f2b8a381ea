"""Sticky decisions in the table of verdicts on DynamoDB."""

import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from moderation.adapters.dynamodb_items import from_item, to_item
from moderation.adapters.faults import code_of, store_faults
from moderation.domain.sticky_decision import DecisionKey, Sticking, StickyDecision, partitions

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_NONE_IN_FORCE = "(attribute_not_exists(pk) OR expires_at <= :now)"
_AS_READ = "decided_at = :at AND decided_by = :by"


class DynamoDecisionStore:
    """Implements `ports.DecisionStore`. What has expired counts as gone, before DynamoDB deletes it."""

    def __init__(self, client: "DynamoDBClient", table: str, clock: Callable[[], float] = time.time) -> None:
        self._client, self._table, self._clock = client, table, clock

    def find(self, key: DecisionKey) -> StickyDecision | None:
        with store_faults(f"Table {self._table}"):
            found = self._client.get_item(TableName=self._table, Key=_key(key), ConsistentRead=True).get("Item")
        return self._in_force(found) if found else None

    def made_since(self, bucket: str, since: str) -> Iterator[StickyDecision]:
        for partition in partitions(bucket):
            with store_faults(f"Table {self._table}"):
                pages = self._client.get_paginator("query").paginate(
                    TableName=self._table,
                    KeyConditionExpression="pk = :pk",
                    FilterExpression="decided_at >= :since",
                    ExpressionAttributeValues=to_item({":pk": partition, ":since": since}),
                    ConsistentRead=True,
                )
                for page in pages:
                    yield from filter(None, map(self._in_force, page["Items"]))

    def withdraw(self, decision: StickyDecision) -> bool:
        return self._done(self._client.delete_item, Key=_key(decision.key), **_as_read(decision))

    def outlive(self, key: DecisionKey, expires_at: int) -> None:
        self._done(
            self._client.update_item,
            Key=_key(key),
            UpdateExpression="SET expires_at = if_not_exists(expires_at, :until) REMOVE reason",
            ConditionExpression="attribute_exists(pk)",
            ExpressionAttributeValues=to_item({":until": expires_at}),
        )

    def _done(self, write: Callable[..., object], **request: Any) -> bool:
        """Send a conditional write; False if its condition isn't met."""
        with store_faults(f"Table {self._table}"):
            try:
                write(TableName=self._table, **request)
            except ClientError as error:
                if code_of(error) != "ConditionalCheckFailedException":
                    raise
                return False
        return True

    def _in_force(self, item: Mapping[str, Any]) -> StickyDecision | None:
        decision = StickyDecision.from_attributes(from_item(item))
        expired = decision.expires_at is not None and decision.expires_at <= self._clock()
        return None if expired else decision


def part_of_transaction(table: str, sticking: Sticking, expires_at: int | None) -> dict[str, Any]:
    """Return the write of a transaction that makes the change, provided that nothing changed since it was read."""
    unchanged = _as_read(sticking.standing)
    if sticking.wanted is None and sticking.standing is not None:
        return {"Delete": {"TableName": table, "Key": _key(sticking.key), **unchanged}}
    if sticking.wanted is None or sticking.wanted == sticking.standing:
        return {"ConditionCheck": {"TableName": table, "Key": _key(sticking.key), **unchanged}}
    attributes = sticking.wanted.attributes() | ({} if expires_at is None else {"expires_at": expires_at})
    return {"Put": {"TableName": table, "Item": to_item(attributes), **unchanged}}


def still_standing(table: str, key: Mapping[str, str], decided_at: str) -> dict[str, Any]:
    """Return the check of a transaction that a decision made at that time still stands."""
    return {
        "ConditionCheck": {
            "TableName": table,
            "Key": to_item(key),
            "ConditionExpression": "decided_at = :at",
            "ExpressionAttributeValues": to_item({":at": decided_at}),
        }
    }


def _as_read(decision: StickyDecision | None) -> dict[str, Any]:
    """Return the condition that a decision is the one that was read, or that there is none in force."""
    if decision is None:
        now = int(time.time())
        return {"ConditionExpression": _NONE_IN_FORCE, "ExpressionAttributeValues": to_item({":now": now})}
    values = to_item({":at": decision.decided_at, ":by": decision.decided_by})
    return {"ConditionExpression": _AS_READ, "ExpressionAttributeValues": values}


def _key(key: DecisionKey) -> Any:
    return to_item({"pk": key.pk, "sk": key.sk})
