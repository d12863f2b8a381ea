"""The Lambda runtime by itself, with AWS's client and with ours."""

import io
import json
import os
import signal
import threading
import time
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from local.cloud.runtime.fleet import Fleet, Limits
from local.cloud.runtime.function import ConcurrencyExceeded, Function, InvocationResult
from tests.support.waiting import PATIENCE_S, eventually

CODE = """
import json, os, time

class Odd(Exception):
    pass

def handler(event, context):
    print("seen", event.get("say"))
    if "sleep" in event:
        time.sleep(event["sleep"])
    if "until" in event:
        open(event["entered"], "w").close()
        while not os.path.exists(event["until"]):
            time.sleep(0.01)
    if "raise" in event:
        raise Odd(event["raise"])
    if "answer" in event:
        return "ä" * event["answer"]
    return {
        "pid": os.getpid(),
        "name": context.function_name,
        "arn": context.invoked_function_arn,
        "memory": str(context.memory_limit_in_mb),
        "left": context.get_remaining_time_in_millis(),
        "trace": os.environ.get("_X_AMZN_TRACE_ID", ""),
        "variable": os.environ["VARIABLE"],
        "cloud": os.environ["AWS_ENDPOINT_URL"],
        "path": os.environ.get("PYTHONPATH"),
    }
"""

FUNCTION = Function(
    arn="arn:aws:lambda:us-east-1:123456789012:function:test",
    name="test",
    handler="code_under_test.handler",
    runtime="python3.14",
    memory_mb=256,
    timeout_s=2,
    region="us-east-1",
    environment=(("VARIABLE", "value"),),
    log_group="/aws/lambda/test",
    log_format="Text",
    code_sha256="1",
    reserved_concurrency=None,
    role_arn="arn:aws:iam::123456789012:role/test",
)
PATIENT = replace(FUNCTION, timeout_s=PATIENCE_S)
CLOUD = {"AWS_ENDPOINT_URL": "http://cloud", "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}


class Gate:
    """Holds an invocation of the function until it is opened."""

    def __init__(self, folder: Path) -> None:
        self._entered, self._opened = folder / "entered", folder / "opened"
        self.event = {"entered": str(self._entered), "until": str(self._opened)}

    def wait_until_entered(self) -> None:
        eventually(self._entered.exists)

    def open(self) -> None:
        self._opened.touch()


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    return Gate(tmp_path)


def zipped(code: str = CODE) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("code_under_test.py", code)
    return buffer.getvalue()


@pytest.fixture(scope="module", params=["aws", "python"])
def fleet(request: pytest.FixtureRequest) -> Iterator[Fleet]:
    if request.param == "aws":
        pytest.importorskip("awslambdaric", reason="no wheel for this platform")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LOCAL_LAMBDA_RUNTIME", request.param)
        fleet = Fleet(Limits(workers=3, workers_per_function=2), lambda function: CLOUD)
        yield fleet
        fleet.close()


def run(fleet: Fleet, event: dict[str, Any], function: Function = FUNCTION, code: str = CODE) -> InvocationResult:
    return fleet.invoke(function, lambda: zipped(code), json.dumps(event).encode())


def test_a_handler_gets_event_context_and_environment(fleet: Fleet) -> None:
    result = json.loads(run(fleet, {}).payload)

    assert result["name"] == "test"
    assert result["arn"] == FUNCTION.arn
    assert result["memory"] == "256"
    assert 0 < result["left"] <= 2000
    assert result["trace"].endswith("Sampled=0")
    assert result["variable"] == "value"
    assert result["cloud"] == "http://cloud"


def test_large_answers_and_unicode_survive(fleet: Fleet) -> None:
    assert json.loads(run(fleet, {"answer": 500_000}).payload) == "ä" * 500_000


def test_what_a_handler_raises_is_its_answer(fleet: Fleet) -> None:
    answer = run(fleet, {"raise": "because"})

    assert answer.failed
    error = json.loads(answer.payload)
    assert (error["errorType"], error["errorMessage"]) == ("Odd", "because")
    assert error["stackTrace"]


def test_each_invocation_gets_its_own_part_of_the_log(fleet: Fleet) -> None:
    first, second = run(fleet, {"say": "one"}), run(fleet, {"say": "two"})

    assert "seen one" in first.log
    assert "seen two" in second.log
    assert "one" not in second.log


def test_a_timeout_ends_the_worker_and_says_so(fleet: Fleet) -> None:
    answer = run(fleet, {"sleep": 60}, replace(FUNCTION, timeout_s=1))

    assert json.loads(answer.payload)["errorType"] == "Sandbox.Timedout"
    assert "Task timed out after 1.00 seconds" in json.loads(answer.payload)["errorMessage"]


def test_a_worker_killed_at_work_is_reported_and_replaced(fleet: Fleet, gate: Gate) -> None:
    pid = json.loads(run(fleet, {}, PATIENT).payload)["pid"]
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(run, fleet, gate.event, PATIENT)
        gate.wait_until_entered()
        os.kill(pid, signal.SIGKILL)
        answer = running.result()

    assert json.loads(answer.payload)["errorType"] == "Runtime.ExitError"
    assert "signal: killed" in json.loads(answer.payload)["errorMessage"]
    assert not run(fleet, {}).failed


def test_a_worker_that_died_while_idle_is_not_used(fleet: Fleet) -> None:
    pid = json.loads(run(fleet, {}).payload)["pid"]
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: not psutil.pid_exists(pid))  # the fleet has noticed

    assert not run(fleet, {}).failed


