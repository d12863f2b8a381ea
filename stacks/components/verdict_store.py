"""The table of verdicts: one item an object version."""

from aws_cdk import RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct

from stacks.components.pipeline_function import PipelineFunction

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

    def allow_write(self, function: PipelineFunction) -> None:
        """Let `function` update items, and read one back to tell its own write from another's."""
        function.allow(("dynamodb:GetItem", "dynamodb:UpdateItem"), self.table.table_arn)

    def allow_reuse(self, function: PipelineFunction) -> None:
        """Let `function` find the record of the same bytes and read it."""
        function.allow(("dynamodb:Query",), f"{self.table.table_arn}/index/{BY_SHA256}")
        function.allow(("dynamodb:GetItem",), self.table.table_arn)

    def allow_list(self, function: PipelineFunction) -> None:
        """Let `function` list items by verdict."""
        function.allow(("dynamodb:Query",), f"{self.table.table_arn}/index/{BY_VERDICT}")


def _text(name: str) -> dynamodb.Attribute:
    return dynamodb.Attribute(name=name, type=dynamodb.AttributeType.STRING)
