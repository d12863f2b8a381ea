"""The error of a task whose connection to Lambda breaks."""

from tests.local.moto_patches.cloud import Cloud


def test_a_broken_connection_to_lambda_has_the_name_that_aws_gives_it(cut_off_cloud: Cloud) -> None:
    task = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": {"FunctionName": "any"}}

    description = cut_off_cloud.run(cut_off_cloud.machine(task))

    assert (description["status"], description["error"]) == ("FAILED", "Lambda.SdkClientException")
