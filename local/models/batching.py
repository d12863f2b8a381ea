"""DJL's dynamic batching: requests that arrive within a few milliseconds are answered together."""

import queue
import threading
import time
from collections.abc import Mapping
from concurrent.futures import Future, TimeoutError
from dataclasses import dataclass

from local.models.container import Container, Reply

# SageMaker waits this long for a container.
INVOCATION_TIMEOUT_S = 60


class ContainerTimeout(Exception):
    """The container didn't answer within SageMaker's 60 seconds."""


@dataclass(frozen=True)
class BatchSettings:
    """The properties of a model that shape batches."""

    size: int
    delay_ms: int
    queue_size: int

    @classmethod
    def of(cls, properties: Mapping[str, str], defaults: Mapping[str, str]) -> "BatchSettings":
        """Read them from a model, else from the server, else as DJL has them (ModelInfo, WlmConfigManager)."""
        newer = "max_dynamic_batch_size"
        renamed = {"batch_size": properties[newer]} if newer in properties else {}
        own = {"batch_size": "1", "max_batch_delay": "100", "job_queue_size": "1000"}
        known = {**own, **defaults, **renamed, **properties}
        return cls(int(known["batch_size"]), int(known["max_batch_delay"]), int(known["job_queue_size"]))


@dataclass(frozen=True)
class _Job:
    body: bytes
    reply: Future[Reply]


class Batcher:
    """Feeds a container from a bounded queue, in one thread."""

    def __init__(self, container: Container, settings: BatchSettings) -> None:
        self._container = container
        self._settings = settings
        self._jobs: queue.Queue[_Job | None] = queue.Queue(settings.queue_size)
        self._thread = threading.Thread(target=self._work, name="djl-batcher", daemon=True)
        self._thread.start()

    @property
    def full(self) -> bool:
        """Whether the next request would be turned away."""
        return self._jobs.full()

    def invoke(self, body: bytes) -> Reply:
        """Answer one request, in company if there is any. Raises ContainerTimeout."""
        job = _Job(body, Future())
        try:
            self._jobs.put_nowait(job)
        except queue.Full:
            return Reply(503, b'{"code":503,"message":"The job queue is full; try again later."}')
        try:
            return job.reply.result(INVOCATION_TIMEOUT_S)
        except TimeoutError:
            raise ContainerTimeout from None

    def close(self) -> None:
        """Answer what is queued, then stop."""
        self._jobs.put(None)
        self._thread.join()
        self._container.close()

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            batch, last = self._gather(job)
            replies = self._container.invoke([job.body for job in batch])
            for each, reply in zip(batch, replies, strict=True):
                each.reply.set_result(reply)
            if last:
                return

    def _gather(self, first: _Job) -> tuple[list[_Job], bool]:
        """A batch, and whether closing was asked for meanwhile."""
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
