"""Acknowledge findings of cdk-nag, with the reason next to the resource."""

import re
from typing import Any

from aws_cdk import Acknowledgment, Stack, Validations
from constructs import IConstruct


def acknowledge(scope: IConstruct, rule: str, reason: str) -> None:
    """Acknowledge one finding of the AwsSolutions pack on `scope`; `rule` is its id, finding included."""
    Validations.of(scope).acknowledge(Acknowledgment(id=f"AwsSolutions::AwsSolutions-{rule}", reason=reason))


def acknowledge_wildcard(scope: IConstruct, resource: str, reason: str) -> None:
    """Acknowledge a policy of `scope` on `resource`, an ARN that contains a wildcard."""
    acknowledge(scope, f"IAM5[Resource::{_flatten(Stack.of(scope).resolve(resource))}]", reason)


def _flatten(value: Any) -> str:
    """Format a CloudFormation value as cdk-nag does, with references and policy variables in angle brackets."""
    match value:
        case {"Ref": name}:
            return f"<{name}>"
        case {"Fn::GetAtt": [name, attribute]}:
            return f"<{name}.{attribute}>"
        case {"Fn::Join": [separator, parts]}:
            return str(separator).join(_flatten(part) for part in parts)
        case _:
            return re.sub(r"\$\{([^}]*)\}", r"<\1>", str(value))
