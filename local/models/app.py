"""Selection of the models, and the server that they answer through."""

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from local.models import template, weights
from local.models.blip2 import Blip2Endpoint, Checkpoint, choose_checkpoint
from local.models.chat import Judge
from local.models.errors import UnusableModel
from local.models.llama import LlamaEndpoint
from local.models.llama_url import LlamaUrl
from local.models.server import Endpoint, SageMakerRuntime
from local.models.stand_in import StandIn
from local.models.turns import Turns

# Seconds from SIGTERM to SageMaker's SIGKILL: "Custom Inference Code with Hosting Services".
KILLED_S = 30


@dataclass(frozen=True)
class ModelSettings:
    """Requested models. By default the demo checkpoint answers questions and the stand-in judges."""

    blip2_model: str | None = None
    llama_model: str | None = None
    llama_url: str | None = None
    llama_url_model: str | None = None

    @classmethod
    def from_env(cls, environ: Mapping[str, str] = os.environ) -> "ModelSettings":
        """Read BLIP2_MODEL, LLAMA_MODEL, LLAMA_URL and LLAMA_URL_MODEL. Raises UnusableModel if they contradict."""
        names = ("BLIP2_MODEL", "LLAMA_MODEL", "LLAMA_URL", "LLAMA_URL_MODEL")
        settings = cls(*(environ.get(name) or None for name in names))
        if settings.llama_model and settings.llama_url:
            raise UnusableModel("LLAMA_MODEL and LLAMA_URL both name a judge; set one of them.")
        if settings.llama_url_model and not settings.llama_url:
            raise UnusableModel("LLAMA_URL_MODEL chooses a model of a server: set LLAMA_URL to the server's address.")
        return settings


@dataclass(frozen=True)
class ModelServer:
    """Running server with its models."""

    url: str
    port: int
    checkpoint: Checkpoint
    judge: Judge

    @property
    def banner(self) -> str:
        """Return a description of the models for people."""
        side = self.checkpoint.input_size
        return (
            f"Models at {self.url}\n"
            f"  blip2  {self.checkpoint.description} ({side} x {side} pixels)\n"
            f"  llama  {self.judge.name}"
        )


@contextmanager
def model_server(settings: ModelSettings, console: Console, port: int = 0) -> Iterator[ModelServer]:
    """Serve both endpoints on the loopback interface until the block ends. Port 0 selects a free one.

    Raises UnusableModel.
    """
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(TemporaryDirectory()))
        checkpoint = choose_checkpoint(settings.blip2_model, scratch, console)
        judge = _judge(settings, console)
        with console.status("Synthesising the models' template"):
            hosted = template.hosted(template.synthesised())
        with console.status(f"Loading {checkpoint.name}"):
            blip2 = Blip2Endpoint(checkpoint, hosted, scratch / "model")
        stack.callback(blip2.close)
        slow = {"blip2": not blip2.is_small, "llama": judge.one_at_a_time}
        turns = {name: Turns() for name, is_slow in slow.items() if is_slow}
        endpoints: dict[str, Endpoint] = {"blip2": blip2, "llama": LlamaEndpoint(judge)}
        api = SageMakerRuntime(endpoints, _about(checkpoint, judge), turns, judge)
        http = make_server("127.0.0.1", port, api, threaded=True, request_handler=_QuietHandler)
        stack.enter_context(_serving(http, api, blip2))
        yield ModelServer(f"http://127.0.0.1:{http.port}", http.port, checkpoint, judge)


@contextmanager
def _serving(http: BaseWSGIServer, api: SageMakerRuntime, blip2: Blip2Endpoint) -> Iterator[None]:
    """Serve until the block ends, then stop as SageMaker does: SIGTERM, and time to finish accepted requests."""
    thread = threading.Thread(target=http.serve_forever, name="models-http")
    thread.start()
    try:
        yield
    finally:
        http.shutdown()
        thread.join()
        blip2.terminate()
        api.drain(KILLED_S)
        http.server_close()


def _judge(settings: ModelSettings, console: Console) -> Judge:
    if settings.llama_url:
        return LlamaUrl(settings.llama_url, settings.llama_url_model)
    if settings.llama_model:
        # imported here: by default no model is loaded in this process, and torch takes seconds and 250 MB
        from local.models.llama_weights import LlamaWeights

        folder = weights.find("LLAMA_MODEL", settings.llama_model, console)
        with console.status(f"Loading {settings.llama_model}"):
            return LlamaWeights(folder, settings.llama_model)
    return StandIn()


def _about(checkpoint: Checkpoint, judge: Judge) -> dict[str, object]:
    return {
        "blip2": {
            "model": checkpoint.name,
            "description": checkpoint.description,
            "input_size": checkpoint.input_size,
            "demo": checkpoint.demo,
        },
        "llama": {"model": judge.name, "stand_in": judge.stand_in},
    }


class _QuietHandler(WSGIRequestHandler):
    """Handler that doesn't log requests."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass
