"""The Lambda with which CDK empties a stack's buckets before it deletes them."""

from aws_cdk import CfnResource, Stack

# CDK's id for the one provider that a stack has.
_PROVIDER = "Custom::S3AutoDeleteObjectsCustomResourceProvider"


def part_of_provider(stack: Stack, construct_id: str) -> CfnResource:
    """The provider's `Handler` or `Role`, in a stack with a bucket that empties itself."""
    resource = stack.node.find_child(_PROVIDER).node.find_child(construct_id)
    assert isinstance(resource, CfnResource)  # noqa: S101 - what the provider is made of
    return resource
