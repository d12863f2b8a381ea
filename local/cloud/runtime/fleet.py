"""Fleet of warm Lambda workers: starting, assigning, replacing and ending them."""

import hashlib
import io
import os
import shutil
import tempfile
import threading
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from local.cloud.runtime.function import ConcurrencyExceeded, Function, InvocationResult
from local.cloud.runtime.worker import Worker


@dataclass(frozen=True)
class Limits:
    """Limits on worker processes. An invocation beyond them waits; AWS would scale out."""

    workers: int
    workers_per_function: int

    @classmethod
    def for_this_machine(cls) -> "Limits":
        """Return limits by the number of cores; more workers, of about 60 MB each, would be no faster."""
        each = min(max(os.cpu_count() or 2, 2), 4)
        return cls(workers=8 * each, workers_per_function=each)


class FleetClosed(Exception):
    """The emulator is stopping and accepts no more invocations."""


class Fleet:
    """Runs functions on warm workers, and starts or ends workers as they are needed."""

    def __init__(self, limits: Limits, cloud: Callable[[Function], Mapping[str, str]]) -> None:
        """`cloud` returns the environment that points a function's SDKs to the emulator, with its role's keys."""
        self._limits = limits
        self._cloud = cloud
        self._root = Path(tempfile.mkdtemp(prefix="laptop-lambda-"))
        self._changed = threading.Condition()
        self._idle: list[Worker] = []
        self._busy: set[Worker] = set()
        self._workers: Counter[str] = Counter()  # workers by function ARN: idle, busy and starting ones
        self._running: Counter[str] = Counter()  # invocations by function ARN, waiting ones included
        self._closed = False

    def invoke(self, function: Function, code: Callable[[], bytes], event: bytes) -> InvocationResult:
        """Run the function once, on a warm worker if there is one. `code` returns its zip, for a new version.

        Raises ConcurrencyExceeded beyond the reserved concurrency, as Lambda's synchronous invoke does, and
        FleetClosed.
        """
        with self._admitted(function):
            worker = self._take(function) or self._start(function, code)
            try:
                return worker.invoke(event)
            finally:
                self._give_back(worker)

    def close(self) -> None:
        """End every worker, including busy ones, and remove the unpacked code."""
        with self._changed:
            self._closed = True
            workers = [*self._idle, *self._busy]
            self._idle.clear()
            self._changed.notify_all()
        for worker in workers:
            worker.close()
        shutil.rmtree(self._root, ignore_errors=True)

    @contextmanager
    def _admitted(self, function: Function) -> Iterator[None]:
        with self._changed:
            limit = function.reserved_concurrency
            if limit is not None and self._running[function.arn] >= limit:
                raise ConcurrencyExceeded(function.name)
            self._running[function.arn] += 1
        try:
            yield
        finally:
            with self._changed:
                self._running[function.arn] -= 1

    def _take(self, function: Function) -> Worker | None:
        """Wait for a free worker and return it, or None if a new one may be started, which is counted already."""
        with self._changed:
            while True:
                self._refuse_if_closed()
                self._drop_useless(function)
                for worker in reversed(self._idle):  # the warmest first
                    if worker.function == function:
                        self._idle.remove(worker)
                        self._busy.add(worker)
                        return worker
                if self._may_start(function):
                    self._workers[function.arn] += 1
                    return None
                self._changed.wait()

    def _may_start(self, function: Function) -> bool:
        if self._workers[function.arn] >= self._limits.workers_per_function:
            return False
        if self._workers.total() < self._limits.workers:
            return True
        if not self._idle:
            return False
        self._discard(self._idle[0])  # the one idle for the longest time
        return True

    def _drop_useless(self, function: Function) -> None:
        """End workers of an older version of the function, and drop those that died idle."""
        for worker in [w for w in self._idle if w.function.arn == function.arn]:
            if worker.function != function or not worker.alive:
                self._discard(worker)

    def _discard(self, worker: Worker) -> None:
        self._idle.remove(worker)
        self._workers[worker.function.arn] -= 1
        worker.close()

    def _start(self, function: Function, code: Callable[[], bytes]) -> Worker:
        try:
            worker = Worker(function, self._unpack(function, code), self._cloud(function))
        except BaseException:
            with self._changed:
                self._workers[function.arn] -= 1
            raise
        with self._changed:
            self._busy.add(worker)
            if self._closed:
                worker.close()
        return worker

    def _give_back(self, worker: Worker) -> None:
        with self._changed:
            self._busy.discard(worker)
            if worker.alive and not self._closed:
                self._idle.append(worker)
            else:
                self._workers[worker.function.arn] -= 1
                worker.close()
            self._changed.notify_all()

    def _unpack(self, function: Function, code: Callable[[], bytes]) -> Path:
        """Unpack a code version into a folder that all its workers share."""
        folder = self._root / hashlib.sha256(function.code_sha256.encode()).hexdigest()[:16] / "task"
        with self._changed:
            self._refuse_if_closed()
            if not folder.exists():
                zipfile.ZipFile(io.BytesIO(code())).extractall(folder)
        return folder

    def _refuse_if_closed(self) -> None:
        if self._closed:
            raise FleetClosed
