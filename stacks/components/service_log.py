"""A log group that the stack owns, so that nothing is left after `cdk destroy`."""

from aws_cdk import RemovalPolicy
from aws_cdk import aws_logs as logs
from constructs import Construct


class ServiceLog(logs.LogGroup):
    """Kept for a month; outlives the stack only if `protected`."""

    def __init__(self, scope: Construct, construct_id: str, *, protected: bool, name: str | None = None) -> None:
        super().__init__(
            scope,
            construct_id,
            log_group_name=name,
            retention=logs.RetentionDays.ONE_MONTH,
            removal_policy=RemovalPolicy.RETAIN if protected else RemovalPolicy.DESTROY,
        )
