"""Calls of a state have the names that the service gives them, and results those that states read."""

import json

from tests.local.moto_patches.cloud import Cloud


def test_a_state_can_start_an_express_execution_and_wait_for_it(cloud: Cloud) -> None:
    inner = cloud.machine({"Type": "Pass", "Result": {"some": {"key": 1}}}, kind="EXPRESS")
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:sfn:startSyncExecution",
        "Parameters": {"StateMachineArn": inner, "Name": "n", "Input": "{}"},
        "ResultSelector": {"status.$": "$.Status", "output.$": "States.StringToJson($.Output)"},
    }

    ended = cloud.run(cloud.machine(task))

    assert json.loads(ended.get("output", "null")) == {"status": "SUCCEEDED", "output": {"some": {"key": 1}}}


def test_times_in_a_result_are_text_and_keys_of_the_user_stay(cloud: Cloud) -> None:
    bucket = cloud.bucket()
    cloud.client("s3").put_object(Bucket=bucket, Key="k", Body=b"four", Metadata={"my-key": "v"})
    parameters = {"Bucket": bucket, "Key": "k"}
    task = {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:s3:headObject", "Parameters": parameters}

    output = json.loads(cloud.run(cloud.machine(task))["output"])

    assert output["ContentLength"] == 4
    assert output["LastModified"].endswith("Z")
    assert output["Metadata"] == {"my-key": "v"}
