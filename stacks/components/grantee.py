"""Who is given rights: a function of the pipeline, or a role that persons assume."""

from collections.abc import Sequence
from typing import Protocol

from aws_cdk import aws_iam as iam


class Grantee(Protocol):
    """Has a role, and takes exact grants."""

    role: iam.Role

    def allow(self, actions: Sequence[str], *resources: str) -> None:
        """Grant `actions` on `resources`, exactly."""
        ...
