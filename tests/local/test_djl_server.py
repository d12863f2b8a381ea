"""Containers: their start and their answers, by the model folder and the environment that they are given."""

from pathlib import Path

import pytest

from local.models.djl_properties import UnknownStart
from local.models.djl_server import DjlServer, ServerStopped

ECHO = """
from djl_python import Output
def handle(inputs):
    if inputs.is_empty():
        seen.update(inputs.get_properties())
        return None
    return Output().add(seen)
seen = {}
"""
NEEDS_WEIGHTS = 'def handle(inputs):\n    open(inputs.get_properties()["model_id"])\n'
BATCHED = "engine=Python\noption.rolling_batch=disable\nbatch_size=8\n"


def model(folder: Path, code: str, properties: str = BATCHED) -> Path:
    folder.mkdir()
    (folder / "model.py").write_text(code)
    (folder / "serving.properties").write_text(properties)
    return folder


def test_the_handler_gets_the_environments_options(tmp_path: Path) -> None:
    server = DjlServer(model(tmp_path / "model", ECHO), {"OPTION_MODEL_ID": "weights", "OTHER": "x"})

    reply = server.invoke(b"{}")
    server.close()

    assert reply.status == 200
    assert b'"model_id":"weights"' in reply.body
    assert b"OTHER" not in reply.body


@pytest.mark.parametrize("environment", [{}, {"OPTION_MODEL_ID": "owner/nowhere"}], ids=["none", "unknown"])
def test_a_handler_without_weights_stops_the_server(tmp_path: Path, environment: dict[str, str]) -> None:
    with pytest.raises(ServerStopped, match="Model model can't be started"):
        DjlServer(model(tmp_path / "model", NEEDS_WEIGHTS), environment)


def test_with_two_models_every_request_must_name_one(tmp_path: Path) -> None:
    other = model(tmp_path / "other", ECHO)
    server = DjlServer(model(tmp_path / "model", ECHO), {"HF_MODEL_ID": str(other)})

    reply = server.invoke(b"{}")
    server.close()

    assert (reply.status, b"Parameter model_name is required." in reply.body) == (400, True)


@pytest.mark.parametrize(
    ("properties", "environment"),
    [
        ("engine=Python\noption.async_mode=true\noption.rolling_batch=disable\n", {}),
        ("engine=Python\noption.rolling_batch=vllm\n", {}),
        (BATCHED, {"HF_MODEL_ID": "owner/model"}),
        (BATCHED + "option.entryPoint=djl_python.huggingface\n", {}),
    ],
    ids=["asynchronous", "rolling batch", "a model of the hub", "another handler"],
)
def test_what_the_double_cant_do_is_refused(tmp_path: Path, properties: str, environment: dict[str, str]) -> None:
    with pytest.raises(UnknownStart):
        DjlServer(model(tmp_path / "model", ECHO, properties), environment)
