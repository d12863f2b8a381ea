"""Lambda: moto runs functions in Docker; here our warm workers do. Its CloudFormation drops some properties.

Docker is moto's design (without it nothing runs: https://github.com/getmoto/moto/issues/9852). Layers of other accounts
are refused since https://github.com/getmoto/moto/pull/6409, and asynchronous invocations block since
https://github.com/getmoto/moto/pull/1138. No upstream issue on the properties was found as of November 2026.
"""

import json
import logging
import time
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any

from moto.awslambda.exceptions import LambdaClientError
from moto.awslambda.models import LambdaFunction
from moto.core.utils import unix_time_millis

from local.cloud.background import in_background
from local.cloud.clock import scaled
from local.cloud.iam import implied
from local.cloud.iam.evaluate import AccessRequest
from local.cloud.iam.gate import AccessDenied, Gate
from local.cloud.iam.identities import Identity
from local.cloud.moto_patches.cloudformation import after_create_and_update
from local.cloud.moto_patches.dead_letters import send_dead_letter
from local.cloud.runtime.fleet import Fleet
from local.cloud.runtime.function import ConcurrencyExceeded, Function, InvocationResult, error_payload

KEPT_LOG_EVENTS = 500  # per stream: moto would keep all events in memory
ASYNC_RETRY_DELAYS_S = (60, 120)  # https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html

LOG = logging.getLogger(__name__)


class TooManyRequests(LambdaClientError):  # type: ignore[misc]
    """Invoke's answer beyond a function's reserved concurrency."""

    code = 429

    def __init__(self, function_name: str) -> None:
        super().__init__("TooManyRequestsException", f"Rate Exceeded: {function_name} has no capacity left.")


def install(fleet: Fleet, gate: Gate) -> None:
    """Run every function of the emulator, including custom resources, on `fleet`, with the rights of its role."""

    def run_on_worker(self: Any, event: Any = None) -> tuple[str, bool, str]:
        if not self.run_time.startswith("python"):
            what = f"The laptop cloud runs Python functions only, and {self.function_name} wants {self.run_time}."
            return error_payload("Runtime.Unsupported", what), True, ""
        try:
            answer = fleet.invoke(_describe(self), lambda: self.code_bytes, json.dumps(event or {}).encode())
        except ConcurrencyExceeded as fault:
            raise TooManyRequests(self.function_name) from fault
        except AccessDenied as fault:  # AWS doesn't even create a function whose role it can't assume
            return error_payload("AccessDeniedException", str(fault)), True, ""
        _write_log(self, answer, gate)
        return answer.payload, answer.failed, answer.log

    LambdaFunction._invoke_lambda = run_on_worker
    LambdaFunction._get_layers_data = _describe_layers
    LambdaFunction.invoke = _with_asynchronous_invocations(LambdaFunction.invoke, gate)
    after_create_and_update(LambdaFunction, _apply)


def _allowed(gate: Gate, role: Identity, rights: tuple[AccessRequest, ...]) -> bool:
    """Return True if Lambda may act under a role; without the right AWS goes on, too."""
    refusal = gate.refusal(role, rights)
    if refusal:
        LOG.warning("%s", refusal)
    return refusal is None


def _describe_layers(function: Any, layers: list[Any]) -> list[dict[str, Any]]:
    """Accept AWS's managed layers, which moto refuses; this interpreter's packages replace all layers.

    A layer is an ARN, or moto's own object where the template refers to one.
    """
    return [{"Arn": getattr(layer, "arn", layer), "CodeSize": 0} for layer in layers]


def _describe(function: Any) -> Function:
    reserved = function.reserved_concurrency
    return Function(
        arn=function.function_arn,
        name=function.function_name,
        handler=function.handler,
        runtime=function.run_time,
        memory_mb=int(function.memory_size),
        timeout_s=int(function.timeout),
        region=function.region,
        environment=tuple(sorted((name, str(value)) for name, value in function.environment_vars.items())),
        log_group=function.logs_group_name,
        log_format=getattr(function, "log_format", "Text"),
        code_sha256=function.code_sha_256,
        reserved_concurrency=None if reserved is None else int(reserved),
        role_arn=function.role,
    )


def _with_asynchronous_invocations(invoke: Callable[..., str | bytes], gate: Gate) -> Callable[..., str | bytes]:
    """Run `Event` invocations in the background, with up to three attempts; moto makes the caller wait."""

    def invoke_or_queue(
        self: Any, body: str, headers: Mapping[str, str], response_headers: MutableMapping[str, str]
    ) -> str | bytes:
        if headers.get("x-amz-invocation-type") != "Event":
            return invoke(self, body, headers, response_headers)
        in_background(_invoke_with_retries, self, json.loads(body or "{}"), gate)
        return ""

    return invoke_or_queue


def _invoke_with_retries(function: Any, event: Any, gate: Gate) -> None:
    """Invoke up to three times, then send the event to the function's dead-letter queue, if it has one."""
    failure = _failure_of(function, event)
    for delay in ASYNC_RETRY_DELAYS_S:
        if failure is None:
            return
        time.sleep(scaled(delay))
        failure = _failure_of(function, event)
    if failure is None:
        return
    LOG.warning("%s failed when invoked asynchronously: %s", function.function_name, failure)
    queue_arn = getattr(function, "dead_letter_arn", None)
    role = gate.identities.of_role(function.role, function.function_name)
    if queue_arn is not None and _allowed(gate, role, implied.of_dead_letter(queue_arn)):
        send_dead_letter(queue_arn, event, {"ErrorMessage": failure})


def _failure_of(function: Any, event: Any) -> str | None:
    """Invoke once; return the error, or None. A worker that this machine couldn't start loses no event either."""
    try:
        payload, failed, _ = function._invoke_lambda(event)
    except (TooManyRequests, OSError, RuntimeError) as fault:
        return str(fault)
    return str(payload) if failed else None


def _apply(function: Any, properties: dict[str, Any]) -> None:
    """Set the properties that moto leaves out when it creates or updates a function."""
    function.layers = _describe_layers(function, properties.get("Layers", []))
    logging_config = properties.get("LoggingConfig", {})
    function.logs_group_name = logging_config.get("LogGroup", function.logs_group_name)
    function.log_format = logging_config.get("LogFormat", "Text")
    function.tracing_config = properties.get("TracingConfig", function.tracing_config)
    function.dead_letter_arn = properties.get("DeadLetterConfig", {}).get("TargetArn")
    function.reserved_concurrency = properties.get("ReservedConcurrentExecutions")


def _write_log(function: Any, answer: InvocationResult, gate: Gate) -> None:
    """Write a worker's newest events into its own stream, as AWS does, under the function's role."""
    lines = answer.log.splitlines()
    role = gate.identities.of_role(function.role, function.function_name)
    if function.tracing_config.get("Mode") == "Active":
        _allowed(gate, role, implied.of_tracing())
    if not lines or not _allowed(gate, role, implied.of_log(function.logs_group_name, answer.log_stream)):
        return
    logs = function.logs_backend
    logs.ensure_log_group(function.logs_group_name)
    logs.ensure_log_stream(function.logs_group_name, answer.log_stream)
    now = int(unix_time_millis())
    events = [{"timestamp": now, "message": line} for line in lines]
    logs.put_log_events(function.logs_group_name, answer.log_stream, events)
    del logs.groups[function.logs_group_name].streams[answer.log_stream].events[:-KEPT_LOG_EVENTS]
