"""The laptop's model server, through boto3's own SageMaker client."""

import json
import threading
import urllib.request
from collections.abc import Callable, Sequence
from typing import Any

import psutil
import pytest
from botocore.exceptions import ClientError
from PIL import Image
from rich.console import Console

from local.models import hosting
from local.models import server as server_module
from local.models.app import ModelServer, ModelSettings, model_server
from local.models.batching import ContainerGone, ContainerTimeout
from local.models.container import Reply
from local.models.errors import UnusableModel
from local.models.py_process import PyProcess
from tests.model.runtime_client import client_of
from tests.support.waiting import eventually


def test_a_client_error_of_the_model_is_a_model_error(runtime: Any) -> None:
    error = _error(runtime, "blip2", {"image": "AAAA"})

    assert error["Error"]["Code"] == "ModelError"
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 424
    assert error["OriginalStatusCode"] == 400
    assert "can't be decoded" in error["OriginalMessage"]
    assert "Received client error (400) from primary" in error["Error"]["Message"]
    assert error["LogStreamArn"].startswith("arn:aws:logs:")


def test_an_unknown_endpoint_is_a_validation_error(runtime: Any) -> None:
    error = _error(runtime, "blip-2", {})

    assert error["Error"]["Code"] == "ValidationError"
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert "Endpoint blip-2 of account" in error["Error"]["Message"]


def test_too_large_a_body_is_refused_as_by_sagemaker(runtime: Any) -> None:
    error = _error(runtime, "blip2", {"image": "A" * server_module.MAX_BODY_BYTES})

    assert error["Error"]["Code"] == "413"
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 413


@pytest.mark.parametrize(
    ("reply", "status"),
    [(Reply(503, b"{}"), 503), (Reply(507, b"no memory"), 507), (ContainerTimeout(), 0)],
    ids=["queue full", "out of memory", "timeout"],
)
def test_a_failing_container_is_a_server_error(
    runtime: Any, served: ModelServer, monkeypatch: pytest.MonkeyPatch, reply: object, status: int
) -> None:
    def fail(self: object, body: bytes, attributes: str) -> object:
        if isinstance(reply, Exception):
            raise reply
        return reply

    monkeypatch.setattr("local.models.blip2.Blip2Endpoint.invoke", fail)

    error = _error(runtime, "blip2", {})

    assert error["Error"]["Code"] == "ModelError"
    assert error["OriginalStatusCode"] == status
    assert f"Received server error ({status})" in error["Error"]["Message"]


def test_a_container_that_has_exited_is_unavailable(runtime: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(self: object, body: bytes, attributes: str) -> object:
        raise ContainerGone

    monkeypatch.setattr("local.models.blip2.Blip2Endpoint.invoke", gone)

    error = _error(runtime, "blip2", {})

    assert error["Error"]["Code"] == "ServiceUnavailable"
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 503


def test_a_process_that_dies_costs_one_answer_and_a_restart(
    checkpoint: Any, picture: Any, encoded: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the template's own SERVING_FAIL_FAST."""
    monkeypatch.setattr(hosting, "PING_S", 0.1)
    image = encoded(picture())
    others = psutil.Process().children()
    with model_server(ModelSettings(blip2_model=str(checkpoint)), Console(quiet=True)) as server:
        runtime = client_of(server.url)
        before = _caption(runtime, image)
        (process,) = set(psutil.Process().children()) - set(others)
        process.suspend()  # so that it dies in the midst of a call
        invoke = PyProcess.invoke

        def invoke_and_kill(self: PyProcess, bodies: Sequence[bytes | None]) -> list[Reply]:
            threading.Timer(0.5, process.kill).start()
            return invoke(self, bodies)

        with monkeypatch.context() as once:
            once.setattr(PyProcess, "invoke", invoke_and_kill)
            error = _error(runtime, "blip2", {"image": image})
        answered = eventually(lambda: _answered(runtime, image))

    assert (error["OriginalStatusCode"], "disconnected" in error["OriginalMessage"]) == (503, True)
    assert answered == before


def test_every_answer_has_a_request_id(runtime: Any, picture: Any, encoded: Any) -> None:
    answered = runtime.invoke_endpoint(EndpointName="blip2", Body=json.dumps({"image": encoded(picture())}))
    refused = _error(runtime, "nowhere", {})

    ids = [each["ResponseMetadata"]["RequestId"] for each in (answered, refused)]
    assert all(len(each) == 36 for each in ids)
    assert ids[0] != ids[1]


def test_answers_have_their_content_type(runtime: Any, picture: Any, encoded: Any) -> None:
    image = encoded(picture())

    plain = runtime.invoke_endpoint(EndpointName="blip2", Body=json.dumps({"image": image}))
    ours = runtime.invoke_endpoint(EndpointName="blip2", Body=json.dumps({"image": image, "caption": True}))

    assert plain["ContentType"] == "text/plain"
    assert ours["ContentType"] == "application/json"


def test_many_clients_at_once_get_their_own_answers(
    runtime: Any, picture: Callable[..., Image.Image], encoded: Callable[..., str]
) -> None:
    images = [encoded(picture(seed)) for seed in range(12)]
    one_by_one = [_caption(runtime, image) for image in images]
    together: dict[int, str] = {}

    threads = [
        threading.Thread(target=lambda index=index, image=image: together.update({index: _caption(runtime, image)}))
        for index, image in enumerate(images)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [together[index] for index in range(12)] == one_by_one


def test_health_and_about(served: ModelServer) -> None:
    with urllib.request.urlopen(f"{served.url}/health") as response:  # noqa: S310
        assert response.status == 200
    with urllib.request.urlopen(f"{served.url}/about") as response:  # noqa: S310
        about = json.load(response)

    assert about["blip2"]["input_size"] == 64
    assert about["llama"]["stand_in"] is True
    assert "stand-in" in about["llama"]["model"].lower()


def test_the_banner_says_who_answers(served: ModelServer) -> None:
    assert "tiny" in served.banner
    assert "stand-in" in served.banner.lower()


def test_nothing_is_left_running(checkpoint: Any) -> None:
    before = set(threading.enumerate())

    with model_server(ModelSettings(blip2_model=str(checkpoint)), Console(quiet=True)) as server:
        url = server.url

    assert set(threading.enumerate()) <= before
    with pytest.raises(OSError):
        urllib.request.urlopen(f"{url}/health", timeout=1)  # noqa: S310


def test_settings_come_from_the_environment() -> None:
    assert ModelSettings.from_env({"BLIP2_MODEL": "folder", "LLAMA_MODEL": ""}) == ModelSettings(blip2_model="folder")


def test_two_judges_are_one_too_many() -> None:
    with pytest.raises(UnusableModel, match="LLAMA_MODEL and LLAMA_URL"):
        ModelSettings.from_env({"LLAMA_MODEL": "a", "LLAMA_URL": "http://b"})


def _caption(runtime: Any, image: str) -> str:
    response = runtime.invoke_endpoint(EndpointName="blip2", Body=json.dumps({"image": image}))
    text: str = response["Body"].read().decode()
    return text


def _answered(runtime: Any, image: str) -> str | None:
    try:
        return _caption(runtime, image)
    except ClientError:
        return None


def _error(runtime: Any, endpoint: str, body: dict[str, Any]) -> dict[str, Any]:
    with pytest.raises(ClientError) as caught:
        runtime.invoke_endpoint(EndpointName=endpoint, Body=json.dumps(body))
    return {**caught.value.response}
