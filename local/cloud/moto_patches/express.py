"""Step Functions: moto runs Express state machines as Standard ones, which live longer and are remembered.

Nor can it start one and wait for its end.

No upstream issue found as of November 2026.
"""

import json
import uuid
from typing import Any

import moto.stepfunctions.parser.models as parser_models
from moto.core.responses import ActionResult
from moto.stepfunctions.parser.backend.execution import Execution
from moto.stepfunctions.responses import StepFunctionResponse

# https://docs.aws.amazon.com/step-functions/latest/dg/choosing-workflow-type.html; not scaled, for work isn't either
MAXIMUM_S = 5 * 60


def is_express(execution: Any) -> bool:
    return ":express:" in execution.exec_arn


def install() -> None:
    """Give Express executions their own ARNs and a limit of five minutes; moto itself refuses to describe such ARNs."""
    backend = parser_models.StepFunctionsParserBackend
    start, init = backend.start_execution, Execution.__init__

    def start_anew(
        self: Any,
        state_machine_arn: str,
        name: str | None = None,
        execution_input: str | None = None,
        trace_header: str | None = None,
    ) -> Any:
        """Start a new execution even for a known name: Express executions aren't idempotent."""
        if self.describe_state_machine(state_machine_arn).type == "EXPRESS":
            name = f"{name or uuid.uuid4()}:{uuid.uuid4()}"
        return start(self, state_machine_arn, name, execution_input, trace_header)

    def init_express(self: Any, **parts: Any) -> None:
        machine = parts["state_machine"]  # this execution's own copy
        if machine.type == "EXPRESS":
            machine.definition = ending_in_time(machine.definition)
            parts["exec_arn"] = parts["exec_arn"].replace(":execution:", ":express:", 1)
            parts["name"] = parts["name"].split(":")[0]
        init(self, **parts)

    backend.start_execution = start_anew
    Execution.__init__ = init_express
    StepFunctionResponse.start_sync_execution = _start_sync_execution


def _start_sync_execution(self: Any) -> ActionResult:
    """Answer StartSyncExecution when the execution has ended; one that failed isn't an error."""
    execution = self.stepfunction_backend.start_execution(
        self._get_param("stateMachineArn"), self._get_param("name"), self._get_param("input", if_none="{}")
    )
    execution.ended.wait()
    answer = {
        "executionArn": execution.execution_arn,
        "stateMachineArn": execution.state_machine_arn,
        "name": execution.name,
        "startDate": execution.start_date,
        "stopDate": execution.stop_date,
        "status": "FAILED" if execution.status == "ABORTED" else execution.status,
        "input": execution.execution_input,
    }
    if execution.status == "SUCCEEDED":
        answer["output"] = json.dumps(execution.output)
    return ActionResult(answer | {k: v for k in ("error", "cause") if (v := getattr(execution, k)) is not None})


def ending_in_time(definition: str) -> str:
    """Return the definition with the time-out that the service adds."""
    machine = json.loads(definition)
    return json.dumps(machine | {"TimeoutSeconds": min(machine.get("TimeoutSeconds", MAXIMUM_S), MAXIMUM_S)})
