"""DynamoDB table of verdicts, with one item per object version."""

from collections.abc import Mapping
from typing import Any

from aws_cdk import RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_s3 as s3
from constructs import Construct

from stacks.components.grantee import Grantee
from stacks.contract import CONTRACT

# Indexes leave the evidence out: it is most of an item, and a list of verdicts doesn't show it. A projection can't be
# altered, so they hold all that a list, a queue or a search of later releases may show.
_INDEXES: dict[str, dict[str, Any]] = CONTRACT["indexes"]
BY_VERDICT: str = _INDEXES["by_verdict"]["name"]
BY_SHA256: str = _INDEXES["by_sha256"]["name"]
BY_REFERENCE: str = _INDEXES["by_reference"]["name"]
BY_UPLOADER: str = _INDEXES["by_uploader"]["name"]
BY_QUEUE: str = _INDEXES["by_queue"]["name"]

# Partition keys of items that aren't of a bucket, whose name has no colon.
_LANES = "review:lanes"
# … that of the items which people passed on, and of the pictures which they saw.
_REVEALS = "review:reveals"
_COUNTS = ("review:skips", _REVEALS)
# … that of everybody's hours of work, without who they are.
_EXPOSURE = "review:exposure"
# … that of the lists of what waits for each person.
_AHEAD = "review:ahead"
# … and that of appeals and notices.
_REPORTS = "review:reports"
# Attributes that a person's work on an item names, in what it writes and in its conditions (`domain.review.LEASE`,
# `domain.record.AT_WORK`): IAM doesn't tell the two apart. Neither a verdict nor its history is among them,
# nor whose decision is pending (`domain.vouch`).
REVIEWED = (
    *("owner", "decided_at", "escalated_at", "report_id", "lease_holder", "lease_until", "leased_at", "blind"),
    *("revealed", "pending", "pending_id", "queue", "queue_order", "home_queue", "home_order", "skipped_by"),
)
# … and those that an appeal or a notice names.
REPORTED = (*REVIEWED, "reports", "supports", "severity", "due_at")


