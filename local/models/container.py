"""The part of DJL Serving that calls a Python handler: loading the model, forming batches, splitting answers."""

import importlib.util
import json
import logging
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from local.models import djl_python
from local.models.djl_python import Input, Output

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Reply:
    """Answer of a container to one request."""

    status: int
    body: bytes
    content_type: str = "application/json"


class Container:
    """A model folder with its `model.py`, served as DJL's Python engine serves it, but in a thread of ours.

    The handler runs in one thread, as it has one worker process in the container: calls come one after another. The
    laptop's endpoint gives it a process (`py_process`), which can be killed; tests look into this one.
    """

    def __init__(self, folder: Path, properties: dict[str, str]) -> None:
        """Load the handler and make DJL's empty first call. Raises what the handler raises."""
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="djl-python")
        self._handler = load_handler(folder)
        self._worker.submit(first_call, self._handler, folder, properties).result()

    def invoke(self, bodies: Sequence[bytes | None]) -> list[Reply]:
        """Answer the requests as one dynamic batch; a single request isn't batched. None is one without content."""
        return self._worker.submit(answer, self._handler, bodies).result()

    def close(self) -> None:
        """End the worker once its call has ended."""
        self._worker.shutdown()


def load_handler(folder: Path) -> ModuleType:
    """Import `model.py` as the container does: its own folder, and `djl_python`, are importable."""
    sys.modules["djl_python"] = djl_python
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    spec = importlib.util.spec_from_file_location("model", folder / "model.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def first_call(handler: ModuleType, folder: Path, properties: Mapping[str, str]) -> None:
    """Make DJL's empty first call, the only one that carries the model's properties. Raises what the handler raises."""
    first = Input()
    first.properties = {"model_dir": str(folder), **properties}
    handler.handle(first)


def answer(handler: ModuleType, bodies: Sequence[bytes | None]) -> list[Reply]:
    """Answer the requests as one dynamic batch; a single request isn't batched. None is one without content."""
    try:
        output: Output = handler.handle(_input(bodies))
    except Exception as problem:
        logger.exception("The handler failed: %s", problem)
        return [_failure(problem)] * len(bodies)
    return _split(output, len(bodies))


def djl_error(status: int, kind: str, message: str) -> Reply:
    """Return DJL's own error answer (NettyUtils.sendError)."""
    return Reply(status, json.dumps({"code": status, "type": kind, "message": message}, indent=2).encode())


def _input(bodies: Sequence[bytes | None]) -> Input:
    request = Input()
    names = ["data"] if len(bodies) == 1 else [f"batch_{index:03d}.data" for index in range(len(bodies))]
    if len(bodies) > 1:
        request.properties["batch_size"] = str(len(bodies))
    request.content = [(name, body) for name, body in zip(names, bodies, strict=True) if body is not None]
    return request


def _failure(problem: BaseException) -> Reply:
    """Return DJL's answer for a handler that raises: 507 if memory ran out, else 424."""
    out_of_memory = type(problem).__name__ in ("OutOfMemoryError", "MemoryError")
    code = 507 if out_of_memory else 424
    return _reply(Output().error(str(problem), code), 0)


def _split(output: Output, size: int) -> list[Reply]:
    """Split a batch's answer. Code and headers are shared; a handler must add one content per item, under its index."""
    if output.code >= 300 or size == 1:
        return [_reply(output, 0)] * size
    if sorted(key or "" for key, _ in output.content) != sorted(f"batch_{index}." for index in range(size)):
        problem = f"Batch output size mismatch, expected: {size}, actual: {len(output.content)}"
        return [djl_error(400, "TranslateException", problem)] * size
    order = {key: position for position, (key, _) in enumerate(output.content)}
    return [_reply(output, order[f"batch_{index}."]) for index in range(size)]


def _reply(output: Output, index: int) -> Reply:
    content_type = output.properties.get("content-type", "application/octet-stream")
    return Reply(output.code, output.content[index][1], content_type)
