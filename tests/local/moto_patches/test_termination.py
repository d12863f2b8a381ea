"""Stacks that are protected from deletion."""

from typing import Any

from tests.local.moto_patches.cloud import Cloud, refusal

TOPIC: dict[str, Any] = {"Topic": ("AWS::SNS::Topic", {})}


def test_protection_can_be_changed(cloud: Cloud) -> None:
    stack, cloudformation = cloud.stack(TOPIC), cloud.client("cloudformation")

    for on in (True, False):
        cloudformation.update_termination_protection(StackName=stack.name, EnableTerminationProtection=on)
        found = cloudformation.describe_stacks(StackName=stack.name)["Stacks"][0]
        assert found["EnableTerminationProtection"] is on


def test_a_protected_stack_is_not_deleted(cloud: Cloud) -> None:
    stack = cloud.stack(TOPIC, protected=True)

    assert refusal(stack.delete) == "ValidationError"
    assert cloud.client("cloudformation").describe_stacks(StackName=stack.name)["Stacks"]
