"""Parsing a definition is the dearest thing that the interpreter does: executions share it."""

import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.parser.asl.utils import json_path
from moto.stepfunctions.parser.backend.execution_worker import ExecutionWorker

from local.cloud.moto_patches import interpreter_parse


def test_executions_that_start_together_parse_their_definition_once_and_share_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    parsed = []

    def parse(definition: str) -> tuple[list[str], None]:
        parsed.append(definition)
        time.sleep(0.1)
        return [definition], None

    monkeypatch.setattr(ExecutionWorker, "_get_evaluation_entrypoint", None)
    monkeypatch.setattr(json_path, "parse", json_path.parse)
    monkeypatch.setattr(AmazonStateLanguageParser, "parse", parse)
    interpreter_parse.install()
    worker = SimpleNamespace(
        _evaluation_details=SimpleNamespace(state_machine_details=SimpleNamespace(definition="a machine"))
    )

    with ThreadPoolExecutor(4) as pool:
        programs = list(pool.map(ExecutionWorker._get_evaluation_entrypoint, [worker] * 4))

    assert parsed == ["a machine"]
    assert programs == [["a machine"]] * 4
    assert len({id(program) for program in programs}) == 4
