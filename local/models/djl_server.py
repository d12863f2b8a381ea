"""DJL Serving in a SageMaker container, for one Python model: start, then answer."""

from collections.abc import Mapping
from pathlib import Path

from local.models.batching import Batcher, BatchSettings
from local.models.container import Reply, djl_error
from local.models.djl_properties import IMAGE_ENVIRONMENT, Model, Start, UnknownStart, start_of
from local.models.py_process import PyProcess, StartFailed


class ServerStopped(Exception):
    """A model failed to start, which stops the server: SageMaker finds no healthy container (ModelServer)."""


class DjlServer:
    """Server with the model folder and the environment that a template gives its container."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        """Load the models. Raises ServerStopped, or UnknownStart if the rules don't cover the start."""
        start = start_of(folder, environment)
        self._batchers: list[Batcher] = []
        try:
            for model in start.models:
                self._batchers.append(_served(model, start, environment))
        except (ServerStopped, UnknownStart):
            self.close()
            raise

    def ping(self) -> int:
        """The HTTP status of `GET /ping`. Raises ContainerGone."""
        return max(batcher.ping() for batcher in self._batchers)

    def invoke(self, body: bytes) -> Reply:
        """Answer `POST /invocations`. Raises ContainerTimeout, ContainerGone."""
        if len(self._batchers) != 1:
            return djl_error(400, "BadRequestException", "Parameter model_name is required.")
        return self._batchers[0].invoke(body)

    def terminate(self) -> None:
        """Send SIGTERM to the handlers."""
        for batcher in self._batchers:
            batcher.terminate()

    def close(self) -> None:
        """Answer the queued requests, then stop."""
        for batcher in self._batchers:
            batcher.close()


def _served(model: Model, start: Start, environment: Mapping[str, str]) -> Batcher:
    options = model.options
    if options.get("async_mode") == "true" or options.get("rolling_batch", "disable") != "disable":
        raise UnknownStart(f"Model {model.name} isn't answered in plain dynamic batches: see serving.properties.")
    entry_point = options.get("entryPoint", "model.py")
    if entry_point != "model.py" or model.folder is None or not (model.folder / entry_point).is_file():
        raise UnknownStart(f"Model {model.name} has no model.py: DJL starts a handler of its own for it.")
    try:
        process = PyProcess(model.folder, options, IMAGE_ENVIRONMENT | dict(environment))
    except StartFailed as error:
        raise ServerStopped(f"Model {model.name} can't be started: {error}") from error
    fail_fast = start.defaults.get("fail_fast", "").lower() == "true"
    return Batcher(process, BatchSettings.of(model.properties, start.defaults), fail_fast)
