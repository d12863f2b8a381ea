"""Parsing a definition is the most expensive part of the interpreter: executions share it."""

import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.parser.asl.utils import json_path
from moto.stepfunctions.parser.backend.execution_worker import ExecutionWorker

from local.cloud.moto_patches import interpreter_parse
from tests.local.moto_patches.cloud import unique


def test_executions_that_start_together_parse_their_definition_once(
    is_patched: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed, definition = [], unique()

    def parse(text: str) -> tuple[list[str], None]:
        parsed.append(text)
        time.sleep(0.1)  # so that the others come meanwhile
        return [text], None

    monkeypatch.setattr(AmazonStateLanguageParser, "parse", parse)
    monkeypatch.setattr(ExecutionWorker, "_get_evaluation_entrypoint", ExecutionWorker._get_evaluation_entrypoint)
    monkeypatch.setattr(json_path, "parse", json_path.parse)  # both restored afterwards
    if is_patched:
        interpreter_parse.install()
    machine = SimpleNamespace(definition=definition)
    worker = SimpleNamespace(_evaluation_details=SimpleNamespace(state_machine_details=machine))

    with ThreadPoolExecutor(4) as pool:
        programs = list(pool.map(ExecutionWorker._get_evaluation_entrypoint, [worker] * 4))

    assert programs == [[definition]] * 4
    assert len({id(program) for program in programs}) == 4, "each execution has a copy of its own"
    assert parsed == [definition]


def test_a_path_is_parsed_once(is_patched: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    parsed, parse_of_moto = [], json_path.parse

    def parse(path: str) -> Any:
        parsed.append(path)
        return parse_of_moto(path)

    monkeypatch.setattr(json_path, "parse", parse)
    monkeypatch.setattr(ExecutionWorker, "_get_evaluation_entrypoint", ExecutionWorker._get_evaluation_entrypoint)
    if is_patched:
        interpreter_parse.install()

    values = [json_path.extract_json("$.a", {"a": number}) for number in (1, 2)]

    assert values == [1, 2]
    assert parsed == ["$.a"]
