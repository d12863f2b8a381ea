"""Selection of the models, and the server that they answer through."""

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from local.models import template, weights
from local.models.blip2 import Blip2Endpoint, choose_checkpoint
from local.models.chat import Judge
from local.models.errors import UnusableModel
from local.models.llama import LlamaEndpoint
from local.models.llama_url import LlamaUrl
from local.models.server import Endpoint, SageMakerRuntime
from local.models.stand_in import StandIn
from local.models.turns import Turns
from local.models.vision_url import INPUT_SIZE, VisionUrl

# Seconds from SIGTERM to SageMaker's SIGKILL: "Custom Inference Code with Hosting Services".
KILLED_S = 30


@dataclass(frozen=True)
class ModelSettings:
    """Requested models. By default the demo checkpoint answers questions and the stand-in judges."""

    blip2_model: str | None = None
    llama_model: str | None = None
    llama_url: str | None = None
    llama_url_model: str | None = None
    vision_url: str | None = None
    vision_url_model: str | None = None

    @classmethod
    def from_env(cls, environ: Mapping[str, str] = os.environ) -> "ModelSettings":
        """Read BLIP2_MODEL, LLAMA_MODEL, and URL and model of servers. Raises UnusableModel if they contradict."""
        names = (
            *("BLIP2_MODEL", "LLAMA_MODEL"),
            *("LLAMA_URL", "LLAMA_URL_MODEL", "VISION_URL", "VISION_URL_MODEL"),
        )
        settings = cls(*(environ.get(name) or None for name in names))
        if settings.llama_model and settings.llama_url:
            raise UnusableModel("LLAMA_MODEL and LLAMA_URL both name a judge; set one of them.")
        if settings.blip2_model and settings.vision_url:
            raise UnusableModel("BLIP2_MODEL and VISION_URL both name a vision model; set one of them.")
        for kind, url, model in (
            ("LLAMA", settings.llama_url, settings.llama_url_model),
            ("VISION", settings.vision_url, settings.vision_url_model),
        ):
            if model and not url:
                raise UnusableModel(
                    f"{kind}_URL_MODEL chooses a model of a server: set {kind}_URL to the server's address."
                )
        return settings


@dataclass(frozen=True)
class Vision:
    """Description of the vision model. `demo` models know drawings only; `dialect` is the format of requests."""

    model: str
    description: str
    input_size: int
    demo: bool
    dialect: str


@dataclass(frozen=True)
class ModelServer:
    """Running server with its models."""

    url: str
    port: int
    vision: Vision
    judge: Judge

    @property
    def banner(self) -> str:
        """Return a description of the models for people."""
        side = self.vision.input_size
        return (
            f"Models at {self.url}\n"
            f"  blip2  {self.vision.description} ({side} x {side} pixels)\n"
            f"  llama  {self.judge.name}"
        )


@contextmanager
def model_server(settings: ModelSettings, console: Console, port: int = 0) -> Iterator[ModelServer]:
    """Serve both endpoints on the loopback interface until the block ends. Port 0 selects a free one.

    Raises UnusableModel.
    """
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(TemporaryDirectory()))
        judge = _judge(settings, console)
        blip2, vision = _vision_url(settings) if settings.vision_url else _checkpoint(settings, scratch, console)
        stack.callback(blip2.close)
        slow = {"blip2": not blip2.is_small, "llama": judge.one_at_a_time}
        turns = {name: Turns() for name, is_slow in slow.items() if is_slow}
        endpoints: dict[str, Endpoint] = {"blip2": blip2, "llama": LlamaEndpoint(judge)}
        api = SageMakerRuntime(endpoints, _about(vision, judge), turns, judge)
        http = make_server("127.0.0.1", port, api, threaded=True, request_handler=_QuietHandler)
        stack.enter_context(_serving(http, api, blip2))
        yield ModelServer(f"http://127.0.0.1:{http.port}", http.port, vision, judge)


def _checkpoint(settings: ModelSettings, scratch: Path, console: Console) -> tuple[Blip2Endpoint, Vision]:
    checkpoint = choose_checkpoint(settings.blip2_model, scratch, console)
    with console.status("Synthesising the models' template"):
        hosted = template.hosted(template.synthesised())
    with console.status(f"Loading {checkpoint.name}"):
        endpoint = Blip2Endpoint(checkpoint, hosted, scratch / "model")
    seen = (checkpoint.name, checkpoint.description, checkpoint.input_size, checkpoint.demo)
    return endpoint, Vision(*seen, dialect="scored")


def _vision_url(settings: ModelSettings) -> tuple[VisionUrl, Vision]:
    endpoint = VisionUrl(settings.vision_url or "", settings.vision_url_model)
    return endpoint, Vision(endpoint.name, endpoint.name, INPUT_SIZE, demo=False, dialect="openai")


@contextmanager
def _serving(http: BaseWSGIServer, api: SageMakerRuntime, blip2: Blip2Endpoint | VisionUrl) -> Iterator[None]:
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
        try:
            with console.status(f"Loading {settings.llama_model}"):
                return LlamaWeights(folder, settings.llama_model)
        except (OSError, ValueError, TypeError, RuntimeError) as error:  # transformers has no common one
            why = str(error).partition("\n")[0][:300]
            raise UnusableModel(
                f"LLAMA_MODEL={settings.llama_model}: it can't be loaded as a language model "
                f"({type(error).__name__}: {why}). Name one with weights, configuration and tokenizer."
            ) from error
    return StandIn()


def _about(vision: Vision, judge: Judge) -> dict[str, object]:
    return {
        "blip2": asdict(vision),
        "llama": {"model": judge.name, "stand_in": judge.stand_in},
    }


class _QuietHandler(WSGIRequestHandler):
    """Handler that doesn't log requests."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass
