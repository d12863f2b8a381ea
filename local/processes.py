"""Child processes that never outlive the session that started them."""

import math
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)  # signals that stop the session
STOP_TIMEOUT_S = 10


class ProcessFailed(Exception):
    """A part of the laptop cloud didn't start or ended early; the message contains the last lines of its output."""


class Child:
    """Running child process, and the file with its output, None if it prints to our terminal."""

    def __init__(self, name: str, process: subprocess.Popen[bytes], log: Path | None) -> None:
        self.name = name
        self.process = process
        self.log = log

    def wait_until(self, ready: Callable[[], bool], timeout_s: float = math.inf) -> None:
        """Poll `ready` until it is true. Raises ProcessFailed if the process ends first or the time is up."""
        until = time.monotonic() + timeout_s
        while not ready():
            if self.process.poll() is not None:
                raise self.failure(f"ended with status {self.process.returncode} before it was ready")
            if time.monotonic() > until:
                raise self.failure(f"was not ready after {timeout_s:.0f} s")
            time.sleep(0.02)

    def wait(self) -> None:
        """Wait until the process ends. Raises ProcessFailed unless its exit status is 0."""
        if self.process.wait() != 0:
            raise self.failure(f"failed with status {self.process.returncode}")

    def failure(self, what: str) -> ProcessFailed:
        """Return the exception to raise, with the output of the process."""
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
    """Run `command` for the duration of the block, then stop it and its child processes.

    It is killed if it hasn't ended `stop_timeout_s` after SIGTERM. It has a session of its own, so that Ctrl-C reaches
    only our process, which then stops everything in order.
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
    """Defer signals until the end of the block: an interrupted start would leave an unknown process behind."""
    if threading.current_thread() is not threading.main_thread():  # a thread handles no signals
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
    """Terminate the process, and kill its whole group if it doesn't end."""
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
        pass  # the group is empty
    except PermissionError:
        pass  # macOS raises this for a group whose last member is a zombie
