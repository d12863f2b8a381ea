"""Execution environment: a child process that runs a function's handler, one event at a time."""

import os
import platform
import queue
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from local.cloud.runtime.function import Function, InvocationResult, error_payload
from local.cloud.runtime.runtime_api import Exited, Invocation, LambdaRuntimeApi, Posted

INIT_TIMEOUT_S = 60  # AWS allows 10 s; a laptop that starts many workers at once needs longer
_PASSED_ON = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SSL_CERT_FILE")


def client_command() -> list[str]:
    """Return the command of a worker: AWS's own client where it has a wheel, ours elsewhere.

    `LOCAL_LAMBDA_RUNTIME=python` selects ours everywhere.
    """
    chosen = os.environ.get("LOCAL_LAMBDA_RUNTIME", "aws" if platform.system() == "Linux" else "python")
    if chosen == "aws":
        return [sys.executable, "-m", "awslambdaric"]
    return [sys.executable, "-P", str(Path(__file__).with_name("python_client.py"))]


# Folders of layers, and what set-up made of them.
_OF_LAYERS = {"/opt/reader": str(Path(__file__).parents[3] / "build/reader")}


class Worker:
    """Warm subprocess with the Runtime API that it polls."""

    def __init__(self, function: Function, task_root: Path, cloud: Mapping[str, str]) -> None:
        """`task_root` holds the unpacked code; `cloud` points SDKs to the emulator, with the role's keys."""
        self.function = function
        self.log_stream = f"{datetime.now(UTC):%Y/%m/%d}/[$LATEST]{uuid.uuid4().hex}"
        self._api = LambdaRuntimeApi()
        self._log_path = task_root.parent / f"{uuid.uuid4().hex}.log"
        with self._log_path.open("ab") as log:
            self._process = subprocess.Popen(
                [*client_command(), function.handler],
                cwd=task_root,
                env=self._environment(task_root, cloud),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C reaches the session, which stops its workers in order
            )
        threading.Thread(target=self._watch, daemon=True).start()

    @property
    def alive(self) -> bool:
        """False for an ended process, and for one that couldn't start and is about to end."""
        return self._process.returncode is None and _exists(self._process.pid) and not self._api.start_failed

    def invoke(self, event: bytes) -> InvocationResult:
        """Run the handler once. Don't reuse a worker that isn't `alive` afterwards."""
        request_id = str(uuid.uuid4())
        if not self._api.ready.wait(INIT_TIMEOUT_S):
            return self._end(request_id, "Sandbox.Timedout", f"Init timed out after {INIT_TIMEOUT_S} seconds")
        timeout = self.function.timeout_s
        deadline_ms = int((time.time() + timeout) * 1000)
        self._api.hand_over(Invocation(request_id, event, deadline_ms, self.function.arn))
        try:
            outcome = self._api.outcomes.get(timeout=timeout)
        except queue.Empty:
            return self._end(request_id, "Sandbox.Timedout", f"Task timed out after {timeout}.00 seconds")
        if isinstance(outcome, Posted):
            return self._answer(outcome.payload, outcome.failed)
        return self._end(request_id, "Runtime.ExitError", f"Runtime exited with error: {self._exit_status()}")

    def close(self) -> None:
        """Stop the process and the Runtime API; idempotent."""
        self._process.kill()
        self._process.wait()
        self._log_path.unlink(missing_ok=True)

    def _environment(self, task_root: Path, cloud: Mapping[str, str]) -> dict[str, str]:
        """Return the variables of a Lambda environment. This interpreter's packages replace the layers."""
        function = self.function
        return {
            **{name: os.environ[name] for name in _PASSED_ON if name in os.environ},
            "HOME": str(task_root.parent),
            "TZ": ":UTC",
            "PYTHONPATH": str(task_root),
            "PYTHONUNBUFFERED": "1",
            "LAMBDA_TASK_ROOT": str(task_root),
            "AWS_LAMBDA_RUNTIME_API": self._api.address,
            "_HANDLER": function.handler,
            "AWS_LAMBDA_FUNCTION_NAME": function.name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_mb),
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_LAMBDA_LOG_FORMAT": function.log_format,
            "AWS_LAMBDA_LOG_GROUP_NAME": function.log_group,
            "AWS_LAMBDA_LOG_STREAM_NAME": self.log_stream,
            "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.runtime}",
            "AWS_REGION": function.region,
            "AWS_DEFAULT_REGION": function.region,
            **{name: _OF_LAYERS.get(value, value) for name, value in function.environment},
            **cloud,
        }

    def _watch(self) -> None:
        """Post a result when the process ends, so that an invocation never waits for a dead worker."""
        self._process.wait()
        self._api.post(Exited())
        self._api.close()

    def _end(self, request_id: str, error_type: str, what: str) -> InvocationResult:
        self._process.kill()
        self._process.wait()
        return self._answer(error_payload(error_type, f"RequestId: {request_id} Error: {what}"), failed=True)

    def _exit_status(self) -> str:
        """Return the exit status in Lambda's words: an environment out of memory ends with "signal: killed"."""
        code = self._process.wait()
        return "signal: killed" if code < 0 else f"exit status {code}"

    def _answer(self, payload: str, failed: bool) -> InvocationResult:
        return InvocationResult(payload, failed, self._take_log(), self.log_stream)

    def _take_log(self) -> str:
        """Return the output of the worker since the last call, and truncate its file."""
        try:
            with self._log_path.open("r+b") as log:
                text = log.read().decode(errors="replace")
                log.truncate(0)
        except FileNotFoundError:  # closed from another thread while it was busy
            return ""
        return text


def _exists(pid: int) -> bool:
    """Return False once the process is reaped. `Popen.poll` returns None as long as another thread waits for it."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
