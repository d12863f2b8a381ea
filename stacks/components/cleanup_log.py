"""Log group and permissions of the Lambda function with which the CDK empties buckets."""

from aws_cdk import Aws, Stack
from constructs import Construct

from stacks.components.auto_delete import provider_resource
from stacks.components.service_log import ServiceLog


class CleanupLog(Construct):
    """Log group of the stack's auto-delete provider, owned by the stack so that it is deleted with it.

    Create it after the buckets, in a stack with at least one auto-deleting bucket.
    """

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        log = ServiceLog(self, "Log")
        handler, role = (provider_resource(Stack.of(self), part) for part in ("Handler", "Role"))
        handler.add_property_override("LoggingConfig", {"LogGroup": log.log_group_name})
        # With its managed policy, the last log lines of a destroy would recreate the group after the stack deleted it.
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
