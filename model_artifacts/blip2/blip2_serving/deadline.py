"""How long a batch may take: DJL would kill the process that is late, and with it every request of the batch."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from blip2_serving.request import Refusal

# Of the 60 s that SageMaker waits for a container; the rest is for the queue and the way.
ANSWER_S = 40
# SageMaker sends SIGKILL 30 s after SIGTERM: "Custom Inference Code with Hosting Services".
KILLED_S = 30
STOP_S = 25


class TimeIsUp(Refusal):
    """The request wasn't answered in time. It may be sent again: in other company it may be faster."""

    code = 504  # a server's fault, so that it is retried, and no full queue (503)


class Deadline:
    """The end of the batch that is being answered; without a batch it never comes."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` gives seconds."""
        self.clock = clock
        self._begun: float | None = None
        self._told: float | None = None

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Take up a batch, which is answered when the block ends."""
        self._begun = self.clock()
        try:
            yield
        finally:
            self._begun = None

    def stop(self) -> None:
        """Take note of SIGTERM: the batch at hand, and any that follows, has STOP_S from now."""
        self._told = self.clock()

    @property
    def passed(self) -> bool:
        """Whether the batch must be given up."""
        return self._begun is not None and self.clock() >= self._end(self._begun)

    def check(self) -> None:
        """Raise TimeIsUp if the batch must be given up."""
        if self.passed:
            raise self.late()

    def late(self) -> TimeIsUp:
        """What to tell a client whose answer isn't there."""
        if self._begun is not None and self._stops(self._begun):
            return TimeIsUp("The container is being stopped, so the answer was given up. Send the request again.")
        return TimeIsUp(
            f"The answer wasn't there after {ANSWER_S} s and was given up. Send the request again, or ask for less: "
            "fewer prompts, lower num_beams or max_new_tokens."
        )

    def _end(self, begun: float) -> float:
        end = begun + ANSWER_S
        return min(end, self._told + STOP_S) if self._told is not None and self._stops(begun) else end

    def _stops(self, begun: float) -> bool:
        """Whether the process is to end. One that is alive beyond its SIGKILL serves on."""
        return self._told is not None and begun < self._told + KILLED_S
