"""The lanes of the review queue, a few small items of the table of verdicts."""

from dataclasses import asdict
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from moderation.adapters.dynamodb_items import from_item, to_item
from moderation.adapters.faults import code_of, store_faults
from moderation.domain.lanes import Lane
from moderation.domain.limits import MAX_LANES, MAX_WIDE_LANES

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# No bucket's name has a colon.
PARTITION = "review:lanes"


def read_lanes(client: "DynamoDBClient", table: str) -> list[Lane]:
    """Return the lanes that are open. Raises StoreUnavailable, Misconfigured."""
    with store_faults(f"Table {table}"):
        found = client.query(
            TableName=table,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": PARTITION}},
            ConsistentRead=True,
        )
    items = (from_item(item) for item in found["Items"])
    return [Lane(item["bucket"], item["severity"], tuple(item["categories"]), item["folder"]) for item in items]


class LaneRegister:
    """Opens lanes, and remembers those that are open, which none ever closes."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client, self._table = client, table
        self._open: set[Lane] = set()

    def open_lane(self, lane: Lane) -> Lane | None:
        """Open a lane, unless it is, or the wide one if there are too many already; None if of these, too.

        Raises StoreUnavailable, Misconfigured.
        """
        return next((each for each in (lane, lane.widened()) if self._is_opened(each)), None)

    def _is_opened(self, lane: Lane) -> bool:
        if lane in self._open:
            return True
        self._open.update(read_lanes(self._client, self._table))
        if lane in self._open:
            return True
        if len(self._open) >= MAX_LANES + (MAX_WIDE_LANES if lane.is_wide else 0):
            return False
        with store_faults(f"Table {self._table}"):
            try:
                self._client.put_item(
                    TableName=self._table,
                    Item=to_item({"pk": PARTITION, "sk": lane.id, **asdict(lane)}),
                    ConditionExpression="attribute_not_exists(pk)",
                )
            except ClientError as error:
                if code_of(error) != "ConditionalCheckFailedException":
                    raise
        self._open.add(lane)
        return True
