"""Files that `moderate weights push` puts into S3, served as in a container without a network."""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws
from PIL import Image
from typer.testing import CliRunner

from local.models.container import Container
from moderate.main import app
from tests.model.blip2_reference import Reference

WEAPON = "Question: Does this photo contain a weapon? Answer:"


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    with mock_aws():
        client = boto3.client("s3")
        client.create_bucket(Bucket="models")
        yield client


@pytest.fixture
def isolated(s3: Any, checkpoint: Path, tmp_path: Path) -> Path:
    """The folder that SageMaker makes of the prefix."""
    pushed = CliRunner().invoke(app, ["weights", "push", str(checkpoint), "s3://models/blip2/"])
    assert pushed.exit_code == 0, pushed.stderr
    for item in s3.list_objects_v2(Bucket="models", Prefix="blip2/")["Contents"]:
        file = tmp_path / "opt/ml/model" / item["Key"].removeprefix("blip2/")
        file.parent.mkdir(parents=True, exist_ok=True)
        s3.download_file("models", item["Key"], str(file))
    return tmp_path / "opt/ml/model"


@pytest.fixture
def container(isolated: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Container]:
    """The handler out of that folder, and not the repository's, which other tests have imported."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "blip2_serving"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    container = Container(isolated, {})
    assert Path(sys.modules["blip2_serving.service"].__file__ or "").is_relative_to(isolated)
    yield container
    container.close()


def test_the_pushed_prefix_answers_as_the_checkpoint_does(
    container: Container, reference: Reference, picture: Callable[..., Image.Image], encoded: Callable[..., str]
) -> None:
    request = {"image": encoded(picture()), "prompts": [WEAPON], "caption": True}

    (reply,) = container.invoke([json.dumps(request).encode()])

    assert (reply.status, reply.content_type) == (200, "application/json")
    answer = json.loads(reply.body)
    assert answer["model"].startswith("model@")
    assert answer["caption"] == reference.text(picture(), None, max_new_tokens=32)
    assert answer["answers"][0]["text"] == reference.text(picture(), WEAPON, max_new_tokens=20)


def test_the_folder_holds_nothing_that_asks_for_a_network(isolated: Path) -> None:
    assert not (isolated / "requirements.txt").exists()
    assert "model_id" not in (isolated / "serving.properties").read_text()
    assert {"model.py", "config.json", "model.safetensors", "blip2_serving"} <= {
        path.name for path in isolated.iterdir()
    }
