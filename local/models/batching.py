"""DJL's dynamic batching: requests that arrive within a few milliseconds are answered as one batch."""

import queue
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, InvalidStateError, wait
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

from local.models.container import Reply, djl_error
from local.models.py_process import ProcessDied

# SageMaker waits this long for a container.
INVOCATION_TIMEOUT_S = 60


class ContainerTimeout(Exception):
    """The container didn't answer within SageMaker's 60 seconds."""


@dataclass(frozen=True)
class BatchSettings:
    """Properties of a model that control batching."""

    size: int
    delay_ms: int
    queue_size: int

    @classmethod
    def of(cls, properties: Mapping[str, str], defaults: Mapping[str, str]) -> "BatchSettings":
        """Read them from the model, else from the server, else use DJL's defaults (ModelInfo, WlmConfigManager)."""
        newer = "max_dynamic_batch_size"
        renamed = {"batch_size": properties[newer]} if newer in properties else {}
        own = {"batch_size": "1", "max_batch_delay": "100", "job_queue_size": "1000"}
        known = {**own, **defaults, **renamed, **properties}
        return cls(int(known["batch_size"]), int(known["max_batch_delay"]), int(known["job_queue_size"]))


class ContainerGone(Exception):
    """The container has exited, and every connection to it is cut."""


class Handler(Protocol):
    """Process of a handler, such as `PyProcess`."""

    @property
    def ready(self) -> bool:
        """True while the process runs."""

    def invoke(self, bodies: Sequence[bytes | None]) -> list[Reply]:
        """Answer a dynamic batch. Raises ProcessDied."""

    def terminate(self) -> None:
        """Send SIGTERM."""

    def close(self) -> None:
        """End the process once its call has ended."""


@dataclass(frozen=True)
class _QueuedRequest:
    body: bytes
    reply: Future[Reply]


class Batcher:
    """Feeds a handler from a bounded queue in one thread, and tracks the model's status (WorkerThread, ModelInfo).

    SERVING_RETRY_THRESHOLD is 0: a process that died in a call fails the model for good. With SERVING_FAIL_FAST
    (`fail_fast`) the server exits when it is next asked for the model's status, by a ping or by a request.
    """

    def __init__(self, handler: Handler, settings: BatchSettings, fail_fast: bool = False) -> None:
        self._handler = handler
        self._settings = settings
        self._fail_fast = fail_fast
        self._failed = False
        self._exited: Future[None] = Future()
        self._jobs: queue.Queue[_QueuedRequest | None] = queue.Queue(settings.queue_size)
        self._thread = threading.Thread(target=self._work, name="djl-batcher", daemon=True)
        self._thread.start()

    @property
    def full(self) -> bool:
        """True if the next request would be rejected."""
        return self._jobs.full()

    def ping(self) -> int:
        """The HTTP status of `GET /ping`. Raises ContainerGone."""
        return 500 if self._is_failed() else 200

    def invoke(self, body: bytes) -> Reply:
        """Answer one request, batched with others if there are any. Raises ContainerTimeout, ContainerGone."""
        if self._is_failed():
            return djl_error(503, "WlmException", "Model is not ready: model")
        job = _QueuedRequest(body, Future())
        try:
            self._jobs.put_nowait(job)
        except queue.Full:
            return djl_error(503, "WlmCapacityException", "Worker queue capacity exceeded for model: model")
        either: list[Future[Any]] = [job.reply, self._exited]
        wait(either, INVOCATION_TIMEOUT_S, FIRST_COMPLETED)
        if job.reply.done():
            return job.reply.result()
        raise ContainerGone if self._exited.done() else ContainerTimeout

    def terminate(self) -> None:
        """Send SIGTERM to the handler."""
        self._handler.terminate()

    def close(self) -> None:
        """Answer the queued requests, then stop."""
        if not self._failed:
            self._jobs.put(None)
        self._thread.join()
        self._handler.close()

    def _is_failed(self) -> bool:
        if self._failed and self._fail_fast:
            with suppress(InvalidStateError):  # the second caller finds it gone
                self._exited.set_result(None)  # System.exit(137)
            raise ContainerGone
        return self._failed

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            batch, last = self._gather(job)
            for each, reply in zip(batch, self._answer(batch), strict=True):
                each.reply.set_result(reply)
            if last or self._failed:
                return  # queued requests are never answered

    def _answer(self, batch: Sequence[_QueuedRequest]) -> list[Reply]:
        if not self._handler.ready:
            # not a failure for DJL, although nothing restarts the process (PyPredictor)
            return [djl_error(400, "TranslateException", "Backend Python process is stopped.")] * len(batch)
        try:
            return self._handler.invoke([job.body for job in batch])
        except ProcessDied as death:
            self._failed = True
            return [djl_error(503, "WlmException", str(death))] * len(batch)

    def _gather(self, first: _QueuedRequest) -> tuple[list[_QueuedRequest], bool]:
        """Return a batch, and True if closing was requested meanwhile."""
        batch = [first]
        deadline = time.monotonic() + self._settings.delay_ms / 1000
        while len(batch) < self._settings.size:
            try:
                job = self._jobs.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                break
            if job is None:
                return batch, True
            batch.append(job)
        return batch, False
