"""Step Functions interpreter: moto hands a state's parameters to boto3, and boto3's answers to the state, as they are.

In states all names begin with a capital, in Step Functions' own API none does, so no state can start an execution; and
times stay Python objects, which end the execution. AWS: "Integrating services", AWS Step Functions guide.
No upstream issue found as of November 2026.
"""

from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Any

import botocore.session
from botocore.model import OperationModel, ServiceModel
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_aws_sdk import (
    StateTaskServiceAwsSdk,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_sfn import (
    StateTaskServiceSfn,
)
from moto.stepfunctions.parser.utils import camel_to_snake_case


def install() -> None:
    """Name the parameters of such tasks as the service does, and their results as states do."""
    for task in (StateTaskServiceAwsSdk, StateTaskServiceSfn):
        _normalise(task, task._normalise_parameters)


def _normalise(task: Any, normalise: Callable[..., None]) -> None:
    def parameters(self: Any, parameters: dict[str, Any], *args: Any, **kwargs: Any) -> None:
        normalise(self, parameters, *args, **kwargs)
        operation = _operation(self._get_boto_service_name(), self._get_boto_service_action())
        _replace(parameters, _as_service(parameters, operation.input_shape))

    def response(self: Any, response: Any, _: Any = None, service_action_name: str | None = None) -> None:
        operation = _operation(self._get_boto_service_name(), self._get_boto_service_action(service_action_name))
        _replace(response, _as_state(response, operation.output_shape))

    task._normalise_parameters, task._normalise_response = parameters, response


def _replace(content: dict[str, Any], other: dict[str, Any]) -> None:
    content.clear()
    content.update(other)


@cache
def _operation(service: str, method: str) -> OperationModel:
    """Return the model of boto3's method. Raises LookupError if the service has no such operation."""
    model: ServiceModel = botocore.session.get_session().get_service_model(service)
    return model.operation_model(next(n for n in model.operation_names if camel_to_snake_case(n) == method))


def _as_service(value: Any, shape: Any) -> Any:
    if shape is not None and shape.type_name == "structure" and isinstance(value, dict):
        members = {name.lower(): name for name in shape.members}
        named = {members.get(name.lower(), name): part for name, part in value.items()}
        return {name: _as_service(part, shape.members.get(name)) for name, part in named.items()}
    if shape is not None and shape.type_name == "list" and isinstance(value, list):
        return [_as_service(part, shape.member) for part in value]
    return value


def _as_state(value: Any, shape: Any) -> Any:
    """Name the members of structures only: the keys of maps and of JSON are the user's."""
    if shape is not None and shape.type_name == "structure" and isinstance(value, dict):
        return {name[:1].upper() + name[1:]: _as_state(part, shape.members.get(name)) for name, part in value.items()}
    if shape is not None and shape.type_name == "list" and isinstance(value, list):
        return [_as_state(part, shape.member) for part in value]
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value
