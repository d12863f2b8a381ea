"""The log of the Lambda with which CDK empties buckets before it deletes them."""

from aws_cdk import CfnResource, Stack
from constructs import Construct, IConstruct

from stacks.components.service_log import ServiceLog

# CDK's id for the one provider a stack has; it has no log group of its own.
_PROVIDER = "Custom::S3AutoDeleteObjectsCustomResourceProvider"


class CleanupLog(Construct):
    """Owns the log group of the stack's auto-delete provider, so that destroying the stack leaves none behind.

    Made after the buckets, in a stack that has at least one that empties itself.
    """

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        log = ServiceLog(self, "Log")
        provider = Stack.of(self).node.find_child(_PROVIDER)
        _resource(provider, "Handler").add_property_override("LoggingConfig", {"LogGroup": log.log_group_name})
        # Its managed policy would let the last lines of a destroy make the group anew, after the stack deleted it.
        write = {
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
            "Resource": log.log_group_arn,
        }
        document = {"Version": "2012-10-17", "Statement": [write]}
        role = _resource(provider, "Role")
        role.add_property_deletion_override("ManagedPolicyArns")
        role.add_property_override("Policies", [{"PolicyName": "WriteLog", "PolicyDocument": document}])


def _resource(provider: IConstruct, construct_id: str) -> CfnResource:
    resource = provider.node.find_child(construct_id)
    assert isinstance(resource, CfnResource)  # noqa: S101 - what the provider is made of
    return resource
