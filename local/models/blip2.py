"""Endpoint `blip2`: the template's own container, with a checkpoint that fits a laptop."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from local.models import weights
from local.models.container import Reply
from local.models.djl_properties import UnknownStart
from local.models.djl_server import DjlServer, ServerStopped
from local.models.errors import UnusableModel
from local.models.hosting import SupervisedContainer
from local.models.template import Hosted

ROOT = Path(__file__).resolve().parents[2]
HANDLER = ROOT / "model_artifacts" / "blip2"
# Number of weights below which one thread is faster than several, especially next to busy Lambda workers.
SMALL_CHECKPOINT = 20_000_000

DEMO_CHECKPOINT = ROOT / "model_artifacts" / "demo" / "checkpoint"


@dataclass(frozen=True)
class Checkpoint:
    """Weights on disk, with a description for people."""

    folder: Path
    name: str
    description: str
    demo: bool = False

    @property
    def input_size(self) -> int:
        """Side of the square that the vision tower sees, in pixels."""
        config = json.loads((self.folder / "config.json").read_text())
        size: int = config["vision_config"]["image_size"]
        return size


def choose_checkpoint(model: str | None, scratch: Path, console: Console) -> Checkpoint:
    """Return the checkpoint of `model` (a folder or hub id), else the demo checkpoint, else random ones in `scratch`.

    Raises UnusableModel.
    """
    if model:
        folder = weights.find("BLIP2_MODEL", model, console)
        return Checkpoint(folder, model.rstrip("/").rsplit("/", 2)[-1] if folder == Path(model) else model, model)
    if (DEMO_CHECKPOINT / "config.json").is_file():
        return Checkpoint(DEMO_CHECKPOINT, "demo", "the demo checkpoint: it knows drawings, not photographs", demo=True)
    from local.models import random_checkpoint  # loads torch, which otherwise only the handler's process needs

    return Checkpoint(
        random_checkpoint.save(scratch),
        "random",
        "RANDOM WEIGHTS, since no checkpoint is available: its answers are meaningless",
        demo=True,
    )


def with_weights(environment: Mapping[str, str], checkpoint: Checkpoint) -> dict[str, str]:
    """Return the container's environment with the checkpoint's folder instead of the pinned hub id, and its name."""
    pinned = json.loads((HANDLER / "weights.json").read_text())["hub_id"]
    there = {name: str(checkpoint.folder) if value == pinned else value for name, value in environment.items()}
    return {"OPTION_SERVED_MODEL_NAME": checkpoint.name, **there}


class Blip2Endpoint:
    """Endpoint that hosts the container `hosted` as SageMaker does. `folder` becomes its model folder."""

    def __init__(self, checkpoint: Checkpoint, hosted: Hosted, folder: Path) -> None:
        """Load the checkpoint. Raises UnusableModel if it can't be served."""
        environment = with_weights(hosted.environment, checkpoint)
        self.is_small = weights.count_parameters(checkpoint.folder) < SMALL_CHECKPOINT
        if self.is_small:
            environment["OMP_NUM_THREADS"] = "1"
        hosted.unpack(folder)
        try:
            self._hosting = SupervisedContainer(lambda: DjlServer(folder, environment))
        except (ServerStopped, UnknownStart) as error:
            raise UnusableModel(f"The checkpoint {checkpoint.folder} can't be served: {error}") from error

    def invoke(self, body: bytes, attributes: str) -> Reply:
        """Answer a request; the handler ignores custom attributes."""
        return self._hosting.invoke(body)

    def terminate(self) -> None:
        """Send SIGTERM to the handler."""
        self._hosting.terminate()

    def close(self) -> None:
        """Answer the queued requests, then stop."""
        self._hosting.close()
