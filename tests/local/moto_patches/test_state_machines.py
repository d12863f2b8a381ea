"""State machines of a template, whole, and the executions that they start."""

import json
from typing import Any

from tests.local.moto_patches.cloud import Cloud, get, one_state, ref

WITH_PLACEHOLDER = one_state({"Type": "Pass", "Result": {"word": "${Word}"}})
WHOLE = one_state({"Type": "Pass", "Result": {"word": "word"}})


def machine(cloud: Cloud, **properties: Any) -> dict[str, Any]:
    return {"Machine": ("AWS::StepFunctions::StateMachine", {"RoleArn": cloud.role(), **properties})}


def described(cloud: Cloud, **properties: Any) -> dict[str, Any]:
    """A state machine made by CloudFormation, as Step Functions describes it."""
    arn = cloud.stack(machine(cloud, **properties), {"Arn": ref("Machine")}).outputs()["Arn"]
    found: dict[str, Any] = cloud.client("stepfunctions").describe_state_machine(stateMachineArn=arn)
    return found


def test_a_machine_of_a_template_runs(cloud: Cloud) -> None:
    arn = described(cloud, DefinitionString=json.dumps(WHOLE))["stateMachineArn"]

    assert json.loads(cloud.run(arn)["output"]) == {"word": "word"}


def test_a_definition_is_substituted(cloud: Cloud) -> None:
    text = json.dumps(WITH_PLACEHOLDER)

    found = described(cloud, DefinitionString=text, DefinitionSubstitutions={"Word": "word"})

    assert json.loads(found["definition"]) == WHOLE


def test_a_definition_is_read_from_s3(cloud: Cloud) -> None:
    place = {"Bucket": cloud.bucket(), "Key": "definition.json"}
    cloud.client("s3").put_object(**place, Body=json.dumps(WHOLE).encode())

    assert json.loads(described(cloud, DefinitionS3Location=place)["definition"]) == WHOLE


def test_a_definition_may_be_an_object(cloud: Cloud) -> None:
    assert json.loads(described(cloud, Definition=WHOLE)["definition"]) == WHOLE


def test_an_update_changes_the_definition(cloud: Cloud) -> None:
    stack = cloud.stack(machine(cloud, Definition=one_state({"Type": "Succeed"})), {"Arn": ref("Machine")})

    stack.update(machine(cloud, Definition=WHOLE), {"Arn": ref("Machine")})

    arn = stack.outputs()["Arn"]
    found = cloud.client("stepfunctions").describe_state_machine(stateMachineArn=arn)
    assert json.loads(found["definition"]) == WHOLE


def test_a_machine_has_the_type_of_its_template(cloud: Cloud) -> None:
    found = described(cloud, DefinitionString=json.dumps(WHOLE), StateMachineType="EXPRESS")

    assert found["type"] == "EXPRESS"


def test_a_template_gets_a_machine_s_arn(cloud: Cloud) -> None:
    stack = cloud.stack(machine(cloud, DefinitionString=json.dumps(WHOLE)), {"Arn": get("Machine")})

    assert stack.outputs()["Arn"] == stack.resource("Machine")


def test_executions_without_a_name_get_one_each(cloud: Cloud) -> None:
    arn, stepfunctions = cloud.machine({"Type": "Pass"}), cloud.client("stepfunctions")

    started = [stepfunctions.start_execution(stateMachineArn=arn, input=text) for text in ("1", "2")]

    assert len({execution["executionArn"] for execution in started}) == 2


def test_the_start_time_of_an_execution_is_text(cloud: Cloud) -> None:
    arn = cloud.machine({"Type": "Pass", "Parameters": {"at.$": "States.Format('{}', $$.Execution.StartTime)"}})

    started = json.loads(cloud.run(arn).get("output", "{}")).get("at", "")
    assert (started[10:11], started[-1:]) == ("T", "Z")
