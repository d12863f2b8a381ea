"""The table of verdicts on DynamoDB."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from moderation.adapters.dynamodb_decisions import part_of_transaction, still_standing
from moderation.adapters.dynamodb_items import as_read, image_of, key_of, record_of, to_item, update_of
from moderation.adapters.dynamodb_lanes import LaneRegister
from moderation.adapters.faults import code_of, store_faults, unmet_conditions
from moderation.adapters.verdict_index import VerdictIndex
from moderation.contract import BY_REFERENCE, BY_SHA256, BY_UPLOADER, COMPLAINT_DAYS
from moderation.domain.image_ref import ImageRef
from moderation.domain.lanes import Lane
from moderation.domain.record import DECISION, SHADOWED, STATE, Change, Record, expiry, is_reusable
from moderation.domain.sticky_decision import Sticking, outliving
from moderation.errors import DecisionWithdrawn

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# The execution that owns the image may write, once; an image without a record may be claimed by any.
_MAY_DECIDE = "(attribute_not_exists(pk) OR #owner = :me) AND attribute_not_exists(verdict)"
# Without a record the image was erased: its execution claimed it first.
_OWNS = "#owner = :me AND attribute_not_exists(verdict)"


class DynamoVerdictStore:
    """Implements `ports.VerdictStore`. Records expire some days after the verdict; with 0 they are kept.

    If that is six months or more, a later decision on a record is kept for six months as well.
    """

    def __init__(self, client: "DynamoDBClient", table: str, retention_days: int = 0) -> None:
        self._client, self._table, self._retention_days = client, table, retention_days
        self._index = VerdictIndex(client, table)
        self._lanes = LaneRegister(client, table)

    def record(self, image: ImageRef, execution: str, attributes: Mapping[str, Any], unclaimed: bool = False) -> bool:
        condition = _MAY_DECIDE if unclaimed else _OWNS
        written = {"owner": execution, "execution": execution, **attributes, **self._expiry(attributes)}
        update = update_of(self._table, image, written, condition, {"#owner": "owner"}, {":me": execution})
        as_of = attributes.get("as_of")
        check = still_standing(self._table, attributes["decision"], as_of) if as_of else None
        unmet = self._write(update, check)
        if not unmet:
            return True
        # Our own verdict may be there already: a reply was lost, or the step was retried.
        standing, decided_by = self.get(image), attributes["decided_by"]
        if unmet == {1} and standing and not standing.verdict:
            raise DecisionWithdrawn("A person's decision on the same bytes was changed or revoked at this moment.")
        made = (standing.execution, standing.decided_by, standing.as_of) if standing else None
        return made == (execution, decided_by, as_of)

    def get(self, image: ImageRef) -> Record | None:
        with store_faults(f"Table {self._table}"):
            found = self._client.get_item(TableName=self._table, Key=key_of(image), ConsistentRead=True).get("Item")
        return record_of(found) if found else None

    def find_cached(self, bucket: str, sha256: str, cache_key: str) -> Record | None:
        made_alike = " AND cache_key = :cached AND decided_by IN (:judge, :evidence)"
        values = {":cached": {"S": cache_key}, ":judge": {"S": "judge"}, ":evidence": {"S": "evidence"}}
        for image in self._with_bytes(bucket, sha256, made_alike, values):
            # The index lags behind: a person may have decided since.
            whole = self.get(image)
            if whole and is_reusable(whole, cache_key):
                return whole
        return None

    def of_same_bytes(self, bucket: str, sha256: str) -> Iterator[ImageRef]:
        # All of them first: whoever asks may change the records.
        return iter(list(self._with_bytes(bucket, sha256)))

    def of_reference(self, bucket: str, reference: str) -> Iterator[ImageRef]:
        return self._named(bucket, BY_REFERENCE, "reference", reference)

    def of_uploader(self, bucket: str, uploader: str, since: str, until: str) -> Iterator[ImageRef]:
        return self._named(bucket, BY_UPLOADER, "uploader", uploader, since, until)

    def mark_notified(self, record: Record) -> bool:
        # the verdict that was published stands while another decision is pending
        return self._compare_and_set(record, Change({"notified": True}), DECISION)

    def decided_by_people(self, since: str) -> Iterator[ImageRef]:
        return self._index.decided_by_people(since)

    def sampled(self) -> Iterator[ImageRef]:
        return self._index.sampled()

    def undecided(self, before: str) -> Iterator[Record]:
        days = {(datetime.fromisoformat(before) - timedelta(days=back)).date().isoformat() for back in range(3)}
        for day in sorted(days):
            for listed in self._index.claimed(day, before):
                # The index has the upload's time, but a redrive claims an old upload anew.
                record = self.get(listed.image)
                if record and not record.verdict and record.last_claimed < before:
                    yield record

    def created(self, wanted: Sequence[str], since: str, until: str, oldest_first: bool = False) -> Iterator[Record]:
        return self._index.created(wanted, since, until, oldest_first)

    def unpublished(self, since: str, until: str) -> Iterator[Record]:
        return self._index.unpublished(since, until)

    def of_run(self, run: str, verdict: str, since: str, until: str) -> Iterator[Record]:
        return self._index.of_run(run, verdict, since, until)

    def queue(self) -> Iterator[Record]:
        return self._index.queue()

    def open_lane(self, lane: Lane) -> Lane | None:
        return self._lanes.open_lane(lane)

    def of_object(self, bucket: str, key: str) -> list[Record]:
        """The records of all versions of an object. Raises StoreUnavailable, Misconfigured."""
        with store_faults(f"Table {self._table}"):
            pages = self._client.get_paginator("query").paginate(
                TableName=self._table,
                KeyConditionExpression="pk = :pk",
                ExpressionAttributeValues={":pk": {"S": ImageRef(bucket, key, "").pk}},
                ConsistentRead=True,
            )
            return [record_of(item) for page in pages for item in page["Items"]]

    def get_many(self, images: Sequence[ImageRef]) -> dict[ImageRef, Record]:
        """Records of at most 100 images, for polling: keys that DynamoDB didn't process are left out too.

        Raises StoreUnavailable, Misconfigured.
        """
        with store_faults(f"Table {self._table}"):
            keys = [key_of(image) for image in images]
            reply = self._client.batch_get_item(RequestItems={self._table: {"Keys": keys}})
            items = reply["Responses"].get(self._table, [])
        return {record.image: record for record in map(record_of, items)}

    def compare_and_set(self, record: Record, change: Change, sticking: Sticking | None = None) -> bool:
        return self._compare_and_set(record, change, STATE, sticking)

    def _compare_and_set(
        self, record: Record, change: Change, state: Sequence[str], sticking: Sticking | None = None
    ) -> bool:
        condition, aliases, expected = as_read(record, state)
        expiry = {} if record.is_escalated else self._expiry_after(record, change.attributes)
        update = update_of(
            self._table,
            record.image,
            {**change.attributes, **expiry},
            f"attribute_exists(pk) AND {condition}",
            aliases,
            expected,
            change.removed,
        )
        until = outliving(expiry.get("expires_at") or record.expires_at)
        return not self._write(update, part_of_transaction(self._table, sticking, until) if sticking else None)

    def forget_origin(self, image: ImageRef) -> bool:
        with store_faults(f"Table {self._table}"):
            try:
                self._client.update_item(
                    TableName=self._table,
                    Key=key_of(image),
                    UpdateExpression="REMOVE reused_from",
                    ConditionExpression="attribute_exists(reused_from)",
                )
            except ClientError as error:
                if code_of(error) != "ConditionalCheckFailedException":
                    raise
                return False
        return True

    def delete_decided(self, image: ImageRef, decided_at: str | None) -> bool:
        as_read = "decided_at = :at" if decided_at else "attribute_not_exists(decided_at)"
        with store_faults(f"Table {self._table}"):
            try:
                self._client.delete_item(
                    TableName=self._table,
                    Key=key_of(image),
                    ConditionExpression=f"attribute_not_exists(pk) OR #status <> :claimed AND {as_read}",
                    ExpressionAttributeNames={"#status": "status"},
                    ExpressionAttributeValues=to_item(
                        {":claimed": "claimed", **({":at": decided_at} if decided_at else {})}
                    ),
                )
            except ClientError as error:
                if code_of(error) != "ConditionalCheckFailedException":
                    raise
                return False
        return True

    def delete_shadow(self, image: ImageRef) -> None:
        with store_faults(f"Table {self._table}"):
            try:
                self._client.delete_item(
                    TableName=self._table,
                    Key=key_of(image),
                    ConditionExpression="#status = :shadowed AND attribute_not_exists(verdict)",
                    ExpressionAttributeNames={"#status": "status"},
                    ExpressionAttributeValues={":shadowed": {"S": SHADOWED}},
                )
            except ClientError as error:
                if code_of(error) != "ConditionalCheckFailedException":
                    raise

    def _named(
        self, bucket: str, index: str, attribute: str, value: str, since: str = "0", until: str = "9"
    ) -> Iterator[ImageRef]:
        """Yield the images of a bucket with a value in an index, created between two times, newest first."""
        wanted = {":value": value, ":own": ImageRef(bucket, "", "").pk, ":since": since, ":until": until}
        with store_faults(f"Table {self._table}"):
            pages = self._client.get_paginator("query").paginate(
                TableName=self._table,
                IndexName=index,
                KeyConditionExpression="#value = :value AND created_at BETWEEN :since AND :until",
                FilterExpression="begins_with(pk, :own)",
                ExpressionAttributeNames={"#value": attribute},
                ExpressionAttributeValues=to_item(wanted),
                ScanIndexForward=False,
            )
            for page in pages:
                yield from map(image_of, page["Items"])

    def _with_bytes(
        self, bucket: str, sha256: str, condition: str = "", values: Mapping[str, Any] | None = None
    ) -> Iterator[ImageRef]:
        """Yield the images of a bucket with these bytes, newest first, as the index has them.

        Records of another bucket's objects may not be read.
        """
        own = {":sha256": {"S": sha256}, ":own": {"S": ImageRef(bucket, "", "").pk}}
        with store_faults(f"Table {self._table}"):
            pages = self._client.get_paginator("query").paginate(
                TableName=self._table,
                IndexName=BY_SHA256,
                KeyConditionExpression="sha256 = :sha256",
                FilterExpression=f"begins_with(pk, :own){condition}",
                ExpressionAttributeValues={**own, **(values or {})},
                ScanIndexForward=False,
            )
            for page in pages:
                yield from map(image_of, page["Items"])

    def _expiry(self, attributes: Mapping[str, Any]) -> dict[str, int]:
        if not self._retention_days or "decided_at" not in attributes:
            return {}
        return {"expires_at": expiry(attributes["decided_at"], self._retention_days)}

    def _expiry_after(self, record: Record, attributes: Mapping[str, Any]) -> dict[str, int]:
        """Return the expiry of a record with a decision on it, if that changes it: evidence lives no longer."""
        made = self._expiry(attributes)
        if not record.expires_at or not made:
            return {} if record.expires_at else made
        if self._retention_days < COMPLAINT_DAYS:
            return {}
        complained_until = expiry(attributes["decided_at"], COMPLAINT_DAYS)
        return {"expires_at": complained_until} if complained_until > record.expires_at else {}

    def _write(self, update: Mapping[str, Any], also: Mapping[str, Any] | None) -> set[int]:
        """Send an update, in one transaction with another write if there is one; returns whose condition isn't met."""
        with store_faults(f"Table {self._table}"):
            try:
                if also is None:
                    self._client.update_item(**update)
                else:
                    self._client.transact_write_items(TransactItems=[{"Update": dict(update)}, dict(also)])  # type: ignore[typeddict-item, list-item]
            except ClientError as error:
                if code_of(error) == "ConditionalCheckFailedException":
                    return {0}
                if not (unmet := unmet_conditions(error)):
                    raise
                return unmet
        return set()
