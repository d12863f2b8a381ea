"""The error of a task whose connection to a service breaks."""

from typing import Any

import pytest

from tests.local.moto_patches.cloud import Cloud

LAMBDA = ("arn:aws:states:::lambda:invoke", {"FunctionName": "any"}, "Lambda.SdkClientException")
MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:any"
STATES = (
    "arn:aws:states:::states:startExecution.sync:2",
    {"StateMachineArn": MACHINE},
    "StepFunctions.SdkClientException",
)


@pytest.mark.parametrize(("resource", "parameters", "error"), [LAMBDA, STATES], ids=["lambda", "states"])
def test_a_broken_connection_to_a_service_has_the_name_that_aws_gives_it(
    cut_off_cloud: Cloud, resource: str, parameters: dict[str, Any], error: str
) -> None:
    task = {"Type": "Task", "Resource": resource, "Parameters": parameters}

    description = cut_off_cloud.run(cut_off_cloud.machine(task))

    assert (description["status"], description["error"]) == ("FAILED", error)
