"""The workflow's executions on Step Functions."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from moderation.adapters.faults import code_of, store_faults
from moderation.domain.execution_event import is_described
from moderation.ports import Count, Execution

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient


_PAGE = 1000  # the most that Step Functions lists at once
_PAGES = 10


class SfnExecutions:
    """Implements `ports.Executions`; `workflow` is the ARN of the state machine to start."""

    def __init__(self, client: "SFNClient", workflow: str = "") -> None:
        self._client, self._workflow = client, workflow

    def running(self) -> Count:
        request: dict[str, Any] = {
            "stateMachineArn": self._workflow,
            "statusFilter": "RUNNING",
            "maxResults": _PAGE,
        }
        number = 0
        with store_faults("Step Functions"):
            for _ in range(_PAGES):
                page = self._client.list_executions(**request)
                number += len(page["executions"])
                if not page.get("nextToken"):
                    return Count(number)
                request["nextToken"] = page["nextToken"]
        return Count(number, counted=False)

    def find(self, execution: str) -> Execution | None:
        if not is_described(execution):
            return None
        with store_faults("Step Functions"):
            try:
                described = self._client.describe_execution(executionArn=execution)
            except ClientError as error:
                if code_of(error) == "ExecutionDoesNotExist":
                    return None
                raise
        return Execution(described["status"], json.loads(described["input"]) if "input" in described else None)

    def start(self, name: str, given: Mapping[str, Any]) -> bool:
        with store_faults("Step Functions"):
            try:
                self._client.start_execution(stateMachineArn=self._workflow, name=name, input=json.dumps(given))
            except ClientError as error:
                if code_of(error) != "ExecutionAlreadyExists":
                    raise
                return False
        return True
