"""A vision model on an OpenAI-compatible server, from the laptop's endpoint to the verdict."""

import io
import json
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from rich.console import Console

from local.harness.laptop import Laptop
from local.models.app import ModelServer, ModelSettings, model_server
from local.models.errors import UnusableModel
from local.models.vision_url import INPUT_SIZE, VisionUrl
from local.policies import publish_demo_pack
from local.samples import sample_drawings
from local.synth import synthesise
from model_artifacts.demo.export import CHECKPOINT
from tests.model.openai_vision_server import MODEL, OpenAiVisionServer

CHAT = {
    "messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": ""}}, {"type": "text"}]}],
    "max_tokens": 20,
}


@pytest.fixture(scope="module")
def eyes() -> OpenAiVisionServer:
    return OpenAiVisionServer(CHECKPOINT)


@pytest.fixture(scope="module")
def models(eyes: OpenAiVisionServer) -> Iterator[ModelServer]:
    with eyes.serving() as url:
        settings = ModelSettings(vision_url=url, vision_url_model=MODEL)
        with model_server(settings, Console(quiet=True)) as server:
            yield server


@pytest.fixture(scope="module")
def deployed(models: ModelServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laptop]:
    """The pipeline with `blip2Dialect=openai`, under the demo's pack, which asks what the checkpoint knows."""
    folder = tmp_path_factory.mktemp("openai")
    assembly = synthesise(folder, models.vision.input_size, blip2_dialect=models.vision.dialect)
    with Laptop(assembly, models.url) as laptop:
        publish_demo_pack(laptop.outputs, laptop.url)
        yield laptop


def _verdicts(laptop: Laptop, prefix: str, seed: int) -> list[tuple[str, dict[str, Any]]]:
    """Upload a safe and two unsafe drawings, and return the expected verdict of each with its record."""
    drawings = list(sample_drawings(seed))[2:5]
    for drawing in drawings:
        file = io.BytesIO()
        drawing.image.save(file, "PNG")
        laptop.upload(f"{prefix}/{drawing.name}.png", file.getvalue())
    return [(each.expected, laptop.wait_for_verdict(f"{prefix}/{each.name}.png")) for each in drawings]


def test_drawings_get_their_verdicts_with_p_from_logprobs(deployed: Laptop, eyes: OpenAiVisionServer) -> None:
    eyes.logprobs = True

    verdicts = _verdicts(deployed, "scored", seed=1)

    assert [item["verdict"] for _, item in verdicts] == [expected for expected, _ in verdicts]
    for _, item in verdicts:
        assert item["models"]["blip2"] == f"{MODEL} (openai)"
        assert all(0 <= float(answer["p_yes"]) <= 1 for answer in item["answers"])
        assert item["captions"]


def test_drawings_get_verdicts_without_logprobs_and_the_record_says_so(
    deployed: Laptop, eyes: OpenAiVisionServer
) -> None:
    eyes.logprobs = False

    verdicts = _verdicts(deployed, "unscored", seed=2)

    # A bare yes counts as 1, however doubtful, so that a safe drawing may be unsafe, but no unsafe one safe.
    assert all(item["verdict"] == "unsafe" for expected, item in verdicts if expected == "unsafe")
    for _, item in verdicts:
        assert item["models"]["blip2"] == f"{MODEL} (openai, without logprobs)"
        assert all(answer["p_yes"] is None for answer in item["answers"])


def test_the_models_are_described(models: ModelServer) -> None:
    assert models.vision.input_size == INPUT_SIZE
    assert (models.vision.demo, models.vision.dialect) == (False, "openai")
    assert MODEL in models.banner


def test_a_failing_server_is_a_failing_container(eyes: OpenAiVisionServer) -> None:
    with eyes.serving() as url:
        endpoint = VisionUrl(url, MODEL)
        eyes.status = 503
        busy = endpoint.invoke(json.dumps(CHAT).encode(), "")
        eyes.status = 200
    gone = endpoint.invoke(json.dumps(CHAT).encode(), "")

    assert (busy.status, gone.status) == (503, 502)
    assert b"gave no usable answer" in gone.body


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ({"VISION_URL": "localhost:11434"}, "VISION_URL=localhost:11434: give the address"),
        ({"VISION_URL": "http://127.0.0.1:9"}, "VISION_URL=http://127.0.0.1:9: .* can't be read"),
        ({"VISION_URL_MODEL": "llava"}, "set VISION_URL"),
        ({"VISION_URL": "http://a", "BLIP2_MODEL": "b"}, "BLIP2_MODEL and VISION_URL"),
    ],
)
def test_unusable_settings_are_refused_in_words(environment: dict[str, str], says: str) -> None:
    with pytest.raises(UnusableModel, match=says), ExitStack() as stack:
        stack.enter_context(model_server(ModelSettings.from_env(environment), Console(quiet=True)))


def test_a_model_that_the_server_lacks_is_refused(eyes: OpenAiVisionServer) -> None:
    with eyes.serving() as url, pytest.raises(UnusableModel, match=f"VISION_URL_MODEL=x: .* has embedder, {MODEL}"):
        VisionUrl(url, "x")
