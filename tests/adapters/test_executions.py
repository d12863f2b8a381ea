"""Status of executions, as Step Functions reports it."""

import boto3
import pytest
from botocore.exceptions import ClientError

from moderation.adapters.executions import SfnExecutions
from moderation.domain.record import REDRIVEN
from moderation.ports import Count, Execution

MACHINE = "arn:aws:states:us-east-1:123456789012:{}:workflow:"


@pytest.fixture
def client():
    return boto3.client("stepfunctions")


def test_a_standard_execution_is_described_and_a_forgotten_one_unknown(client):
    machine = client.create_state_machine(
        name="workflow",
        definition='{"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}',
        roleArn="arn:aws:iam::123456789012:role/workflow",
    )["stateMachineArn"]
    started = client.start_execution(stateMachineArn=machine, name="one")["executionArn"]

    assert SfnExecutions(client).find(started) == Execution("RUNNING", {})
    assert SfnExecutions(client).find(MACHINE.format("execution") + "never") is None


@pytest.mark.parametrize("owner", [MACHINE.format("express") + "one:uuid", REDRIVEN])
def test_what_step_functions_cannot_describe_is_unknown(client, owner):
    """It answers "Invalid Arn", which would stop a whole sweep."""
    with pytest.raises(ClientError, match="InvalidArn"):
        client.describe_execution(executionArn=owner)

    assert SfnExecutions(client).find(owner) is None


def test_an_execution_is_started_once_under_its_name(client):
    machine = client.create_state_machine(
        name="workflow",
        definition='{"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}',
        roleArn="arn:aws:iam::123456789012:role/workflow",
    )["stateMachineArn"]
    executions = SfnExecutions(client, machine)

    assert executions.start("one", {"key": "a"})
    assert not executions.start("one", {"key": "b"})
    assert len(client.list_executions(stateMachineArn=machine)["executions"]) == 1


def test_running_executions_are_counted_page_by_page_up_to_a_bound(client, monkeypatch):
    monkeypatch.setattr("moderation.adapters.executions._PAGE", 2)
    machine = client.create_state_machine(
        name="workflow",
        definition='{"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}',
        roleArn="arn:aws:iam::123456789012:role/workflow",
    )["stateMachineArn"]
    executions = SfnExecutions(client, machine)
    assert executions.running() == Count(0)
    for number in range(5):
        executions.start(f"{number}", {})
    client.stop_execution(executionArn=MACHINE.format("execution") + "4")

    assert executions.running() == Count(4)
    monkeypatch.setattr("moderation.adapters.executions._PAGES", 1)
    assert executions.running() == Count(2, counted=False)
