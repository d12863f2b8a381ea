"""The `blip2` endpoint: the container's own handler, with the checkpoint that a laptop can carry."""

import json
from dataclasses import dataclass
from pathlib import Path

import torch
from rich.console import Console

from local.models import random_checkpoint, weights
from local.models.batching import Batcher, BatchSettings
from local.models.container import Container, Reply
from local.models.errors import UnusableModel

ROOT = Path(__file__).resolve().parents[2]
HANDLER = ROOT / "model_artifacts" / "blip2"
# Weights under which one thread is faster than several, above all while Lambda workers want the same cores.
SMALL_CHECKPOINT = 20_000_000

DEMO_CHECKPOINT = ROOT / "model_artifacts" / "demo" / "checkpoint"


@dataclass(frozen=True)
class Checkpoint:
    """Weights on disk, and what a person should know about them."""

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
    """`model` (BLIP2_MODEL: a folder or a hub id), else the demo checkpoint, else random weights in `scratch`.

    Raises UnusableModel.
    """
    if model:
        folder = weights.find("BLIP2_MODEL", model, console)
        return Checkpoint(folder, model.rstrip("/").rsplit("/", 2)[-1] if folder == Path(model) else model, model)
    if (DEMO_CHECKPOINT / "config.json").is_file():
        return Checkpoint(DEMO_CHECKPOINT, "demo", "the demo checkpoint: it knows drawings, not photographs", demo=True)
    return Checkpoint(
        random_checkpoint.save(scratch),
        "random",
        "RANDOM WEIGHTS, since no checkpoint is at hand: its answers mean nothing",
        demo=True,
    )


class Blip2Endpoint:
    """`model_artifacts/blip2/model.py` behind DJL's dynamic batching."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        """Load the checkpoint. Raises UnusableModel if it can't be served."""
        if weights.count_parameters(checkpoint.folder) < SMALL_CHECKPOINT:
            torch.set_num_threads(1)
        properties = {"model_id": str(checkpoint.folder), "served_model_name": checkpoint.name}
        try:
            container = Container(HANDLER, properties)
        except (OSError, ValueError) as error:
            raise UnusableModel(f"The checkpoint {checkpoint.folder} can't be served: {error}") from error
        self._batcher = Batcher(container, BatchSettings.read(HANDLER / "serving.properties"))

    def invoke(self, body: bytes, attributes: str) -> Reply:
        """Answer a request; the handler knows no custom attributes."""
        return self._batcher.invoke(body)

    def close(self) -> None:
        """Answer what is queued, then stop."""
        self._batcher.close()
