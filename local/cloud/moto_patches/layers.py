"""Lambda layers: moto's CloudFormation leaves them behind when their stack is deleted.

No upstream issue found as of November 2026.
"""

from typing import Any

from moto.awslambda.models import LayerVersion, lambda_backends


def install() -> None:
    """Delete a layer's version with its stack, and the layer with its last version."""
    LayerVersion.delete = _delete


def _delete(version: Any, account_id: str, region_name: str) -> None:
    lambda_backends[account_id][region_name].delete_layer_version(version.name, str(version.version))
