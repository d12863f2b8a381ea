"""Access to the Lambda function with which the CDK empties a stack's buckets before deleting them."""

from aws_cdk import CfnResource, Stack

# The CDK's id for the single provider of a stack.
_PROVIDER = "Custom::S3AutoDeleteObjectsCustomResourceProvider"


def provider_resource(stack: Stack, construct_id: str) -> CfnResource:
    """Return the provider's `Handler` or `Role`, in a stack with an auto-deleting bucket."""
    resource = stack.node.find_child(_PROVIDER).node.find_child(construct_id)
    assert isinstance(resource, CfnResource)  # noqa: S101 - the provider consists of such resources
    return resource
