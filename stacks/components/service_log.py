"""A log group that the stack owns, so that it goes with the stack or is kept on purpose."""

from aws_cdk import RemovalPolicy
from aws_cdk import aws_logs as logs
from constructs import Construct


class ServiceLog(logs.LogGroup):
    """Keeps lines for a month. Outlives the stack if `protected`; never under a `name`, which the next stack needs."""

    def __init__(
        self, scope: Construct, construct_id: str, *, protected: bool = False, name: str | None = None
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            log_group_name=name,
            retention=logs.RetentionDays.ONE_MONTH,
            removal_policy=RemovalPolicy.RETAIN if protected and not name else RemovalPolicy.DESTROY,
        )
