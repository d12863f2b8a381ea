"""DJL's dynamic batching: requests that arrive within a few milliseconds are answered together."""

import queue
import threading
import time
from concurrent.futures import Future, TimeoutError
from dataclasses import dataclass
from pathlib import Path

from local.models.container import Container, Reply

# SageMaker waits this long for a container.
INVOCATION_TIMEOUT_S = 60


class ContainerTimeout(Exception):
    """The container didn't answer within SageMaker's 60 seconds."""


@dataclass(frozen=True)
class BatchSettings:
    """The lines of `serving.properties` that shape batches."""

    size: int
    delay_ms: int
    queue_size: int

    @classmethod
    def read(cls, properties: Path) -> "BatchSettings":
        """Read them from a `serving.properties` file; DJL's own defaults stand in for missing ones."""
        values = _properties(properties)
        return cls(
            size=int(values.get("batch_size", 1)),
            delay_ms=int(values.get("max_batch_delay", 100)),
            queue_size=int(values.get("job_queue_size", 1000)),
        )


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


def _properties(file: Path) -> dict[str, str]:
    lines = (line.strip() for line in file.read_text().splitlines())
    pairs = (line.split("=", 1) for line in lines if line and not line.startswith("#"))
    return {name.strip(): value.strip() for name, value in pairs}
