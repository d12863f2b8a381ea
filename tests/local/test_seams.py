"""The places in moto that the patches hold on to: an upgrade that moves one fails here, by name."""

import importlib
import inspect
from typing import Any

import pytest

FUNCTIONS = {
    "moto.awslambda.models:LambdaFunction._invoke_lambda": ["self", "event"],
    "moto.awslambda.models:LambdaFunction._get_layers_data": ["self", "layers_versions_arns"],
    "moto.awslambda.models:LambdaBackend.delete_layer_version": ["self", "layer_name", "layer_version"],
    "moto.awslambda.models:LambdaFunction.invoke": ["self", "body", "request_headers", "response_headers"],
    "moto.cloudformation.custom_model:CustomModel.create_from_cloudformation_json": [
        "cls", "resource_name", "cloudformation_json", "account_id", "region_name", "kwargs"
    ],
    "moto.cloudformation.custom_model:CustomModel.__init__": [
        "self", "region_name", "request_id", "logical_id", "resource_name"
    ],
    "moto.cloudformation.parsing:ResourceMap.load": ["self"],
    "moto.cloudformation.parsing:ResourceMap.update": ["self", "template", "parameters"],
    "moto.cloudformation.parsing:get_model_map": [],
    "moto.cloudformation.parsing:parse_and_update_resource": [
        "logical_id", "resource_json", "resources_map", "account_id", "region_name"
    ],
    "moto.cloudformation.responses:get_stack_from_s3_url": ["template_url", "account_id", "partition"],
    "moto.dynamodb.responses:DynamoHandler.call_action": ["self"],
    "moto.events.models:Rule.send_to_targets": ["self", "original_event", "transform_input"],
    "moto.events.models:EventPattern.get_pattern": ["self"],
    "moto.moto_server.werkzeug_app:DomainDispatcherApplication.get_backend_for_host": ["self", "host"],
    "moto.s3.models:FakeBucket.set_notification_configuration": ["self", "notification_config"],
    "moto.s3.notifications:_send_event_bridge_message": ["account_id", "bucket", "event_name", "key"],
    "moto.sns.models:SNSBackend.subscribe": ["self", "topic_arn", "endpoint", "protocol"],
    "moto.sns.models:Topic.publish": [
        "self", "message", "subject", "message_attributes", "group_id", "deduplication_id", "message_structure"
    ],
    "moto.stepfunctions.models:StateMachine.create_from_cloudformation_json": [
        "cls", "resource_name", "cloudformation_json", "account_id", "region_name", "kwargs"
    ],
    "moto.stepfunctions.models:StateMachine.has_cfn_attr": ["cls", "attr"],
    "moto.stepfunctions.models:StateMachine.get_cfn_attribute": ["self", "attribute_name"],
    "moto.stepfunctions.parser.asl.utils.boto_client:boto_client_for": ["region", "service", "state_credentials"],
    "moto.stepfunctions.parser.asl.parse.asl_parser:AmazonStateLanguageParser.parse": ["definition"],
    "moto.stepfunctions.parser.asl.utils.json_path:parse": ["path", "debug"],
    "moto.stepfunctions.parser.asl.component.common.retry.jitter_strategy_decl:JitterStrategyDecl._eval_body": [
        "self", "env"
    ],
    "moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function:WaitFunction._wait_interval": [
        "self", "env", "wait_seconds"
    ],
    "moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_lambda"
    ":StateTaskServiceLambda._from_error": ["self", "env", "ex"],
    "moto.stepfunctions.parser.backend.execution:BaseExecutionWorkerCommunication._reflect_execution_status": [
        "self"
    ],
    "moto.stepfunctions.parser.backend.execution:Execution.get_start_execution_details": ["self"],
    "moto.stepfunctions.parser.backend.execution:Execution.stop": ["self", "stop_date", "error", "cause"],
    "moto.stepfunctions.parser.backend.execution_worker:ExecutionWorker._get_evaluation_entrypoint": ["self"],
    "moto.stepfunctions.parser.models:StepFunctionsParserBackend.start_execution": [
        "self", "state_machine_arn", "name", "execution_input", "trace_header"
    ],
}  # fmt: skip

VALUES = {
    "moto.cloudformation.parsing:NULL_MODELS": list,
    "moto.core.config:default_user_config": dict,
    "moto.stepfunctions.models:stepfunctions_backends": dict,
    "moto.stepfunctions.parser.models:stepfunctions_parser_backends": dict,
    "moto.stepfunctions.parser.utils:TMP_THREADS": list,
}


def _find(place: str) -> Any:
    module, _, path = place.partition(":")
    found = importlib.import_module(module)
    for name in path.split("."):
        found = inspect.getattr_static(found, name)
    return getattr(found, "__func__", found)


def test_moto_is_the_version_that_the_patches_were_written_for() -> None:
    assert importlib.import_module("moto").__version__ == "5.2.5"


@pytest.mark.parametrize(("place", "parameters"), FUNCTIONS.items(), ids=FUNCTIONS.keys())
def test_a_replaced_function_has_the_parameters_that_its_replacement_expects(place: str, parameters: list[str]) -> None:
    assert list(inspect.signature(_find(place)).parameters) == parameters


@pytest.mark.parametrize(("place", "kind"), VALUES.items(), ids=VALUES.keys())
def test_a_replaced_value_is_of_the_expected_kind(place: str, kind: type) -> None:
    assert isinstance(_find(place), kind)


def test_the_retry_interval_is_on_the_stack_after_jitter() -> None:
    """`interpreter_waits` scales an interval after its decorators, the last of which is jitter."""
    from moto.stepfunctions.parser.asl.component.common.retry.retrier_decl import RetrierDecl

    source = inspect.getsource(RetrierDecl._eval_body)
    order = ["interval_seconds.eval", "backoff_rate.eval", "max_delay_seconds.eval", "jitter_strategy.eval", "sleep"]
    assert sorted(order, key=source.index) == order
