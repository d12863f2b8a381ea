"""Running laptop cloud: model server, emulator, and the stack deployed to it."""

import json
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from local.deploy import REGION, deploy
from local.emulator import emulator
from local.policies import publish_demo_pack
from local.processes import child
from local.synth import PROJECT, STACK, synthesise

# As long as SageMaker gives a model to finish; it ends at once if it isn't decoding.
MODELS_STOP_TIMEOUT_S = 35


@dataclass(frozen=True)
class Models:
    """Models that are served, as reported by the model server at `/about`."""

    url: str
    blip2: str
    input_size: int
    demo: bool  # the project's small checkpoint, or random weights instead of it
    llama: str
    stand_in: bool
    dialect: str  # of the vision endpoint


@dataclass(frozen=True)
class Session:
    """Running laptop cloud with the stack deployed. `folder` is for scratch files and is deleted with it."""

    url: str
    models: Models
    outputs: dict[str, str]
    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """Environment variables that point the AWS CLI, the SDKs and `moderate` to the laptop cloud."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_DEFAULT_REGION": REGION,
        }


@contextmanager
def laptop_cloud(console: Console) -> Iterator[Session]:
    """Start everything, and stop it at the end of the block.

    Raises ProcessFailed, DeployError or NotSetUp if it can't be started.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="laptop-cloud-")))
        models = stack.enter_context(model_server(folder))
        with console.status("Starting the laptop cloud"):
            url = stack.enter_context(emulator(folder, models.url))
        with console.status("Synthesising the stack (cdk synth)"):
            assembly = synthesise(folder, models.input_size, blip2_dialect=models.dialect)
        with console.status("Deploying the stack"):
            outputs = deploy(assembly, STACK, url)
        if models.demo:
            publish_demo_pack(outputs, url)
        yield Session(url, models, outputs, folder)


@contextmanager
def model_server(folder: Path) -> Iterator[Models]:
    """Run the model server, which itself prints the models that it loads and the progress of downloads."""
    port_file = folder / "models.port"
    command = [sys.executable, "-m", "local.models", "--port-file", str(port_file)]
    environment = {"PYTHONPATH": str(PROJECT)}
    with child("The model server", command, None, environment, MODELS_STOP_TIMEOUT_S) as server:
        server.wait_until(lambda: port_file.exists() and port_file.read_text() != "")
        yield _about(f"http://127.0.0.1:{port_file.read_text()}")


def _about(url: str) -> Models:
    with urllib.request.urlopen(f"{url}/about", timeout=10) as answer:  # noqa: S310 - our own server
        about = json.load(answer)
    blip2, llama = about["blip2"], about["llama"]
    seen, judge = (blip2["model"], blip2["input_size"], blip2["demo"]), (llama["model"], llama["stand_in"])
    return Models(url, *seen, *judge, dialect=blip2["dialect"])
