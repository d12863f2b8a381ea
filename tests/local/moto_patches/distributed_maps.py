"""Distributed Maps for tests: a state, its start, and its end."""

from typing import Any

from tests.local.moto_patches.cloud import Cloud, unique


def a_map(states: dict[str, Any], **more: Any) -> dict[str, Any]:
    processor = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "StartAt": "T"}
    return {"Type": "Map", "MaxConcurrency": 2, "ItemProcessor": {**processor, "States": states}, **more}


def started(cloud: Cloud, state: dict[str, Any], given: str = "[1, 2, 3]") -> str:
    arn = cloud.client("stepfunctions").start_execution(
        stateMachineArn=cloud.machine(state), name=unique(), input=given
    )["executionArn"]
    return str(arn)


def ended(cloud: Cloud, execution: str) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        found: dict[str, Any] = cloud.client("stepfunctions").describe_execution(executionArn=execution)
        return None if found["status"] == "RUNNING" else found

    return cloud.eventually(look, max(cloud.patience_s, 5))
