"""Runtime API client in plain Python, for platforms where AWS's client has no wheel (macOS).

It is run by path, with `-P`, so that the handler can't import anything from this folder.
It does what `awslambdaric` does for a Python handler: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

import http.client
import importlib
import json
import logging
import os
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from typing import Any

_API = "/2018-06-01/runtime"


class LambdaContext:
    """Context argument of a handler."""

    client_context = None
    identity = None

    def __init__(self, headers: Mapping[str, str]) -> None:
        self.aws_request_id = headers["Lambda-Runtime-Aws-Request-Id"]
        self.invoked_function_arn = headers["Lambda-Runtime-Invoked-Function-Arn"]
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self._deadline_ms = int(headers["Lambda-Runtime-Deadline-Ms"])

    def get_remaining_time_in_millis(self) -> int:
        return max(0, self._deadline_ms - int(time.time() * 1000))


def main(handler_name: str) -> None:
    """Poll for events and run the handler until the Runtime API goes away."""
    logging.basicConfig(stream=sys.stdout, format="[%(levelname)s]\t%(asctime)s\t%(message)s")
    api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    try:
        handler = _load(handler_name)
    except Exception as fault:  # noqa: BLE001 - whatever stops the import is reported, as Lambda does
        traceback.print_exc()
        _post(api, "/init/error", _load_error(handler_name, fault))
        sys.exit(1)
    while True:
        api.request("GET", f"{_API}/invocation/next")
        response = api.getresponse()
        _run(api, handler, response.read(), dict(response.headers))


def _run(
    api: http.client.HTTPConnection,
    handler: Callable[[Any, LambdaContext], Any],
    event: bytes,
    headers: Mapping[str, str],
) -> None:
    context = LambdaContext(headers)
    os.environ["_X_AMZN_TRACE_ID"] = headers.get("Lambda-Runtime-Trace-Id", "")
    try:
        result = json.dumps(handler(json.loads(event), context))
    except Exception as fault:  # noqa: BLE001 - whatever a handler raises is its answer, as Lambda does
        traceback.print_exc()
        error = {**_error(fault), "requestId": context.aws_request_id}
        _post(api, f"/invocation/{context.aws_request_id}/error", json.dumps(error))
    else:
        _post(api, f"/invocation/{context.aws_request_id}/response", result)


def _load(handler_name: str) -> Callable[[Any, LambdaContext], Any]:
    module, _, function = handler_name.rpartition(".")
    loaded: Callable[[Any, LambdaContext], Any] = getattr(importlib.import_module(module), function)
    return loaded


def _load_error(handler_name: str, fault: Exception) -> str:
    module, _, function = handler_name.rpartition(".")
    if isinstance(fault, ImportError):
        message = f"Unable to import module '{module}': {fault}"
        return json.dumps({"errorType": "Runtime.ImportModuleError", "errorMessage": message})
    if isinstance(fault, AttributeError):
        message = f"Handler '{function}' missing on module '{module}'"
        return json.dumps({"errorType": "Runtime.HandlerNotFound", "errorMessage": message})
    return json.dumps(_error(fault))


def _error(fault: Exception) -> dict[str, Any]:
    return {
        "errorType": type(fault).__name__,
        "errorMessage": str(fault),
        "stackTrace": traceback.format_tb(fault.__traceback__),
    }


def _post(api: http.client.HTTPConnection, path: str, body: str) -> None:
    api.request("POST", _API + path, body.encode(), {"Content-Type": "application/json"})
    api.getresponse().read()


if __name__ == "__main__":
    main(sys.argv[1])
