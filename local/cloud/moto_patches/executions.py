"""Step Functions: moto sends no event when an execution ends, stops none at once, and keeps them all for good.

No upstream issue found as of November 2026.
"""

import threading
import time
from typing import Any

import moto.stepfunctions.parser.utils as parser_utils
from moto.core.utils import unix_time_millis
from moto.stepfunctions.parser.backend.execution import BaseExecutionWorkerCommunication, Execution
from moto.stepfunctions.parser.models import stepfunctions_parser_backends

from local.cloud.moto_patches.events import emit
from local.cloud.moto_patches.express import is_express

KEPT_HISTORIES = 200  # a history holds every state's input and output: 0.1 MB each
KEPT_EXECUTIONS = 5_000  # without its history an execution is a few kB

_forgetting = threading.Lock()  # executions end on threads of their own


def install() -> None:
    """Send the events that moto leaves out, stop at once, and bound what is kept for good."""
    reflect = BaseExecutionWorkerCommunication._reflect_execution_status
    stop, init = Execution.stop, Execution.__init__

    def init_running(self: Any, *args: Any, **kwargs: Any) -> None:
        init(self, *args, **kwargs)
        self.ended = threading.Event()  # for those who wait for its status and output

    def reflect_once(self: Any) -> None:
        execution = self.execution
        if execution.stop_date is not None:  # a stopped execution's thread ends after its status was set
            return
        reflect(self)
        if not is_express(execution):  # AWS sends no events of theirs
            _announce(execution)
        execution.ended.set()
        _forget_old(execution)

    def stop_now(self: Any, stop_date: Any, error: str | None, cause: str | None) -> None:
        """moto waits for the running task first; StopExecution in AWS doesn't."""
        while self.exec_worker.env is None and self.stop_date is None:
            time.sleep(0.01)  # its thread has only just been started
        if self.stop_date is None:
            stop(self, stop_date, error, cause)
            self.exec_worker._execution_communication.terminated()

    BaseExecutionWorkerCommunication._reflect_execution_status = reflect_once
    Execution.__init__ = init_running
    Execution.stop = stop_now


def _announce(execution: Any) -> None:
    """The event that rules on execution status listen to; moto emits none.

    https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html
    """
    detail = {
        "executionArn": execution.exec_arn,
        "stateMachineArn": execution.state_machine.arn,
        "name": execution.name,
        "status": execution.status,
        "startDate": int(unix_time_millis(execution.start_date.replace(tzinfo=None))),
        "stopDate": int(unix_time_millis(execution.stop_date.replace(tzinfo=None))),
        "input": execution.execution_input,
        "output": None,
        "error": execution.error,
        "cause": execution.cause,
    }
    emit(
        account_id=execution.account_id,
        region=execution.region_name,
        source="aws.states",
        detail_type="Step Functions Execution Status Change",
        resources=[execution.exec_arn],
        detail=detail,
    )


def _forget_old(execution: Any) -> None:
    """moto keeps every execution, its history and its threads for as long as the server runs."""
    backend = stepfunctions_parser_backends[execution.account_id][execution.region_name]
    with _forgetting:
        kept: list[Any] = next(
            (m.executions for m in backend.state_machines if m.arn == execution.state_machine.arn), []
        )
        ended = [e for e in list(kept) if e.stop_date is not None]
        for old in ended[:-KEPT_HISTORIES]:
            old.exec_worker.env = None
        for old in ended[:-KEPT_EXECUTIONS]:
            kept.remove(old)
        parser_utils.TMP_THREADS[:] = [t for t in list(parser_utils.TMP_THREADS) if t.is_alive()]
