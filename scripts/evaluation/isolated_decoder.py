"""The decoder in a process of its own: what it makes of a file, how long that takes, how much memory, if it lives."""

import math
import multiprocessing
import os
import resource
import sys
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from types import TracebackType

from moderation.domain.image import prepare
from moderation.errors import ModerationError

MEMORY_MB = 4096  # no file may need nearly as much; this protects the machine that tries them
TIMEOUT_S = 600  # by the clock, which runs on when the machine is busy: bounds are set to processor time
_PEAK_UNIT = 1e6 if sys.platform == "darwin" else 1e3


@dataclass(frozen=True)
class Outcome:
    """`result` is "accepted", or the error's name and sentence; `peak_mb` is what the decoder took beside itself."""

    result: str
    named: bool  # accepted, or refused with an error of ours
    seconds: float
    peak_mb: float


class Decoder:
    """`with Decoder() as decoder:` starts the process; one that died or hung is replaced at the next file."""

    def __enter__(self) -> "Decoder":
        self._start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stop()

    def _start(self) -> None:
        context = multiprocessing.get_context("fork")
        theirs, self._files = context.Pipe(duplex=False)  # pipes, not sockets: unit tests open none
        self._outcomes, ours = context.Pipe(duplex=False)
        self._process = context.Process(target=_serve, args=(theirs, ours), daemon=True)
        self._process.start()
        theirs.close()
        ours.close()

    def _stop(self) -> None:
        self._process.kill()
        self._process.join()
        self._files.close()
        self._outcomes.close()

    def decode(self, data: bytes) -> Outcome:
        """Cut `data` into views as the pipeline does in mode `auto`."""
        self._files.send_bytes(data)
        try:
            if self._outcomes.poll(TIMEOUT_S):
                outcome: Outcome = self._outcomes.recv()
                return outcome
            died = f"took over {TIMEOUT_S} s"
        except EOFError:
            died = "killed the decoder"
        self._stop()
        self._start()
        return Outcome(died, named=False, seconds=math.inf, peak_mb=math.inf)


def _serve(files: Connection, outcomes: Connection) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MB << 20, MEMORY_MB << 20))
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # the libraries complain of every damage
    while True:
        outcomes.send(_outcome(files.recv_bytes()))


def _outcome(data: bytes) -> Outcome:
    before, started = _peak_mb(), time.process_time()
    try:
        prepare(data, "auto", 224)
        result, named = "accepted", True
    except ModerationError as error:
        result, named = f"{type(error).__name__}: {error}", True
    except BaseException as error:  # noqa: BLE001 - whatever else comes is what is looked for
        result, named = f"{type(error).__name__}: {error}", False
    return Outcome(result, named, time.process_time() - started, _peak_mb() - before)


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _PEAK_UNIT
