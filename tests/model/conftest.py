"""A small random checkpoint, served by the container's own handler, and transformers' own model beside it."""

import base64
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from rich.console import Console

from local.models import random_checkpoint
from local.models.app import ModelServer, ModelSettings, model_server
from local.models.blip2 import HANDLER
from local.models.container import Container, Reply, load_handler
from tests.model.blip2_reference import Reference
from tests.model.runtime_client import client_of

# puts the handler's folder on the path, so that test modules can import `blip2_serving`
load_handler(HANDLER)


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    """Tiny networks lose more to threads than they gain."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return random_checkpoint.save(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="session")
def reference(checkpoint: Path) -> Reference:
    return Reference.load(checkpoint)


@pytest.fixture
def container(checkpoint: Path) -> Iterator[Container]:
    """A fresh container a test: empty caches."""
    container = Container(HANDLER, {"model_id": str(checkpoint), "served_model_name": "tiny"})
    yield container
    container.close()


@pytest.fixture(scope="session")
def picture() -> Callable[..., Image.Image]:
    """A picture of coarse coloured blocks, the same for the same seed."""

    def make(seed: int = 0, width: int = 90, height: int = 70) -> Image.Image:
        blocks = np.random.default_rng(seed).integers(0, 255, (3, 4, 3), dtype=np.uint8)
        return Image.fromarray(blocks).resize((width, height), Image.Resampling.NEAREST)

    return make


@pytest.fixture(scope="session")
def encoded() -> Callable[..., str]:
    """An image as base64 of a lossless file."""

    def encode(image: Image.Image, format: str = "PNG", **options: Any) -> str:
        file = io.BytesIO()
        image.save(file, format, **options)
        return base64.b64encode(file.getvalue()).decode()

    return encode


@pytest.fixture
def ask(container: Container) -> Callable[..., list[Reply]]:
    """Send some requests as one dynamic batch."""

    def send(*requests: dict[str, Any] | bytes | None) -> list[Reply]:
        return container.invoke([json.dumps(item).encode() if isinstance(item, dict) else item for item in requests])

    return send


@pytest.fixture(scope="session")
def served(checkpoint: Path) -> Iterator[ModelServer]:
    """The model server, with the small checkpoint and the stand-in."""
    with model_server(ModelSettings(blip2_model=str(checkpoint)), Console(quiet=True)) as server:
        yield server


@pytest.fixture(scope="session")
def runtime(served: ModelServer) -> Any:
    """A real client, pointed at the server."""
    return client_of(served.url)
