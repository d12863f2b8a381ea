"""A state that waits for an execution: it asks once whether it may, and again when the execution has ended."""

import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_sfn import (
    StateTaskServiceSfn,
)
from moto.stepfunctions.parser.models import StepFunctionsParserBackend

from local.cloud.moto_patches import interpreter_sync

ARN = "arn:aws:states:us-east-1:123456789012:execution:machine:name"


class Waiting:
    """A state that waits for an execution, and what it asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, is_patched: bool) -> None:
        self.asked, self.ended, self.is_running = 0, threading.Event(), True
        monkeypatch.setattr(StateTaskServiceSfn, "_build_sync_resolver", StateTaskServiceSfn._build_sync_resolver)
        monkeypatch.setattr(StateTaskServiceSfn, "_build_sync2_resolver", lambda task, env: self._ask)
        monkeypatch.setattr(StepFunctionsParserBackend, "describe_execution", lambda backend, arn: self)
        if is_patched:
            interpreter_sync.install()
        env = SimpleNamespace(stack=[{"ExecutionArn": ARN}], is_running=lambda: self.is_running)
        self.resolve = StateTaskServiceSfn()._build_sync2_resolver(env)

    def _ask(self) -> Any:
        self.asked += 1
        return "done" if self.ended.is_set() else None


def test_the_end_is_noticed_at_once_and_asked_for_once(is_patched: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    waiting = Waiting(monkeypatch, is_patched=is_patched)

    with ThreadPoolExecutor(1) as pool:
        threading.Timer(0.3, waiting.ended.set).start()
        answer = pool.submit(waiting.resolve).result(30)

    assert (answer, waiting.asked) == ("done", 2)


def test_a_stopped_state_waits_no_longer(is_patched: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    waiting = Waiting(monkeypatch, is_patched=is_patched)
    answers: list[Any] = []

    waits = threading.Thread(target=lambda: answers.append(waiting.resolve()), daemon=True)
    waits.start()
    waits.join(0.3)
    assert waits.is_alive(), "it waits"
    waiting.is_running = False
    waits.join(30)

    assert answers == [None]
    assert waiting.asked == 1
