"""The table of verdicts: one item an object version."""

from typing import Any

from aws_cdk import RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct

from stacks.components.grantee import Grantee
from stacks.components.person_role import PersonRole

BY_VERDICT = "by-verdict"
BY_SHA256 = "by-sha256"

# Indexes leave the evidence out: it is most of an item, and a list of verdicts doesn't show it.
_LISTED = ["status", "owner", "verdict", "category", "reason", "decided_by", "decided_at"]
_LISTED += ["reference", "policy", "notified"]
_REUSED = ["made_by", "decided_by"]


class VerdictStore(Construct):
    """pk `<bucket>#<key>`, sk the version id; indexed by verdict, day and shard, and by the image's SHA-256."""

    def __init__(self, scope: Construct, construct_id: str, *, protected: bool) -> None:
        super().__init__(scope, construct_id)
        # `Table`, not `TableV2`: one region needs no global table, and the laptop's emulator knows none.
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
        for name, partition_key, attributes in (
            (BY_VERDICT, "verdict_shard", _LISTED),
            (BY_SHA256, "sha256", _REUSED),
        ):
            self.table.add_global_secondary_index(
                index_name=name,
                partition_key=_text(partition_key),
                sort_key=_text("created_at"),
                projection_type=dynamodb.ProjectionType.INCLUDE,
                non_key_attributes=attributes,
            )

    def allow_write(self, grantee: Grantee) -> None:
        """Let `grantee` update items, and read one back to tell its own write from another's."""
        grantee.allow(("dynamodb:GetItem", "dynamodb:UpdateItem"), self.table.table_arn)

    def allow_reuse(self, grantee: Grantee) -> None:
        """Let `grantee` find the record of the same bytes and read it."""
        grantee.allow(("dynamodb:Query",), f"{self.table.table_arn}/index/{BY_SHA256}")
        grantee.allow(("dynamodb:GetItem",), self.table.table_arn)

    def allow_list(self, grantee: Grantee) -> None:
        """Let `grantee` list items by verdict."""
        grantee.allow(("dynamodb:Query",), f"{self.table.table_arn}/index/{BY_VERDICT}")

    def allow_find(self, grantee: Grantee) -> None:
        """Let `grantee` find the items of an object's versions."""
        grantee.allow(("dynamodb:Query",), self.table.table_arn)

    def allow_erase(self, person: PersonRole, bucket_name: str) -> None:
        """Let `person` delete the items of a bucket's objects, with the references to them, and leave audit entries.

        Audit entries can't be deleted, and of an item that stays nothing but its reference can be changed.
        """
        table = self.table.table_arn
        self.allow_find(person)
        self.allow_reuse(person)
        person.allow_if(_leading_keys(f"{bucket_name}#*"), ("dynamodb:DeleteItem",), table)
        person.allow_if(_leading_keys("erasure#*"), ("dynamodb:PutItem",), table)
        only_reference = {"ForAllValues:StringEquals": {"dynamodb:Attributes": ["pk", "sk", "reused_from"]}}
        person.allow_if(only_reference, ("dynamodb:UpdateItem",), table)


def _leading_keys(pattern: str) -> dict[str, Any]:
    return {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": [pattern]}}


def _text(name: str) -> dynamodb.Attribute:
    return dynamodb.Attribute(name=name, type=dynamodb.AttributeType.STRING)