class VerdictTable(Construct):
    """Table with pk `<bucket>#<key>` and sk version id; indexed by verdict, SHA-256, reference, uploader and queue.

    Sticky decisions have the pk `<bucket>:decisions#<shard>`, the lanes of the review queue `review:lanes`.
    The place at which a sweep of that queue stopped has the pk `<bucket>#`, that of an empty key.
    """

    def __init__(self, scope: Construct, construct_id: str, *, protected: bool, bucket: s3.IBucket) -> None:
        super().__init__(scope, construct_id)
        self._bucket = bucket
        # `Table`, not `TableV2`: one region needs no global table, and the emulator doesn't support them.
        self.table = dynamodb.Table(
            self,
            "Table",
            partition_key=_text("pk"),
            sort_key=_text("sk"),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            time_to_live_attribute="expires_at",
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            deletion_protection=protected,
            removal_policy=RemovalPolicy.RETAIN if protected else RemovalPolicy.DESTROY,
        )
        for index in _INDEXES.values():
            self.table.add_global_secondary_index(
                index_name=index["name"],
                partition_key=_text(index["partition_key"]),
                sort_key=_text(index["sort_key"]),
                projection_type=dynamodb.ProjectionType.INCLUDE,
                non_key_attributes=index["projected"],
            )

    def allow_write(self, grantee: Grantee) -> None:
        """Allow `grantee` to update items, and to read one back to recognise its own write."""
        self._allow(grantee, "dynamodb:GetItem", "dynamodb:UpdateItem")

    def allow_update(self, grantee: Grantee) -> None:
        """Allow `grantee` to update items."""
        self._allow(grantee, "dynamodb:UpdateItem")

    def allow_reuse(self, grantee: Grantee) -> None:
        """Allow `grantee` to find and read the record of the same bytes."""
        self._allow_index(grantee, BY_SHA256)
        self._allow(grantee, "dynamodb:GetItem")

    def allow_select(self, grantee: Grantee) -> None:
        """Allow `grantee` to read items, and to delete those without a verdict (by their condition, not by IAM)."""
        self._allow(grantee, "dynamodb:GetItem", "dynamodb:DeleteItem")

    def allow_read_many(self, grantee: Grantee) -> None:
        """Allow `grantee` to read items in batches."""
        self._allow(grantee, "dynamodb:BatchGetItem")

    def allow_list(self, grantee: Grantee) -> None:
        """Allow `grantee` to list items by verdict."""
        self._allow_index(grantee, BY_VERDICT)

    def allow_survey(self, grantee: Grantee) -> None:
        """Allow `grantee` to list items by verdict over a long time, and what people decided or have to."""
        self.allow_lanes(grantee)
        self.allow_list(grantee)
        grantee.allow(("dynamodb:Scan",), f"{self.table.table_arn}/index/{BY_VERDICT}")
        self._allow_index(grantee, BY_QUEUE)

    def allow_replay(self, grantee: Grantee) -> None:
        """Allow `grantee` to read the items of a time, many at once."""
        self.allow_list(grantee)
        grantee.allow(("dynamodb:Scan",), f"{self.table.table_arn}/index/{BY_VERDICT}")
        self._allow(grantee, "dynamodb:BatchGetItem", "dynamodb:GetItem")

    def allow_find_decided(self, grantee: Grantee) -> None:
        """Allow `grantee` to list what people decided or have to."""
        self._allow_index(grantee, BY_QUEUE)

    def allow_measure(self, grantee: Grantee) -> None:
        """Allow `grantee` to list items by verdict, and to read records, those that people decided on among them."""
        self.allow_list(grantee)
        self._allow_index(grantee, BY_QUEUE)
        self._allow(grantee, "dynamodb:GetItem")

    def allow_find(self, grantee: Grantee) -> None:
        """Allow `grantee` to find the items of an object's versions."""
        self._allow(grantee, "dynamodb:Query")

    def allow_look_up(self, grantee: Grantee) -> None:
        """Allow `grantee` to find the items of a reference or an uploader."""
        self._allow_index(grantee, BY_REFERENCE)
        self._allow_index(grantee, BY_UPLOADER)

    def allow_review(self, grantee: Grantee) -> None:
        """Allow `grantee` to find and read what waits for a person, and to write what a person does before it counts.

        Leases and pending decisions can be written, verdicts can't.
        """
        self.allow_survey(grantee)
        self.allow_reuse(grantee)  # the other uploads of the same bytes
        self.allow_count(grantee)
        self.allow_ahead(grantee, "dynamodb:GetItem")
        only_work = {"ForAllValues:StringEquals": {"dynamodb:Attributes": ["pk", "sk", *REVIEWED]}}
        self._allow(grantee, "dynamodb:UpdateItem", when=only_work)

    def allow_vouch(self, grantee: Grantee) -> None:
        """Allow `grantee` to read records, and to write of them whose decision is pending, and nothing else."""
        only_vouched = {"ForAllValues:StringEquals": {"dynamodb:Attributes": ["pk", "sk", "vouched"]}}
        self._allow(grantee, "dynamodb:GetItem")
        self._allow(grantee, "dynamodb:UpdateItem", when=only_vouched)

    def allow_report(self, grantee: Grantee) -> None:
        """Allow `grantee` to read records, and to let appeals and notices wait on them; a verdict can't be written."""
        self._allow_index(grantee, BY_REFERENCE)
        self._allow(grantee, "dynamodb:GetItem")
        self.allow_file_reports(grantee)
        only_reports = {"ForAllValues:StringEquals": {"dynamodb:Attributes": ["pk", "sk", *REPORTED]}}
        self._allow(grantee, "dynamodb:UpdateItem", when=only_reports)

    def allow_file_reports(self, grantee: Grantee) -> None:
        """Allow `grantee` to count appeals and notices, and to open the lanes of the queue in which they wait."""
        self.allow_lanes(grantee, opening=True)
        self._allow(grantee, "dynamodb:UpdateItem", keys=_REPORTS)

    def allow_count(self, grantee: Grantee) -> None:
        """Allow `grantee` to count the items that people passed on and the pictures that they saw.

        It may read the numbers of pictures by the hour, which name nobody.
        """
        for counts in _COUNTS:
            self._allow(grantee, "dynamodb:UpdateItem", keys=counts)
        self._allow(grantee, "dynamodb:UpdateItem", "dynamodb:Query", keys=_EXPOSURE)

    def allow_reveal(self, grantee: Grantee) -> None:
        """Allow `grantee` to read items, and to count the pictures that people saw."""
        self._allow(grantee, "dynamodb:GetItem")
        self._allow(grantee, "dynamodb:UpdateItem", keys=_REVEALS)
        self._allow(grantee, "dynamodb:UpdateItem", keys=_EXPOSURE)

    def allow_decisions(self, grantee: Grantee, *actions: str) -> None:
        """Allow `grantee` to do `actions` with the sticky decisions, which aren't records."""
        self._allow(grantee, *actions, keys=self._decisions)

    def allow_outlive(self, grantee: Grantee) -> None:
        """Allow `grantee` to strip a sticky decision of its note and to let it expire."""
        only = {"ForAllValues:StringEquals": {"dynamodb:Attributes": ["pk", "sk", "expires_at", "reason"]}}
        self._allow(grantee, "dynamodb:UpdateItem", when=only, keys=self._decisions)

    def allow_erase(self, grantee: Grantee) -> None:
        """Allow `grantee` to delete items, and to change only the reference to them in others."""
        self.allow_find(grantee)
        self.allow_reuse(grantee)
        self._allow(grantee, "dynamodb:DeleteItem")
        only_reference = {"ForAllValues:StringEquals": {"dynamodb:Attributes": ["pk", "sk", "reused_from"]}}
        self._allow(grantee, "dynamodb:UpdateItem", when=only_reference)

    def allow_lanes(self, grantee: Grantee, *, opening: bool = False) -> None:
        """Allow `grantee` to see which lanes the review queue has, and with `opening` to open them."""
        self._allow(grantee, "dynamodb:Query", *(["dynamodb:PutItem"] if opening else []), keys=_LANES)

    def allow_ahead(self, grantee: Grantee, action: str) -> None:
        """Allow `grantee` one action with the lists of what waits for each person."""
        self._allow(grantee, action, keys=_AHEAD)

    @property
    def _decisions(self) -> str:
        """Partition keys of sticky decisions, as `moderation.domain.sticky_decision` makes them."""
        return f"{self._bucket.bucket_name}:decisions#*"

    def _allow(
        self,
        grantee: Grantee,
        *actions: str,
        when: Mapping[str, Mapping[str, Any]] | None = None,
        keys: str | None = None,
    ) -> None:
        """Grant on items of the bucket's objects only: "Using IAM policy conditions", DynamoDB Developer Guide.

        `keys` are the partition keys of other items.
        """
        leading = {"dynamodb:LeadingKeys": [keys or f"{self._bucket.bucket_name}#*"]}
        # ForAllValues is true if the key is missing, so it must be required as well.
        conditions: dict[str, dict[str, Any]] = {"Null": {"dynamodb:LeadingKeys": "false"}}
        for operator, values in ({"ForAllValues:StringLike": leading} | dict(when or {})).items():
            conditions[operator] = {**conditions.get(operator, {}), **values}
        grantee.allow(actions, self.table.table_arn, when=conditions)

    def _allow_index(self, grantee: Grantee, index: str) -> None:
        """Grant queries of an index, whose leading keys aren't objects."""
        grantee.allow(("dynamodb:Query",), f"{self.table.table_arn}/index/{index}")


def _text(name: str) -> dynamodb.Attribute:
    return dynamodb.Attribute(name=name, type=dynamodb.AttributeType.STRING)
