"""Dead-letter queue for undeliverable events."""

from aws_cdk import Duration
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from stacks.acknowledge import acknowledge


class DeadLetterQueue(sqs.Queue):
    """Encrypted, TLS-only queue with the longest retention of SQS, 14 days."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(
            scope,
            construct_id,
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=Duration.days(14),
        )
        acknowledge(self, "SQS3", "This queue is itself the dead-letter queue of a rule's target or a function")
