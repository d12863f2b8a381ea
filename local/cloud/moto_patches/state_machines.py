"""Step Functions: moto's CloudFormation makes state machines that its interpreter can't see, from half the properties.

https://github.com/getmoto/moto/pull/3429 added the resource with DefinitionString alone, before there was an
interpreter. https://github.com/localstack/localstack/issues/9695 reports the start time, in the interpreter's origin.
No upstream issue on the rest was found as of November 2026.
"""

import json
import uuid
from collections.abc import Callable, Mapping
from typing import Any

import moto.stepfunctions.models as models
import moto.stepfunctions.parser.models as parser_models
from moto.cloudformation.exceptions import ValidationError
from moto.core.config import default_user_config
from moto.s3.models import s3_backends
from moto.stepfunctions.models import StateMachine
from moto.stepfunctions.parser.backend.execution import Execution
from moto.utilities.utils import get_partition

from local.cloud.iam import implied
from local.cloud.iam.evaluate import AccessRequest
from local.cloud.iam.gate import AccessDenied, Gate


def install(gate: Gate) -> None:
    """Close the gaps between CloudFormation's state machines and moto's interpreter, and check their roles."""
    # without it moto only records executions
    default_user_config["stepfunctions"]["execute_state_machine"] = True
    # CloudFormation puts state machines into the backend that can't run them
    models.stepfunctions_backends = parser_models.stepfunctions_parser_backends
    _create_with_whole_definition(gate)
    _answer_get_att_arn()
    _name_unnamed_executions()
    _give_start_time_as_text()


def _create_with_whole_definition(gate: Gate) -> None:
    """Read substitutions, definitions in S3 or as an object, and the type; moto reads DefinitionString only."""
    create = StateMachine.create_from_cloudformation_json.__func__
    update = StateMachine.update_from_cloudformation_json.__func__

    def created(
        cls: Any, /, name: str, template: dict[str, Any], account_id: str, region_name: str, **kwargs: Any
    ) -> Any:
        _complete(template["Properties"], account_id, region_name)
        _check_role(template["Properties"], gate)
        machine = create(cls, name, template, account_id, region_name, **kwargs)
        machine.type = template["Properties"].get("StateMachineType", "STANDARD")
        return machine

    def updated(
        cls: Any, /, *, cloudformation_json: dict[str, Any], account_id: str, region_name: str, **kwargs: Any
    ) -> Any:
        _complete(cloudformation_json["Properties"], account_id, region_name)
        parts = {"cloudformation_json": cloudformation_json, "account_id": account_id, "region_name": region_name}
        return update(cls, **parts, **kwargs)

    StateMachine.create_from_cloudformation_json = classmethod(created)
    StateMachine.update_from_cloudformation_json = classmethod(updated)


def _check_role(properties: Mapping[str, Any], gate: Gate) -> None:
    """Refuse a state machine whose role may not log, trace or wait, as Step Functions does on creation."""
    rights: tuple[AccessRequest, ...] = ()
    if properties.get("LoggingConfiguration", {}).get("Destinations"):
        rights += implied.of_logged_workflow()
    if properties.get("TracingConfiguration", {}).get("Enabled"):
        rights += implied.of_traced_workflow()
    if ".sync" in properties["DefinitionString"]:
        rights += implied.of_waiting_workflow()
    try:
        gate.check(gate.assume("states.amazonaws.com", properties["RoleArn"], "laptop"), *rights)
    except AccessDenied as refusal:
        raise ValidationError(message=f"The state machine's role lacks a right: {refusal}") from refusal


def _complete(properties: dict[str, Any], account_id: str, region_name: str) -> None:
    """Put the whole definition where moto reads it."""
    if "Definition" in properties:
        properties["DefinitionString"] = json.dumps(properties["Definition"])
    if "DefinitionS3Location" in properties:
        place = properties["DefinitionS3Location"]
        s3 = s3_backends[account_id][get_partition(region_name)]
        properties["DefinitionString"] = s3.get_object(place["Bucket"], place["Key"]).value.decode()
    for name, value in properties.get("DefinitionSubstitutions", {}).items():
        definition = properties["DefinitionString"]
        properties["DefinitionString"] = definition.replace(f"${{{name}}}", str(value))


def _answer_get_att_arn() -> None:
    """Support `Fn::GetAtt: [machine, Arn]`; moto supports only `Name`."""
    has: Callable[..., bool] = StateMachine.has_cfn_attr.__func__
    get: Callable[..., Any] = StateMachine.get_cfn_attribute
    StateMachine.has_cfn_attr = classmethod(lambda cls, attr: attr == "Arn" or has(cls, attr))
    StateMachine.get_cfn_attribute = lambda self, attr: self.arn if attr == "Arn" else get(self, attr)


def _name_unnamed_executions() -> None:
    """Generate missing names, as AWS does; moto names the execution None, and the second one collides."""
    backend = parser_models.StepFunctionsParserBackend
    start = backend.start_execution

    def start_named(
        self: Any,
        state_machine_arn: str,
        name: str | None = None,
        execution_input: str | None = None,
        trace_header: str | None = None,
    ) -> Any:
        return start(self, state_machine_arn, name or str(uuid.uuid4()), execution_input, trace_header)

    backend.start_execution = start_named


def _give_start_time_as_text() -> None:
    """Return `$$.Execution.StartTime` as ISO 8601 text; moto's datetime breaks intrinsics and DescribeExecution."""
    describe = Execution.get_start_execution_details

    def describe_with_text(self: Any) -> Any:
        details = describe(self)
        details.start_time = self.start_date.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return details

    Execution.get_start_execution_details = describe_with_text
