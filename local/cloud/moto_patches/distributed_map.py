"""Step Functions: moto runs a Distributed Map inside its execution; AWS runs each item as an execution of its own.

In moto the children of a Distributed Map can't start executions, their failures are lost and the Map succeeds, the
tolerated failures have no effect, stopping the execution leaves them running, Python's stack limits their number,
and a ResultWriter can't use the Map's input. No upstream issue found as of November 2026.
"""

from typing import Any

from moto.core.responses import ActionResult
from moto.stepfunctions.exceptions import ResourceNotFound
from moto.stepfunctions.parser.api import HistoryEventType, MapRunFailedEventDetails, MapRunStartedEventDetails
from moto.stepfunctions.parser.api import MapRunStatus as Status
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEventException
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.distributed_iteration_component import (
    DistributedIterationComponent,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.result_writer.result_writer_decl import ResultWriter
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails
from moto.stepfunctions.parser.models import StepFunctionsParserBackend
from moto.stepfunctions.responses import StepFunctionResponse

from local.cloud.iam import implied
from local.cloud.iam.gate import Gate
from local.cloud.moto_patches.map_run import Child, MapRun

KEPT_RUNS = 100

_runs: dict[str, MapRun] = {}


def install(gate: Gate) -> None:
    """Run the items as executions of their own, and find runs and their children by their ARNs."""
    describe, listed = StepFunctionsParserBackend.describe_execution, StepFunctionResponse.list_executions

    def describe_execution(self: Any, execution_arn: str) -> Any:
        return _child(execution_arn) or describe(self, execution_arn)

    def list_executions(self: Any) -> Any:
        arn = self._get_param("mapRunArn")
        return _children(_run_of(arn), self._get_param("statusFilter")) if arn else listed(self)

    ResultWriter._eval_body = _write_results
    DistributedIterationComponent._eval_body = lambda self, env: _eval_body(self, env, gate)
    StepFunctionsParserBackend.describe_execution = describe_execution
    StepFunctionsParserBackend.describe_map_run = lambda self, map_run_arn: _run_of(map_run_arn).record.describe()
    StepFunctionsParserBackend.list_map_runs = lambda self, execution_arn: {
        "mapRuns": [r.record.list_item() for r in list(_runs.values()) if r.record.execution_arn == execution_arn]
    }
    StepFunctionResponse.list_executions = list_executions


def _eval_body(self: Any, env: Any, gate: Gate) -> None:
    """Replace moto's evaluation of the Map's items; the events of the history stay."""
    run = MapRun(self, env, env.stack.pop())
    _runs[run.record.map_run_arn] = run
    for old in list(_runs)[:-KEPT_RUNS]:
        del _runs[old]
    _add(env, HistoryEventType.MapRunStarted, mapRunStartedEventDetails=MapRunStartedEventDetails(mapRunArn=run.arn))
    try:
        role = gate.identities.of_role(env.aws_execution_details.role_arn, "laptop")
        gate.check(role, *implied.of_distributed_map(run.state_machine))
        outputs = run.finish()
    except Exception as fault:
        known = isinstance(fault, FailureEventException) and fault.extract_error_cause_pair()
        error, cause = known or (None, None)
        details = MapRunFailedEventDetails(error=error or "States.Runtime", cause=cause or str(fault))
        _add(env, HistoryEventType.MapRunFailed, mapRunFailedEventDetails=details)
        run.record.set_stop(status=Status.FAILED)
        raise
    env.stack.append(outputs)
    if not env.is_running():
        run.record.set_stop(status=Status.ABORTED)
        return
    _add(env, HistoryEventType.MapRunSucceeded)
    run.record.set_stop(status=Status.SUCCEEDED)


def _write_results(self: Any, env: Any) -> None:
    """Evaluate the ResultWriter's parameters on the Map's input; moto does on its results."""
    env.stack.append(env.states.get_input())
    self.parargs.eval(env=env)
    self.resource_eval.eval_resource(env=env)


def _add(env: Any, event: Any, **details: Any) -> None:
    env.event_manager.add_event(
        context=env.event_history_context, event_type=event, event_details=EventDetails(**details) if details else None
    )


def _run_of(arn: str) -> MapRun:
    if arn not in _runs:
        raise ResourceNotFound()
    return _runs[arn]


def _child(arn: str) -> Child | None:
    """Return a child that is running, or one of the newest that failed."""
    found = (child for run in list(_runs.values()) for child in run.children if child.execution_arn == arn)
    return next(found, None) if arn.count("/") else None


def _children(run: MapRun, status: str | None) -> ActionResult:
    """Answer ListExecutions of a Map run; the children that succeeded aren't kept."""
    executions = [
        {
            "executionArn": child.execution_arn,
            "mapRunArn": run.arn,
            "name": child.name,
            "startDate": child.start_date,
            "stateMachineArn": child.state_machine_arn,
            "status": child.status,
        }
        for child in run.children
        if status in (None, child.status)
    ]
    return ActionResult({"executions": executions})
