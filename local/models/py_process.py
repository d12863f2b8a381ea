"""Process of a handler as DJL manages it (PyProcess.java, 0.35.0): start, calls, and kill after a time-out."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from multiprocessing import Pipe
from pathlib import Path

from local.models.container import Reply

PROJECT = Path(__file__).parents[2]
_END_S = 5  # for a process without a connection, whose results nobody receives


class StartFailed(Exception):
    """The handler couldn't be loaded in time; the message names the cause."""


class ProcessDied(Exception):
    """The process timed out and was killed, or died during a call; the message is DJL's."""


class PyProcess:
    """Running handler, called sequentially."""

    def __init__(
        self, folder: Path, properties: Mapping[str, str], environment: Mapping[str, str] | None = None
    ) -> None:
        """Start the process and make DJL's empty first call. `environment` is the container's. Raises StartFailed."""
        own = environment or {}
        # PyEnv
        self._timeout = float(properties.get("predict_timeout", own.get("PREDICT_TIMEOUT", 120)))
        loading = float(properties.get("model_loading_timeout", own.get("MODEL_LOADING_TIMEOUT", 240)))
        self._connection, theirs = Pipe()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "local.models.python_engine", str(folder), str(theirs.fileno())],
                env={
                    **os.environ,
                    **own,
                    "PYTHONPATH": f"{PROJECT}:{os.environ.get('PYTHONPATH', '')}",
                },
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
            )
        self._connection.send(dict(properties))
        problem = self._started(loading)
        if problem is not None:
            self._kill()
            raise StartFailed(problem)

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    @property
    def ready(self) -> bool:
        """True while it runs: DJL notices the end of its output."""
        return self._process.poll() is None

    def invoke(self, bodies: Sequence[bytes | None]) -> list[Reply]:
        """Answer the requests as one dynamic batch. Raises ProcessDied."""
        try:
            self._connection.send(list(bodies))
            if self._connection.poll(self._timeout):
                replies: list[Reply] = self._connection.recv()
                return replies
        except (EOFError, OSError):
            self._kill()
            raise ProcessDied(
                "java.util.concurrent.ExecutionException: java.io.IOException: Python worker disconnected."
            ) from None
        self._kill()
        raise ProcessDied("java.util.concurrent.TimeoutException")

    def terminate(self) -> None:
        """Send SIGTERM, a warning of the end; the process ends when it is closed."""
        if self.ready:
            self._process.terminate()

    def close(self) -> None:
        """End the process once its call has ended."""
        self._connection.close()
        try:
            self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._kill()

    def _started(self, timeout: float) -> str | None:
        """Wait for the start and return the failure, or None."""
        until = time.monotonic() + timeout
        try:
            while time.monotonic() < until:
                if self._connection.poll(1):
                    problem: str | None = self._connection.recv()
                    return problem
        except (EOFError, OSError):
            return f"the process ended with status {self._process.wait()}"
        return f"it wasn't loaded after {timeout:g} s"

    def _kill(self) -> None:
        self._process.kill()
        self._process.wait()
        self._connection.close()
