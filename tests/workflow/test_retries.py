"""Every error that the state machine names, in every state: retried or recorded, as its class promises.

The machine is the real one; its functions fail as they are told.
"""

import io
import json
import time
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from moderation import errors
from statemachine.definition import load, render

STUB = Path(__file__).with_name("stub_handler.py")
FUNCTIONS = {
    "PrepareImage": "PrepareImageFunction",
    "QueryImage": "QueryImageFunction",
    "ReadImage": "ReadImageFunction",
    "JudgeImage": "JudgeImageFunction",
    "RecordVerdict": "RecordVerdictFunction",
    "Notify": "NotifyFunction",
}
PERMANENT = [error.__name__ for error in errors.PermanentError.__subclasses__()]


def retried() -> list[tuple[str, str, int]]:
    """(state, error name, how often it is retried, up to twice) for each that a function can raise."""
    machine = json.loads(load())["States"]
    states = machine | machine["ForEachQuery"]["ItemProcessor"]["States"]
    return [
        (state, name, min(2, rule["MaxAttempts"]))
        for state in FUNCTIONS
        if state in states  # ReadImage is invoked by the state QueryImage
        for rule in states[state]["Retry"]
        for name in rule["ErrorEquals"]
        if name != "States.Timeout"
    ]


@pytest.fixture(scope="module")
def machine(deployed, tmp_path_factory) -> str:
    """The workflow over stub functions; its ARN."""
    functions = deployed.client("lambda")
    role = make_role(deployed)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.write(STUB, "stub_handler.py")
    counters = tmp_path_factory.mktemp("counters")
    arns = {
        placeholder: functions.create_function(
            FunctionName=f"Stub{name}",
            Runtime="python3.13",
            Handler="stub_handler.handler",
            Role=role,
            Code={"ZipFile": archive.getvalue()},
            Environment={"Variables": {"ME": name, "COUNTERS": str(counters)}},
            Timeout=30,
        )["FunctionArn"]
        for name, placeholder in FUNCTIONS.items()
    }
    text = render(load(), arns | {"VerdictTable": deployed.outputs["VerdictTableName"], "Shards": "4"})
    stepfunctions = deployed.client("stepfunctions")
    return stepfunctions.create_state_machine(name="OverStubs", definition=text, roleArn=role)["stateMachineArn"]


