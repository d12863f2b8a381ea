"""Deadline of a batch: DJL kills a process that exceeds its own, and all requests of the batch fail."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from blip2_serving.request import Refusal

# SageMaker waits 60 s for a container; the rest is for the queue and the network.
ANSWER_S = 40
# SageMaker sends SIGKILL 30 s after SIGTERM: "Custom Inference Code with Hosting Services".
KILLED_S = 30
STOP_S = 25


class TimeIsUp(Refusal):
    """The request wasn't answered in time. A retry may be faster, in another batch."""

    code = 504  # a server error, so that it is retried, but not a full queue (503)


class Deadline:
    """Deadline of the current batch; without a batch there is none."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` returns seconds."""
        self.clock = clock
        self._begun: float | None = None
        self._terminated: float | None = None

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Start a batch, which ends with the block."""
        self._begun = self.clock()
        try:
            yield
        finally:
            self._begun = None

    def stop(self) -> None:
        """Handle SIGTERM: the current batch, and any later one, has STOP_S from now."""
        self._terminated = self.clock()

    @property
    def passed(self) -> bool:
        """True if the batch must be abandoned."""
        return self._begun is not None and self.clock() >= self._end(self._begun)

    def check(self) -> None:
        """Raise TimeIsUp if the batch must be abandoned."""
        if self.passed:
            raise self.late()

    def late(self) -> TimeIsUp:
        """Return the error for a client whose request was abandoned."""
        if self._begun is not None and self._stops(self._begun):
            return TimeIsUp("The container is being stopped, so the answer was given up. Send the request again.")
        return TimeIsUp(
            f"The answer wasn't there after {ANSWER_S} s and was given up. Send the request again, or ask for less: "
            "fewer prompts, lower num_beams or max_new_tokens."
        )

    def _end(self, begun: float) -> float:
        end = begun + ANSWER_S
        return min(end, self._terminated + STOP_S) if self._terminated is not None and self._stops(begun) else end

    def _stops(self, begun: float) -> bool:
        """Return True if the process is about to end. One that survives the time of its SIGKILL keeps serving."""
        return self._terminated is not None and begun < self._terminated + KILLED_S
