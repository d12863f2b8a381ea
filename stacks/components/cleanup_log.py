"""The log and the rights of the Lambda with which CDK empties buckets before it deletes them."""

from aws_cdk import Aws, Stack
from constructs import Construct

from stacks.components.auto_delete import part_of_provider
from stacks.components.service_log import ServiceLog


class CleanupLog(Construct):
    """Owns the log group of the stack's auto-delete provider, so that destroying the stack leaves none behind.

    Made after the buckets, in a stack that has at least one that empties itself.
    """

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        log = ServiceLog(self, "Log")
        handler, role = (part_of_provider(Stack.of(self), part) for part in ("Handler", "Role"))
        handler.add_property_override("LoggingConfig", {"LogGroup": log.log_group_name})
        # Its managed policy would let the last lines of a destroy make the group anew, after the stack deleted it.
        write = {
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
            "Resource": log.log_group_arn,
        }
        document = {"Version": "2012-10-17", "Statement": [write]}
        role.add_property_deletion_override("ManagedPolicyArns")
        role.add_property_override("Policies", [{"PolicyName": "WriteLog", "PolicyDocument": document}])
        here = {"StringEqualsIfExists": {"aws:SourceAccount": Aws.ACCOUNT_ID}}
        role.add_property_override("AssumeRolePolicyDocument.Statement.0.Condition", here)
