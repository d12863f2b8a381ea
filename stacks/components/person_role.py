"""A role that persons assume: what their task needs and nothing else."""

from collections.abc import Mapping, Sequence
from typing import Any

from aws_cdk import Aws, Stack
from aws_cdk import aws_iam as iam
from constructs import Construct

from stacks.acknowledge import acknowledge_wildcard


class PersonRole(Construct):
    """Assumed by those principals of the account whose own policies let them: `sts:AssumeRole` on its ARN."""

    def __init__(self, scope: Construct, construct_id: str, *, description: str) -> None:
        super().__init__(scope, construct_id)
        self.role = iam.Role(self, "Role", assumed_by=iam.AccountRootPrincipal(), description=description)
        # `moderate` finds the deployment by its stack's outputs; a stack's ARN ends in an id.
        stack = Stack.of(self).format_arn(
            service="cloudformation", resource="stack", resource_name=f"{Aws.STACK_NAME}/*"
        )
        self.allow(("cloudformation:DescribeStacks",), stack)
        acknowledge_wildcard(self.role, stack, "The id of this one stack, which isn't known before it is made")

    def allow(self, actions: Sequence[str], *resources: str) -> None:
        """Grant `actions` on `resources`, exactly."""
        self.allow_if({}, actions, *resources)

    def allow_if(self, conditions: Mapping[str, Any], actions: Sequence[str], *resources: str) -> None:
        """Grant `actions` on `resources` under conditions of IAM."""
        self.role.add_to_policy(
            iam.PolicyStatement(actions=list(actions), resources=list(resources), conditions=conditions)
        )
