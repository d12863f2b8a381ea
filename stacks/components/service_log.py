"""Log group that belongs to the stack, so that it is deleted with it or retained on purpose."""

from aws_cdk import RemovalPolicy
from aws_cdk import aws_logs as logs
from constructs import Construct


class ServiceLog(logs.LogGroup):
    """Log group with a month of retention, retained if `protected` unless it has a fixed `name`, which is reused."""

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
