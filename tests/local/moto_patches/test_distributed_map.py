"""Distributed Maps: children are executions of their own, whose failures count."""

from typing import Any

from tests.local.moto_patches.cloud import Cloud
from tests.local.moto_patches.distributed_maps import a_map, ended, started

FAIL_ON_2 = {
    "T": {"Type": "Choice", "Choices": [{"Variable": "$", "NumericEquals": 2, "Next": "No"}], "Default": "Yes"},
    "No": {"Type": "Fail", "Error": "Two", "Cause": "for a test"},
    "Yes": {"Type": "Succeed"},
}


def map_run(cloud: Cloud, execution: str) -> dict[str, Any]:
    stepfunctions = cloud.client("stepfunctions")
    [listed] = cloud.eventually(lambda: stepfunctions.list_map_runs(executionArn=execution)["mapRuns"])
    found: dict[str, Any] = stepfunctions.describe_map_run(mapRunArn=listed["mapRunArn"])
    return found


def test_each_child_can_wait_for_an_execution_that_it_starts(cloud: Cloud) -> None:
    inner = cloud.machine({"Type": "Pass", "Result": {"verdict": "safe"}})
    start = {
        "Type": "Task",
        "Resource": "arn:aws:states:::states:startExecution.sync:2",
        "Parameters": {
            "StateMachineArn": inner,
            "Name.$": "States.Format('n-{}', States.Hash($.key, 'SHA-256'))",
            "Input": {"key.$": "$.key"},
        },
        "ResultSelector": {"verdict.$": "$.Output.verdict"},
        "End": True,
    }

    execution = started(cloud, a_map({"T": start}), '[{"key": "a"}, {"key": "b"}]')

    assert ended(cloud, execution).get("output") == '[{"verdict": "safe"}, {"verdict": "safe"}]'
    assert map_run(cloud, execution)["itemCounts"]["succeeded"] == 2


def test_a_child_has_an_execution_of_its_own(cloud: Cloud) -> None:
    name = {"Type": "Pass", "Parameters": {"id.$": "$$.Execution.Id"}, "OutputPath": "$.id", "End": True}

    execution = started(cloud, a_map({"T": name}), "[1]")

    assert execution not in ended(cloud, execution).get("output", "")
    assert ":execution:" in ended(cloud, execution).get("output", "")


def test_a_failed_child_fails_the_map_and_says_why(cloud: Cloud) -> None:
    execution = started(cloud, a_map(FAIL_ON_2))

    failed, run = ended(cloud, execution), map_run(cloud, execution)
    assert (failed["status"], failed.get("error")) == ("FAILED", "States.ExceedToleratedFailureThreshold")
    assert (run["status"], run["itemCounts"]["failed"]) == ("FAILED", 1)
    stepfunctions = cloud.client("stepfunctions")
    [listed] = stepfunctions.list_executions(mapRunArn=run["mapRunArn"], statusFilter="FAILED")["executions"]
    child = stepfunctions.describe_execution(executionArn=listed["executionArn"])
    assert (child["error"], child["cause"], child["input"]) == ("Two", "for a test", "2")


def test_failures_within_the_tolerance_let_the_map_go_on(cloud: Cloud) -> None:
    tolerant = a_map(FAIL_ON_2, ItemsPath="$.items", ToleratedFailurePercentagePath="$.percent")

    execution = started(cloud, tolerant, '{"percent": 34, "items": [1, 2, 3]}')

    assert ended(cloud, execution).get("output") == "[1, 3]"
    counts = map_run(cloud, execution)["itemCounts"]
    assert (counts["total"], counts["succeeded"], counts["failed"], counts["running"]) == (3, 2, 1, 0)


def test_stopping_the_execution_stops_its_children_and_begins_no_more(cloud: Cloud) -> None:
    wait = {"Type": "Wait", "Seconds": 100, "End": True}
    execution = started(cloud, a_map({"T": wait}))
    cloud.eventually(lambda: map_run(cloud, execution)["itemCounts"]["running"] == 2)

    cloud.client("stepfunctions").stop_execution(executionArn=execution)

    run = cloud.eventually(lambda: found if (found := map_run(cloud, execution))["status"] != "RUNNING" else None)
    counts = run["itemCounts"]
    assert (run["status"], counts["pending"], counts["aborted"], counts["running"]) == ("ABORTED", 1, 2, 0)


def test_many_items_end_in_their_order(cloud: Cloud) -> None:
    execution = started(cloud, a_map({"T": {"Type": "Pass", "End": True}}), str(list(range(2500))))

    output = ended(cloud, execution).get("output")

    assert output == str(list(range(2500)))


def test_the_place_of_the_results_may_come_from_the_input(cloud: Cloud) -> None:
    bucket = cloud.bucket()
    writer = {
        "Resource": "arn:aws:states:::s3:putObject",
        "Parameters": {"Bucket": bucket, "Prefix.$": "States.Format('runs/{}', $.run)"},
    }
    echo = {"T": {"Type": "Pass", "End": True}}
    state = a_map(echo, ItemsPath="$.items", ResultWriter=writer, ResultPath=None)

    execution = started(cloud, state, '{"run": "r1", "items": [1]}')

    assert ended(cloud, execution).get("output") == '{"run": "r1", "items": [1]}'
    [written] = cloud.client("s3").list_objects_v2(Bucket=bucket)["Contents"]
    assert written["Key"].startswith("runs/r1/")
