"""Bounds on what the emulator keeps of ended executions; running ones are never touched."""

import threading
from types import SimpleNamespace
from typing import Any

import moto.stepfunctions.parser.utils as parser_utils
import pytest

from local.cloud.moto_patches import executions


def _execution(number: int, ended: bool) -> SimpleNamespace:
    return SimpleNamespace(
        name=str(number),
        account_id="123456789012",
        region_name="us-east-1",
        state_machine=SimpleNamespace(arn="arn:machine"),
        stop_date="then" if ended else None,
        exec_worker=SimpleNamespace(env="history"),
    )


def test_old_histories_then_old_executions_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    running = [_execution(0, ended=False)]
    machine = SimpleNamespace(arn="arn:machine", executions=running + [_execution(n, ended=True) for n in range(1, 8)])
    backends: Any = {"123456789012": {"us-east-1": SimpleNamespace(state_machines=[machine])}}
    monkeypatch.setattr(executions, "stepfunctions_parser_backends", backends)
    monkeypatch.setattr(executions, "KEPT_HISTORIES", 2)
    monkeypatch.setattr(executions, "KEPT_EXECUTIONS", 5)

    executions._forget_old(machine.executions[-1])

    kept = {execution.name: execution.exec_worker.env for execution in machine.executions}
    assert kept == {"0": "history", "3": None, "4": None, "5": None, "6": "history", "7": "history"}


def test_ended_threads_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    done = threading.Event()
    ended, alive = threading.Thread(target=print), threading.Thread(target=done.wait)
    for thread in (ended, alive):
        thread.start()
    ended.join()
    monkeypatch.setattr(parser_utils, "TMP_THREADS", threads := [ended, alive])
    monkeypatch.setattr(executions, "stepfunctions_parser_backends", {"1": {"r": SimpleNamespace(state_machines=[])}})

    executions._forget_old(SimpleNamespace(account_id="1", region_name="r", state_machine=SimpleNamespace(arn="gone")))

    assert threads == [alive]
    done.set()
