"""Who is given rights: a function of the pipeline, or a role that persons assume."""

from collections.abc import Mapping, Sequence
from typing import Any

from aws_cdk import Aws
from aws_cdk import aws_iam as iam
from constructs import Construct

# Keys of S3's objects serve S3 alone: "AWS KMS condition keys", AWS KMS Developer Guide.
THROUGH_S3 = {"StringEquals": {"kms:ViaService": f"s3.{Aws.REGION}.amazonaws.com"}}


class Grantee(Construct):
    """Has a role, and takes exact grants."""

    role: iam.Role

    def allow(self, actions: Sequence[str], *resources: str, when: Mapping[str, Any] | None = None) -> None:
        """Grant `actions` on `resources`, exactly; `when` holds conditions of IAM."""
        self.role.add_to_policy(
            iam.PolicyStatement(actions=list(actions), resources=list(resources), conditions=when or {})
        )


def service(name: str) -> iam.ServicePrincipal:
    """A service of AWS that assumes a role on behalf of this account and of no other.

    Not every service documents that it sends `aws:SourceAccount` when it assumes a role: where it doesn't, it may.
    """
    here = {"StringEqualsIfExists": {"aws:SourceAccount": Aws.ACCOUNT_ID}}
    return iam.ServicePrincipal(f"{name}.amazonaws.com", conditions=here)
