"""Express executions: several of one name, none of which can be described."""

from tests.local.moto_patches.cloud import Cloud, refusal


def test_a_name_can_be_started_again(cloud: Cloud) -> None:
    machine, stepfunctions = cloud.machine({"Type": "Pass"}, kind="EXPRESS"), cloud.client("stepfunctions")

    arns = {stepfunctions.start_execution(stateMachineArn=machine, name="same")["executionArn"] for _ in range(2)}

    assert len(arns) == 2


def test_an_express_execution_cannot_be_described(cloud: Cloud) -> None:
    machine, stepfunctions = cloud.machine({"Type": "Pass"}, kind="EXPRESS"), cloud.client("stepfunctions")
    execution = stepfunctions.start_execution(stateMachineArn=machine, name="any")["executionArn"]

    assert execution.rpartition(":")[0] == machine.replace(":stateMachine:", ":express:") + ":any"
    assert refusal(stepfunctions.describe_execution, executionArn=execution) == "InvalidArn"


def test_an_express_execution_can_be_started_and_waited_for(cloud: Cloud) -> None:
    machine = cloud.machine({"Type": "Fail", "Error": "E", "Cause": "for a test"}, kind="EXPRESS")
    start = {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:sfn:startSyncExecution"}
    parameters = {"StateMachineArn": machine, "Name": "n", "Input": "{}"}

    task = {**start, "Parameters": parameters, "ResultSelector": {"error.$": "$.Error"}}
    ended = cloud.run(cloud.machine(task))

    assert (ended["status"], ended.get("output")) == ("SUCCEEDED", '{"error": "E"}')
