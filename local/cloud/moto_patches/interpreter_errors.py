"""Step Functions interpreter: moto ends an execution when the connection to a service breaks; AWS names that error.

So it does for Lambda and for Step Functions itself. No upstream issue found as of November 2026.
"""

from typing import Any

from botocore.exceptions import BotoCoreError
from moto.stepfunctions.parser.api import HistoryEventType, TaskFailedEventDetails
from moto.stepfunctions.parser.asl.component.common.error_name.custom_error_name import CustomErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEvent
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_lambda import (
    StateTaskServiceLambda,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_sfn import (
    StateTaskServiceSfn,
)
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails


def install() -> None:
    """Give the error the name that state machines retry.

    https://docs.aws.amazon.com/step-functions/latest/dg/sfn-best-practices.html ("Handle transient Lambda service
    exceptions").
    """
    _name_errors(StateTaskServiceLambda, "Lambda.SdkClientException")
    _name_errors(StateTaskServiceSfn, "StepFunctions.SdkClientException")


def _name_errors(service: Any, error: str) -> None:
    from_error = service._from_error

    def from_error_or_connection(self: Any, env: Any, ex: Exception) -> Any:
        if not isinstance(ex, BotoCoreError):
            return from_error(self, env, ex)
        details = TaskFailedEventDetails(
            error=error,
            cause=str(ex),
            resource=self._get_sfn_resource(),
            resourceType=self._get_sfn_resource_type(),
        )
        return FailureEvent(
            env=env,
            error_name=CustomErrorName(error),
            event_type=HistoryEventType.TaskFailed,
            event_details=EventDetails(taskFailedEventDetails=details),
        )

    service._from_error = from_error_or_connection
