"""Grantees of permissions: functions of the pipeline, and roles that operators assume."""

from collections.abc import Mapping, Sequence
from typing import Any

from aws_cdk import Aws
from aws_cdk import aws_iam as iam
from constructs import Construct

# Object keys may be used through S3 only: "AWS KMS condition keys", AWS KMS Developer Guide.
THROUGH_S3 = {"StringEquals": {"kms:ViaService": f"s3.{Aws.REGION}.amazonaws.com"}}


class Grantee(Construct):
    """Construct with a role that takes exact grants."""

    role: iam.Role

    def allow(self, actions: Sequence[str], *resources: str, when: Mapping[str, Any] | None = None) -> None:
        """Grant exactly `actions` on `resources`; `when` holds IAM conditions."""
        self.role.add_to_policy(
            iam.PolicyStatement(actions=list(actions), resources=list(resources), conditions=when or {})
        )


def service(name: str) -> iam.ServicePrincipal:
    """Return an AWS service principal that may assume a role on behalf of this account only.

    Not every service documents that it sends `aws:SourceAccount` when it assumes a role, so a missing key is accepted.
    """
    here = {"StringEqualsIfExists": {"aws:SourceAccount": Aws.ACCOUNT_ID}}
    return iam.ServicePrincipal(f"{name}.amazonaws.com", conditions=here)
