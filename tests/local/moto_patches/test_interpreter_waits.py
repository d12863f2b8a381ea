"""Waits of a state machine on the laptop cloud, where they pass a hundred times faster than they say."""

from tests.local.moto_patches.cloud import Cloud, unique


def test_waits_and_back_off_are_scaled_and_time_outs_are_not(cloud: Cloud) -> None:
    retry = {"ErrorEquals": ["States.ALL"], "IntervalSeconds": 20, "MaxAttempts": 1}
    fails = {
        "Type": "Task",
        "Resource": "arn:aws:states:::dynamodb:getItem",
        "Parameters": {"TableName": unique(), "Key": {"pk": {"S": "a"}}},
        "Retry": [retry],
        "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Pause"}],
    }
    pause = {"Type": "Wait", "Seconds": 20, "End": True}
    machine = cloud.machine(fails, States={"Only": fails | {"End": True}, "Pause": pause}, TimeoutSeconds=2)

    assert cloud.run(machine)["status"] == "SUCCEEDED"
