"""The real template, state machine and handlers on the laptop cloud, with models that say what a test wants."""

import io
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from local.harness.instant_models import InstantModels
from local.harness.laptop import Laptop

ROOT = Path(__file__).parents[2]
CONTEXT = {"blip2Endpoint": "blip2", "llamaEndpoint": "llama", "modelInputSize": "96"}


@pytest.fixture(scope="session")
def assembly(tmp_path_factory) -> Path:
    """What a first deployment makes."""
    return synthesised(tmp_path_factory.mktemp("assembly"))


def synthesised(out: Path, **settings: str) -> Path:
    """The app, synthesised into `out` by the CDK command line as a user does it."""
    context = [word for name, value in (CONTEXT | settings).items() for word in ("-c", f"{name}={value}")]
    command = ["node_modules/.bin/cdk", "synth", "Moderation", "--quiet", "--output", str(out), *context]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return out


@pytest.fixture(scope="session")
def running() -> Iterator[InstantModels]:
    with InstantModels() as models:
        yield models


@pytest.fixture(scope="session")
def deployed(assembly, running) -> Iterator[Laptop]:
    # Waits a hundred times shorter: minutes of retries pass in seconds.
    with Laptop(assembly, running.url, environment={"LOCAL_TIME_SCALE": "100"}) as laptop:
        laptop.publish("routes.yaml", "'': {enforce: blog}\n")
        # Tests upload the same bytes over and over: each is to be judged.
        blog = (ROOT / "lambdas/moderation/packs/blog.yaml").read_text() + "\nreuse: false\n"
        laptop.publish("packs/blog.yaml", blog)
        yield laptop


@pytest.fixture
def models(running) -> Iterator[InstantModels]:
    yield running
    running.reset()


@pytest.fixture
def laptop(deployed, models) -> Iterator[Laptop]:
    yield deployed
    deployed.wait_until_idle()


def drawing(format: str = "PNG", colour: str = "navy", **options) -> bytes:
    """A small image, as its file's bytes."""
    buffer = io.BytesIO()
    Image.new("RGB", (120, 80), colour).save(buffer, format, **options)
    return buffer.getvalue()
