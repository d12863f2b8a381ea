"""Child processes that never outlive the session which started them."""

import math
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)  # what asks us to stop
STOP_TIMEOUT_S = 10


class ProcessFailed(Exception):
    """A part of the laptop cloud did not start or ended early; the message holds the last lines it printed."""


class Child:
    """A running child process and the file that holds what it prints, None if it prints to our terminal."""

    def __init__(self, name: str, process: subprocess.Popen[bytes], log: Path | None) -> None:
        self.name = name
        self.process = process
        self.log = log

    def wait_until(self, ready: Callable[[], bool], timeout_s: float = math.inf) -> None:
        """Poll `ready` until it is true. Raises ProcessFailed when the process ends first, or the time is up."""
        until = time.monotonic() + timeout_s
        while not ready():
            if self.process.poll() is not None:
                raise self.failure(f"ended with status {self.process.returncode} before it was ready")
            if time.monotonic() > until:
                raise self.failure(f"was not ready after {timeout_s:.0f} s")
            time.sleep(0.02)

    def wait(self) -> None:
        """Wait for the end. Raises ProcessFailed unless the exit status is 0."""
        if self.process.wait() != 0:
            raise self.failure(f"failed with status {self.process.returncode}")

    def failure(self, what: str) -> ProcessFailed:
        """The exception to raise, with what the process printed."""
        if self.log is None:
            return ProcessFailed(f"{self.name} {what}: see above.")
        lines = self.log.read_text(errors="replace").splitlines()[-15:]
        return ProcessFailed("\n".join([f"{self.name} {what}. It printed:", *(lines or ["(nothing)"])]))


@contextmanager
def child(
    name: str,
    command: Sequence[str],
    log: Path | None,
    environment: Mapping[str, str] | None = None,
    stop_timeout_s: float = STOP_TIMEOUT_S,
) -> Iterator[Child]:
    """Run `command` for the duration of the block, then stop it and whatever it started.

    It is killed if it hasn't ended `stop_timeout_s` after it was asked to. It gets a session of its own: Ctrl-C
    reaches ours alone, which then stops everything in order.
    """
    process = None
    try:
        with log.open("wb") if log else nullcontext() as output, _signals_deferred():
            process = subprocess.Popen(
                command,
                env={**os.environ, **(environment or {})},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT if log else None,
                start_new_session=True,
            )
        yield Child(name, process, log)
    finally:
        if process is not None:
            _stop(process, stop_timeout_s)


@contextmanager
def _signals_deferred() -> Iterator[None]:
    """Handle signals only after the block: one in the midst of starting a process would lose sight of it."""
    if threading.current_thread() is not threading.main_thread():  # which handles no signals
        yield
        return
    held: list[int] = []
    handlers = {number: signal.signal(number, lambda n, _: held.append(n)) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        if held:
            signal.raise_signal(held[0])


def _stop(process: subprocess.Popen[bytes], timeout_s: float) -> None:
    """Ask the process, and only if it doesn't heed force its whole group."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass  # nothing of the group is left
    except PermissionError:
        pass  # macOS says so of a group whose last member is a zombie