def test_a_worker_is_not_used_while_its_end_is_being_noticed(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    reaped, waitpid = threading.Event(), os.waitpid

    def slow_waitpid(pid: int, options: int) -> tuple[int, int]:
        found = waitpid(pid, options)
        reaped.set()
        time.sleep(0.5)
        return found

    monkeypatch.setattr(os, "waitpid", slow_waitpid)
    started = replace(FUNCTION, arn=FUNCTION.arn + "-noticed")
    os.kill(json.loads(run(fleet, {}, started).payload)["pid"], signal.SIGKILL)
    assert reaped.wait(PATIENCE_S)

    assert not run(fleet, {}, started).failed


def test_code_that_cannot_be_imported_is_the_answer(fleet: Fleet) -> None:
    broken = replace(FUNCTION, arn=FUNCTION.arn + "-broken", code_sha256="broken")
    for _ in range(2):
        answer = run(fleet, {}, broken, "import no_such_module")
        assert json.loads(answer.payload)["errorType"] == "Runtime.ImportModuleError"
        assert "no_such_module" in json.loads(answer.payload)["errorMessage"]


def test_a_new_version_of_the_code_replaces_warm_workers(fleet: Fleet) -> None:
    function = replace(FUNCTION, arn=FUNCTION.arn + "-versions", code_sha256="first")
    assert json.loads(run(fleet, {}, function, "def handler(e, c): return 1").payload) == 1

    function = replace(function, code_sha256="second")
    assert json.loads(run(fleet, {}, function, "def handler(e, c): return 2").payload) == 2


def test_nothing_of_ours_is_importable_for_a_handler(fleet: Fleet) -> None:
    """A handler that could import the runtime's own modules would work here and fail in AWS."""
    code = "import importlib.util as u\ndef handler(e, c): return [u.find_spec(n) is None for n in ('fleet', 'worker')]"
    function = replace(FUNCTION, arn=FUNCTION.arn + "-own", code_sha256="own")

    assert json.loads(run(fleet, {}, function, code).payload) == [True, True]


def test_invocations_beyond_the_workers_wait(fleet: Fleet) -> None:
    with ThreadPoolExecutor(5) as pool:
        answers = list(pool.map(lambda _: run(fleet, {"sleep": 0.1}), range(5)))

    assert not any(answer.failed for answer in answers)
    assert len({json.loads(answer.payload)["pid"] for answer in answers}) <= 2


def test_a_function_without_workers_displaces_an_idle_one_at_the_limit(fleet: Fleet) -> None:
    for number in range(4):
        function = replace(FUNCTION, arn=f"{FUNCTION.arn}-{number}", name=f"test-{number}")
        assert json.loads(run(fleet, {}, function).payload)["name"] == f"test-{number}"


def test_a_function_at_work_needs_not_wait_for_itself_while_another_is_idle_at_the_limit(
    fleet: Fleet, gate: Gate
) -> None:
    """Two executions may wait for each other: AWS would run both."""
    others = [replace(FUNCTION, arn=f"{FUNCTION.arn}-{number}", name=f"test-{number}") for number in range(2)]
    for other in others:
        run(fleet, {}, other)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(run, fleet, gate.event, PATIENT)
        gate.wait_until_entered()
        assert not run(fleet, {}, PATIENT).failed
        gate.open()
        assert not running.result().failed


def test_beyond_the_reserved_concurrency_nothing_runs(fleet: Fleet, gate: Gate) -> None:
    function = replace(PATIENT, arn=FUNCTION.arn + "-reserved", reserved_concurrency=1)
    run(fleet, {}, function)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(run, fleet, gate.event, function)
        gate.wait_until_entered()
        with pytest.raises(ConcurrencyExceeded):
            run(fleet, {}, function)
        gate.open()
        assert not running.result().failed


def test_closing_leaves_no_process_and_no_file(gate: Gate) -> None:
    fleet = Fleet(Limits(workers=3, workers_per_function=2), lambda function: CLOUD)
    first = json.loads(run(fleet, {}).payload)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(run, fleet, gate.event, PATIENT)
        gate.wait_until_entered()
        fleet.close()
        assert running.result().failed

    assert not psutil.pid_exists(first["pid"])
    assert not os.path.exists(first["path"])  # noqa: PTH110 - a text from another process
