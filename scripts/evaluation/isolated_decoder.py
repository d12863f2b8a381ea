"""Decoder in a process of its own, to measure the result, time and memory of each file and to survive crashes."""

import math
import multiprocessing
import os
import resource
import sys
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from types import TracebackType

import psutil

from moderation.domain.image import page_pictures, prepare
from moderation.errors import ModerationError

MEMORY_MB = 4096  # far more than a file may need: protects the machine; beside what the parent has mapped
TIMEOUT_S = 600  # wall-clock time, to end a hang; the limits that are checked are in CPU time
_PEAK_UNIT = 1e6 if sys.platform == "darwin" else 1e3


@dataclass(frozen=True)
class DecodeResult:
    """Result of decoding a file: "accepted", or the error's name and message; `peak_mb` is what the file added."""

    result: str
    named: bool  # accepted, or rejected with an error of ours
    seconds: float
    peak_mb: float


class Decoder:
    """`with Decoder() as decoder:` starts the process, and restarts it after a crash or a hang.

    With `read` it makes the pages of each file as well, which the pipeline does in another function.
    """

    def __init__(self, *, read: bool = False) -> None:
        self._read = read

    def __enter__(self) -> "Decoder":
        self._start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stop()

    def _start(self) -> None:
        context = multiprocessing.get_context("fork")
        theirs, self._files = context.Pipe(duplex=False)  # pipes, not sockets: unit tests open none
        self._outcomes, ours = context.Pipe(duplex=False)
        self._process = context.Process(target=_serve, args=(theirs, ours, self._read), daemon=True)
        self._process.start()
        theirs.close()
        ours.close()

    def _stop(self) -> None:
        self._process.kill()
        self._process.join()
        self._files.close()
        self._outcomes.close()

    def decode(self, data: bytes) -> DecodeResult:
        """Cut a file into views as the pipeline does in mode `auto`."""
        self._files.send_bytes(data)
        try:
            if self._outcomes.poll(TIMEOUT_S):
                outcome: DecodeResult = self._outcomes.recv()
                return outcome
            died = f"took over {TIMEOUT_S} s"
        except EOFError:
            died = "killed the decoder"
        self._stop()
        self._start()
        return DecodeResult(died, named=False, seconds=math.inf, peak_mb=math.inf)


def _serve(files: Connection, outcomes: Connection, read: bool) -> None:
    limit = psutil.Process().memory_info().vms + (MEMORY_MB << 20)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # the libraries print warnings for damaged files
    while True:
        outcomes.send(_outcome(files.recv_bytes(), read))


def _outcome(data: bytes, read: bool) -> DecodeResult:
    before, started = _peak_mb(), time.process_time()
    try:
        page_pictures(data, prepare(data, "auto", 224, read=read).pages)
        result, named = "accepted", True
    except ModerationError as error:
        result, named = f"{type(error).__name__}: {error}", True
    except BaseException as error:  # noqa: BLE001 - unexpected errors are what the fuzzer looks for
        result, named = f"{type(error).__name__}: {error}", False
    return DecodeResult(result, named, time.process_time() - started, _peak_mb() - before)


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _PEAK_UNIT
