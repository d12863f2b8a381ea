"""A role that persons assume: what their task needs and nothing else."""

from aws_cdk import Aws, Stack
from aws_cdk import aws_iam as iam
from constructs import Construct

from stacks.acknowledge import acknowledge_wildcard
from stacks.components.grantee import Grantee


class PersonRole(Grantee):
    """Assumed by those principals of the account whose own policies let them: `sts:AssumeRole` on its ARN.

    A session bears the name of who assumed it, a user's or that of the session before, so that nobody can act under
    another's: `aws:userid` of a session is the role's id, a colon and the session's name ("IAM policy elements:
    Variables and tags", principal key values). Where a value is missing, its statement doesn't match.
    """

    def __init__(self, scope: Construct, construct_id: str, *, description: str) -> None:
        super().__init__(scope, construct_id)
        account = iam.AccountRootPrincipal()
        user = {"StringEquals": {"sts:RoleSessionName": "${aws:username}"}}
        self.role = iam.Role(self, "Role", assumed_by=account.with_conditions(user), description=description)
        session = iam.PolicyStatement(
            principals=[account],
            # whoever has a source identity takes it along, and needs the second right for that
            actions=["sts:AssumeRole", "sts:SetSourceIdentity"],
            conditions={"StringLike": {"aws:userid": "*:${sts:RoleSessionName}"}},
        )
        assert self.role.assume_role_policy  # noqa: S101 - every role of this app has one
        self.role.assume_role_policy.add_statements(session)
        # `moderate` finds the deployment by its stack's outputs; a stack's ARN ends in an id.
        stack = Stack.of(self).format_arn(
            service="cloudformation", resource="stack", resource_name=f"{Aws.STACK_NAME}/*"
        )
        self.allow(("cloudformation:DescribeStacks",), stack)
        acknowledge_wildcard(self.role, stack, "The id of this one stack, which isn't known before it is made")
