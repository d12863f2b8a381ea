"""DJL Serving in a container of SageMaker's, as far as one Python model goes: start, then answer."""

from collections.abc import Mapping
from pathlib import Path

from local.models.batching import Batcher, BatchSettings
from local.models.container import Container, Reply
from local.models.djl_properties import Model, Start, UnknownStart, start_of

# BadRequestException, as NettyUtils sends it
_UNNAMED = b'{"code":400,"type":"BadRequestException","message":"Parameter model_name is required."}'


class ServerStopped(Exception):
    """A model failed to start, and the server stops on that: SageMaker finds no healthy container (ModelServer)."""


class DjlServer:
    """The server on the model folder and with the environment that a template gives its container."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        """Load what is to be served. Raises ServerStopped, or UnknownStart where the rules don't reach."""
        start = start_of(folder, environment)
        self._batchers = [_served(model, start) for model in start.models]

    def invoke(self, body: bytes) -> Reply:
        """Answer `POST /invocations`. Raises ContainerTimeout."""
        if len(self._batchers) != 1:
            return Reply(400, _UNNAMED)
        return self._batchers[0].invoke(body)

    def close(self) -> None:
        """Answer what is queued, then stop."""
        for batcher in self._batchers:
            batcher.close()


def _served(model: Model, start: Start) -> Batcher:
    options = model.options
    if options.get("async_mode") == "true" or options.get("rolling_batch", "disable") != "disable":
        raise UnknownStart(f"Model {model.name} isn't answered in plain dynamic batches: see serving.properties.")
    entry_point = options.get("entryPoint", "model.py")
    if entry_point != "model.py" or model.folder is None or not (model.folder / entry_point).is_file():
        raise UnknownStart(f"Model {model.name} has no model.py: DJL starts a handler of its own for it.")
    try:
        container = Container(model.folder, options)
    except Exception as error:
        raise ServerStopped(f"Model {model.name} can't be started: {error}") from error
    return Batcher(container, BatchSettings.of(model.properties, start.defaults))
