"""The log of the Lambda with which CDK empties buckets before it deletes them."""

from aws_cdk import CfnResource, Stack
from constructs import Construct

from stacks.components.service_log import ServiceLog

# CDK's id for the one provider a stack has; it has no log group of its own.
_PROVIDER = "Custom::S3AutoDeleteObjectsCustomResourceProvider"


class CleanupLog(Construct):
    """Owns the log group of the stack's auto-delete provider, so that destroying the stack leaves none behind.

    Made after the buckets, in a stack that has at least one that empties itself.
    """

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        log = ServiceLog(self, "Log", protected=False)
        handler = Stack.of(self).node.find_child(_PROVIDER).node.find_child("Handler")
        assert isinstance(handler, CfnResource)  # noqa: S101 - what the provider is made of
        handler.add_property_override("LoggingConfig", {"LogGroup": log.log_group_name})
