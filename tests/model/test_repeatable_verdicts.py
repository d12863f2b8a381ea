"""The same image gets the same verdict, run after run, whoever shares the batch with it: shipped checkpoint, CPU."""

import io
import random
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import pytest
import yaml
from PIL import Image
from rich.console import Console

from local.models.app import ModelServer, ModelSettings, model_server
from local.models.container import Reply
from local.models.py_process import PyProcess
from model_artifacts.demo import DEMO_PACK
from model_artifacts.demo.drawings import SUBJECTS, draw, embed_small
from moderation.adapters.reader.ocr import OcrReader
from moderation.adapters.sagemaker_blip2 import ScoredBlip2
from moderation.adapters.sagemaker_endpoint import SageMakerEndpoint
from moderation.adapters.sagemaker_llama import SageMakerJudge
from moderation.domain.image_ref import ImageRef
from moderation.domain.policy import parse_pack
from moderation.domain.work_files import Workspace
from moderation.ports import Policies, StoredImage
from moderation.usecases.judge_image import judge_image
from moderation.usecases.prepare_image import PreparePorts, prepare_image
from moderation.usecases.query_image import query_image
from moderation.usecases.read_image import read_image
from stacks.wheels import READER_MODELS
from tests.support.fakes import FakeImages, FakePolicies, FakeVerdicts, FakeWork

AT_ONCE = (1, 2, 3, 5, 10)  # images in flight together, a run each: the batches differ with it


@pytest.fixture(scope="module")
def demo_models() -> Iterator[ModelServer]:
    with model_server(ModelSettings(), Console(quiet=True)) as server:
        yield server


@pytest.fixture
def batches(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The number of requests that each call of the model answered."""
    sizes: list[int] = []
    invoke = PyProcess.invoke

    def counted(process: PyProcess, bodies: Sequence[bytes | None]) -> list[Reply]:
        sizes.append(len(bodies))
        return invoke(process, bodies)

    monkeypatch.setattr(PyProcess, "invoke", counted)
    return sizes


def ten_images() -> dict[str, bytes]:
    """One of each kind, and a large scene that is cut into tiles."""
    rng = random.Random(4243)
    drawings: dict[str, Image.Image] = {
        subject: draw(rng, split="heldout", only=subject, size=320).image for subject in SUBJECTS
    }
    drawings["small"] = embed_small(rng, only="weapon", size=(600, 600)).image
    return {name: _png(image) for name, image in drawings.items()}


def _png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


class Pipeline:
    """The use cases over stores in memory and the served models; nothing is reused."""

    def __init__(self, server: ModelServer) -> None:
        client = boto3.client(
            "sagemaker-runtime",
            endpoint_url=server.url,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )
        pack = parse_pack(yaml.safe_load(DEMO_PACK.read_text()) | {"reuse": False})
        images, work = FakeImages(), FakeWork()
        for name, data in ten_images().items():
            images.objects[ImageRef("intake", name, "v1")] = StoredImage(data, "image/png", None)
        self.images = tuple(images.objects)
        self._work = work
        verdicts, policies = FakeVerdicts(), FakePolicies(Policies(pack, ()))
        self._prepare = PreparePorts(
            images, work, policies, verdicts, verdicts.decisions, server.vision.input_size, "demo"
        )
        self._vision = ScoredBlip2(SageMakerEndpoint(client, "blip2"))
        self._reader = OcrReader(READER_MODELS)
        self._judge = SageMakerJudge(SageMakerEndpoint(client, "llama"), "tgi", grammar=False)

    def moderate(self, image: ImageRef, run: int) -> dict[str, Any]:
        """The decision with all that it rests on."""
        workspace = Workspace.of(image, f"arn:execution:run-{run}")
        manifest = prepare_image(self._prepare, image, workspace)
        for number in range(len(manifest.queries)):
            query_image(self._work, self._vision, workspace, number)
        read_image(self._prepare.images, self._work, self._reader, workspace)
        judge_image(self._work, self._judge, workspace)
        judged = self._work.get_json(workspace.judgement)
        return {name: value for name, value in judged.items() if name != "timings"}


def test_five_runs_of_ten_images_give_ten_verdicts(demo_models: ModelServer, batches: list[int]) -> None:
    pipeline, order = Pipeline(demo_models), random.Random(1)
    runs = []
    for run, at_once in enumerate(AT_ONCE):
        images = order.sample(pipeline.images, len(pipeline.images))
        with ThreadPoolExecutor(at_once) as pool:
            decisions = pool.map(pipeline.moderate, images, [run] * len(images))
            runs.append(dict(zip(images, decisions, strict=True)))

    assert len(set(batches)) >= 3, "the batches were all alike: nothing was shown"
    assert {decision["verdict"] for decision in runs[0].values()} == {"safe", "unsafe"}
    for later in runs[1:]:
        for image, decision in later.items():
            assert decision == _but_for_low_bits(runs[0][image]), image.key


def _but_for_low_bits(decision: Any) -> Any:
    """The order of a sum in a larger batch may change the last digits of a P, and nothing else."""
    if isinstance(decision, float):
        return pytest.approx(decision, abs=1e-5)
    if isinstance(decision, dict):
        return {name: _but_for_low_bits(value) for name, value in decision.items()}
    if isinstance(decision, list):
        return [_but_for_low_bits(value) for value in decision]
    return decision
