"""From the synthesised template to an answering handler, by the steps that SageMaker and DJL Serving take."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from aws_cdk import App
from moto import mock_aws
from PIL import Image
from typer.testing import CliRunner

from local.models import template
from local.models.blip2 import Blip2Endpoint, Checkpoint, with_weights
from local.models.djl_server import DjlServer
from local.models.errors import UnusableModel
from moderate.main import app as moderate
from stacks.contract import BLIP2_WEIGHTS
from stacks.models_stack import ModelsStack
from stacks.settings import DeploymentSettings
from tests.infra.synthesis import CONTEXT, ROOT
from tests.model.blip2_reference import Reference

WEAPON = "Question: Does this photo contain a weapon? Answer:"
MODES: dict[str, dict[str, Any]] = {
    "Hub": {},
    "Prefix": {"blip2WeightsPrefix": "s3://models/tiny-1/"},
    "ToZero": {"scaleToZero": True},
}


@pytest.fixture(scope="module")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A models stack for each mode, synthesised together."""
    cdk = App(context=CONTEXT, analytics_reporting=False, outdir=str(tmp_path_factory.mktemp("cdk.out")))
    for mode, context in MODES.items():
        settings = DeploymentSettings.from_context({"acceptLlama2Eula": True, **context}.get)
        ModelsStack(cdk, mode, settings=settings, region=None)
    return Path(cdk.synth().directory)


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    with mock_aws():
        boto3.client("s3").create_bucket(Bucket="models")
        yield boto3.resource("s3").Bucket("models")


@pytest.fixture(params=["Hub", "Prefix"])
def server(
    request: pytest.FixtureRequest, assembly: Path, checkpoint: Path, bucket: Any, tmp_path: Path
) -> Iterator[DjlServer]:
    """Start what the template of a mode starts, with the small checkpoint in place of the hub's."""
    hosted = template.hosted(assembly, stack=request.param)
    model = tmp_path / "opt/ml/model"
    if hosted.archive:
        hosted.unpack(model)
    else:
        _push_and_fetch(bucket, checkpoint, model)
    server = DjlServer(model, with_weights(hosted.environment, Checkpoint(checkpoint, "tiny-1", "small")))
    yield server
    server.close()


def test_the_template_starts_a_handler_that_answers(
    server: DjlServer, reference: Reference, picture: Callable[..., Image.Image], encoded: Callable[..., str]
) -> None:
    request = {"image": encoded(picture()), "prompts": [WEAPON], "caption": True}

    reply = server.invoke(json.dumps(request).encode())

    answer = json.loads(reply.body)
    assert reply.status == 200, answer
    assert answer["model"].startswith("tiny-1@")
    assert answer["caption"] == reference.text(picture(), None, max_new_tokens=32)
    assert answer["answers"][0]["text"] == reference.text(picture(), WEAPON, max_new_tokens=20)


def test_a_container_that_scales_to_zero_starts_as_any_other(assembly: Path) -> None:
    assert template.hosted(assembly, stack="ToZero") == template.hosted(assembly, stack="Hub")


@pytest.mark.parametrize("named", [{"HF_MODEL_ID": BLIP2_WEIGHTS["hub_id"]}, {}], ids=["HF_MODEL_ID", "nothing"])
def test_the_laptops_endpoint_has_no_weights_but_by_the_templates_environment(
    assembly: Path, checkpoint: Path, tmp_path: Path, named: dict[str, str]
) -> None:
    hosted = replace(template.hosted(assembly, stack="Hub"), environment=named)

    with pytest.raises(UnusableModel, match="no file named"):
        Blip2Endpoint(Checkpoint(checkpoint, "tiny-1", "small"), hosted, tmp_path / "model")


def test_the_hub_id_and_its_commit_reach_the_handler(
    assembly: Path, checkpoint: Path, tmp_path: Path, picture: Callable[..., Image.Image], encoded: Callable[..., str]
) -> None:
    """In a process with nothing but the template's environment; the hub is a cache that knows this commit alone."""
    hosted = template.hosted(assembly, stack="Hub")
    hosted.unpack(tmp_path / "model")
    repository = tmp_path / "hf/hub" / f"models--{BLIP2_WEIGHTS['hub_id'].replace('/', '--')}"
    shutil.copytree(checkpoint, repository / "snapshots" / BLIP2_WEIGHTS["revision"])
    (repository / "refs").mkdir()
    (repository / "refs/main").write_text("f" * 40)
    offline = {"HF_HOME": str(tmp_path / "hf"), "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    body = json.dumps({"image": encoded(picture()), "prompts": [WEAPON]})

    run = subprocess.run(
        [sys.executable, "-c", _ANSWER, str(tmp_path / "model")],
        env={**hosted.environment, **offline, "PYTHONPATH": str(ROOT)},
        input=body,
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == 0, run.stderr
    unknown, answer = run.stdout.splitlines()
    assert unknown.startswith("Model model can't be started: ")
    assert json.loads(answer)["model"] == f"{BLIP2_WEIGHTS['hub_id']}@{BLIP2_WEIGHTS['revision']}"


# First with an id that the hub doesn't know: the server stops. Then as the template has it.
_ANSWER = """
import json, os, sys
from pathlib import Path
from local.models.djl_server import DjlServer, ServerStopped
folder, environment = Path(sys.argv[1]), dict(os.environ)
try:
    DjlServer(folder, environment | {"OPTION_MODEL_ID": "owner/nowhere"})
except ServerStopped as stopped:
    print(str(stopped).replace(chr(10), " "))
server = DjlServer(folder, environment)
print(json.dumps(json.loads(server.invoke(sys.stdin.buffer.read()).body)))
server.close()
"""


def _push_and_fetch(bucket: Any, checkpoint: Path, model: Path) -> None:
    """Fill the prefix as `moderate` does, and the folder as SageMaker does."""
    pushed = CliRunner().invoke(moderate, ["weights", "push", str(checkpoint), "s3://models/tiny-1/"])
    assert pushed.exit_code == 0, pushed.stderr
    for item in bucket.objects.filter(Prefix="tiny-1/"):
        file = model / item.key.removeprefix("tiny-1/")
        file.parent.mkdir(parents=True, exist_ok=True)
        bucket.download_file(item.key, str(file))
