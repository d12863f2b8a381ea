"""Step Functions interpreter: moto ends an execution when the connection to Lambda breaks; AWS names that error.

No upstream issue found as of November 2026.
"""

from typing import Any

from botocore.exceptions import BotoCoreError
from moto.stepfunctions.parser.api import HistoryEventType, TaskFailedEventDetails
from moto.stepfunctions.parser.asl.component.common.error_name.custom_error_name import CustomErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEvent
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_lambda import (
    StateTaskServiceLambda,
)
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails

SDK_CLIENT_ERROR = "Lambda.SdkClientException"


def install() -> None:
    """Give the error the name that state machines retry.

    https://docs.aws.amazon.com/step-functions/latest/dg/sfn-best-practices.html ("Handle transient Lambda service
    exceptions").
    """
    from_error = StateTaskServiceLambda._from_error

    def from_error_or_connection(self: Any, env: Any, ex: Exception) -> Any:
        if not isinstance(ex, BotoCoreError):
            return from_error(self, env, ex)
        details = TaskFailedEventDetails(
            error=SDK_CLIENT_ERROR,
            cause=str(ex),
            resource=self._get_sfn_resource(),
            resourceType=self._get_sfn_resource_type(),
        )
        return FailureEvent(
            env=env,
            error_name=CustomErrorName(SDK_CLIENT_ERROR),
            event_type=HistoryEventType.TaskFailed,
            event_details=EventDetails(taskFailedEventDetails=details),
        )

    StateTaskServiceLambda._from_error = from_error_or_connection