def policy(statement: Mapping[str, object]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def make_role(deployed) -> str:
    """A role for the stubs and their workflow; its ARN."""
    services = ["lambda.amazonaws.com", "states.amazonaws.com"]
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": services}}
    rights = {"Effect": "Allow", "Action": ["lambda:InvokeFunction", "dynamodb:UpdateItem"], "Resource": "*"}
    iam = deployed.client("iam")
    made = iam.create_role(RoleName="Stubs", AssumeRolePolicyDocument=policy(trust))
    iam.put_role_policy(RoleName="Stubs", PolicyName="Rights", PolicyDocument=policy(rights))
    return str(made["Role"]["Arn"])


def run(deployed, machine: str, plans: list[str]) -> dict[str, tuple[str, list[str]]]:
    """Start an execution for each plan at once; status and states entered of each, when all have ended."""
    stepfunctions = deployed.client("stepfunctions")
    started = {
        plan: stepfunctions.start_execution(
            stateMachineArn=machine,
            input=json.dumps({"bucket": "b", "key": plan, "version": "v", "size": 1, "event_id": "e", "time": "t"}),
        )["executionArn"]
        for plan in plans
    }
    until = time.monotonic() + 900
    ended: dict[str, tuple[str, list[str]]] = {}
    while len(ended) < len(started):
        assert time.monotonic() < until, sorted(set(started) - set(ended))
        for plan, arn in started.items():
            status = stepfunctions.describe_execution(executionArn=arn)["status"]
            if plan not in ended and status != "RUNNING":
                ended[plan] = (status, deployed.states_entered(arn))
        time.sleep(0.1)
    return ended


def test_every_named_error_is_retried_in_every_state_until_it_passes(deployed, machine):
    ended = run(deployed, machine, [f"{state}|{error}|{times}" for state, error, times in retried()])

    assert len(ended) > 130
    happy = ["Claim", "PrepareImage", "ForEachQuery", "QueryImage", "JudgeImage", "RecordVerdict", "IsNotifiable"]
    for plan, (status, states) in ended.items():
        assert (status, states) == ("SUCCEEDED", [*happy, "Notify", "Done"]), plan


@pytest.mark.parametrize("state", ["PrepareImage", "QueryImage", "JudgeImage"])
def test_a_permanent_error_is_recorded_at_once_with_its_reason(deployed, machine, state):
    ended = run(deployed, machine, [f"{state}|{error}|1/{state}" for error in PERMANENT])

    for plan, (status, states) in ended.items():
        before = states[: states.index("RecordVerdict")]
        assert status == "SUCCEEDED", plan
        assert before[-1] == state, plan
        assert "RecordFailure" not in states, plan


@pytest.mark.parametrize("state", ["QueryImage", "JudgeImage"])
def test_an_endpoint_that_never_comes_is_recorded_under_its_name(deployed, machine, state):
    """With two attempts instead of 90: their number is looked at elsewhere."""
    stepfunctions = deployed.client("stepfunctions")
    given = stepfunctions.describe_state_machine(stateMachineArn=machine)
    text = given["definition"].replace('"MaxAttempts": 90', '"MaxAttempts": 2')
    impatient = stepfunctions.create_state_machine(name=f"Impatient{state}", definition=text, roleArn=given["roleArn"])

    plan = f"{state}|EndpointNotFound|1000/never"
    [(status, states)] = run(deployed, impatient["stateMachineArn"], [plan]).values()

    assert (status, states.count(state)) == ("SUCCEEDED", 1), "entered once, retried within"
    assert states[states.index("RecordVerdict") - 1] == state
    assert "RecordFailure" not in states


@pytest.mark.parametrize("error", ["Sandbox.Timedout", "Runtime.ExitError", "Lambda.Unknown"])
def test_a_reader_that_is_stopped_is_missing_evidence_and_a_query_that_is_a_failure(deployed, machine, error):
    """With one retry of each, as of a time-out, instead of eight."""
    stepfunctions = deployed.client("stepfunctions")
    given = stepfunctions.describe_state_machine(stateMachineArn=machine)
    text = given["definition"].replace('"MaxAttempts": 8', '"MaxAttempts": 1')
    hasty = stepfunctions.create_state_machine(
        name=f"Hasty{error.replace('.', '')}", definition=text, roleArn=given["roleArn"]
    )
    read, asked = (f"{step}|{error}|1000/stopped" for step in ("ReadImage", "QueryImage"))

    ended = run(deployed, hasty["stateMachineArn"], [read, asked])

    status, states = ended[read]
    assert (status, states[-2:]) == ("SUCCEEDED", ["Notify", "Done"])
    assert states[states.index("QueryImage") :][:4] == ["QueryImage", "IsReading", "NoteUnread", "JudgeImage"]
    status, states = ended[asked]
    assert states[states.index("QueryImage") :][:3] == ["QueryImage", "IsReading", "StopQuery"]
    assert "RecordFailure" in states
    key = {"pk": {"S": f"b#{asked}"}, "sk": {"S": "v"}}
    item = deployed.client("dynamodb").get_item(TableName=deployed.outputs["VerdictTableName"], Key=key)["Item"]
    assert error in item["reason"]["S"], "the error keeps its name"


@pytest.mark.parametrize("state", ["PrepareImage", "QueryImage", "JudgeImage", "RecordVerdict"])
def test_whatever_has_no_name_is_recorded_as_a_failure_and_published(deployed, machine, state):
    plan = f"{state}|KeyError|1000/unnamed"

    [(status, states)] = run(deployed, machine, [plan]).values()

    assert status == "SUCCEEDED"
    assert states[states.index("RecordFailure") :] == ["RecordFailure", "Notify", "Done"]
    key = {"pk": {"S": f"b#{plan}"}, "sk": {"S": "v"}}
    table = deployed.outputs["VerdictTableName"]
    item = deployed.client("dynamodb").get_item(TableName=table, Key=key)["Item"]
    assert (item["verdict"]["S"], item["decided_by"]["S"], item["status"]["S"]) == ("review", "failure", "decided")
    assert "KeyError" in item["reason"]["S"]
    assert "injected by a test" in item["cause"]["S"]
    assert item["verdict_shard"]["S"].startswith("review#")


def test_a_notification_that_never_works_leaves_the_verdict_and_says_so(deployed, machine):
    plan = "Notify|Misconfigured|1000"

    [(status, states)] = run(deployed, machine, [plan]).values()

    assert (status, states[-2:]) == ("SUCCEEDED", ["MarkUnnotified", "Done"])
    key = {"pk": {"S": f"b#{plan}"}, "sk": {"S": "v"}}
    table = deployed.outputs["VerdictTableName"]
    item = deployed.client("dynamodb").get_item(TableName=table, Key=key)["Item"]
    assert item["notified"]["BOOL"] is False
