"""The end of executions: an event, and at once when they are stopped."""

from tests.local.moto_patches.cloud import Cloud, unique


def test_the_end_of_an_execution_is_an_event(cloud: Cloud) -> None:
    url, queue = cloud.queue()
    machine = cloud.machine({"Type": "Fail", "Error": "E", "Cause": "for a test"})
    cloud.rule({"source": ["aws.states"], "detail": {"stateMachineArn": [machine]}}, {"Arn": queue})

    cloud.run(machine)

    assert cloud.receive(url)["detail"]["status"] == "FAILED"


def test_stopping_an_execution_does_not_wait_for_its_task(cloud: Cloud) -> None:
    url, _ = cloud.queue()
    task = {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken"}
    message = {"token.$": "$$.Task.Token"}
    machine = cloud.machine(task | {"Parameters": {"QueueUrl": url, "MessageBody": message}, "TimeoutSeconds": 60})
    stepfunctions = cloud.client("stepfunctions")
    execution = stepfunctions.start_execution(stateMachineArn=machine, name=unique())["executionArn"]
    assert cloud.receive(url)["token"]

    stepfunctions.stop_execution(executionArn=execution)

    assert stepfunctions.describe_execution(executionArn=execution)["status"] == "ABORTED"
