"""Every upload of an outage, one by one: who waits, who gives up, and how the backlog drains.

A call is one request to the vision endpoint. At most `concurrency` run at once (the function's reserved
concurrency); a call beyond them is refused at once, and retried as the state machine says. Calls during the outage
fail, later ones succeed. Nothing else of the pipeline takes time.
"""

import heapq
import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count

from scripts.outage.retries import Retrier, retrier

BUSY = "Lambda.TooManyRequestsException"


@dataclass(frozen=True)
class Scenario:
    """An outage; times in seconds."""

    error: str  # what the endpoint answers, by the name of our error
    images_per_s: float = 23
    outage_s: float = 3600
    concurrency: int | None = None  # None: no limit
    failing_call_s: float = 0.1
    good_call_s: float = 0.1


@dataclass
class Outcome:
    """What became of the uploads that came during the outage."""

    uploads: int = 0
    reviewed: int = 0  # ran out of retries
    retries: Counter[str] = field(default_factory=Counter)  # by error
    drained_s: float = 0.0  # after the outage, until the last of them had its answer
    waiting: int = 0  # when the outage ended


def simulate(scenario: Scenario, seed: int = 1) -> Outcome:
    """Run the outage, and the time after it until its backlog is gone; new uploads go on coming."""
    return _Simulation(scenario, seed).run()


class _Simulation:
    def __init__(self, scenario: Scenario, seed: int) -> None:
        self._scenario, self._rng, self._order = scenario, random.Random(seed), count()
        retriers = {error: retrier(error) for error in (scenario.error, BUSY)}
        self._retriers: Mapping[str, Retrier] = retriers
        # two errors of one retrier share its attempts
        self._counter = {error: rule.errors for error, rule in retriers.items()}
        self._attempts: Counter[tuple[int, tuple[str, ...]]] = Counter()
        self._events: list[tuple[float, int, int, str]] = []  # (when, tie-breaker, image, what)
        self._running = 0
        self._open: set[int] = set()  # uploads of the outage without an outcome
        self._outcome = Outcome()

    def run(self) -> Outcome:
        outcome, scenario = self._outcome, self._scenario
        outcome.uploads = round(scenario.images_per_s * scenario.outage_s)
        self._open = set(range(outcome.uploads))
        self._arrive(0, 0.0)
        ended = False
        while self._open:
            now, _, image, what = heapq.heappop(self._events)
            if not ended and now >= scenario.outage_s:
                ended, outcome.waiting = True, len(self._open)
            if what == "arrives":
                self._arrive(image + 1, now)
                self._call(image, now)
            elif what == "calls":
                self._call(image, now)
            else:
                self._running -= 1
                self._end_call(image, now, failed=what == "fails")
        return outcome

    def _arrive(self, image: int, now: float) -> None:
        self._at(now + 1 / self._scenario.images_per_s, image, "arrives")

    def _call(self, image: int, now: float) -> None:
        limit = self._scenario.concurrency
        if limit is not None and self._running >= limit:
            self._retry(image, now, BUSY)
            return
        self._running += 1
        if now < self._scenario.outage_s:
            self._at(now + self._scenario.failing_call_s, image, "fails")
        else:
            self._at(now + self._scenario.good_call_s, image, "succeeds")

    def _end_call(self, image: int, now: float, failed: bool) -> None:
        if failed:
            self._retry(image, now, self._scenario.error)
        else:
            self._close(image, now)

    def _retry(self, image: int, now: float, error: str) -> None:
        rule, key = self._retriers[error], (image, self._counter[error])
        self._attempts[key] += 1
        if self._attempts[key] > rule.attempts:
            self._outcome.reviewed += image in self._open
            self._close(image, now)
            return
        if image in self._open:
            self._outcome.retries[error] += 1
        self._at(now + rule.delay(self._attempts[key], self._rng), image, "calls")

    def _close(self, image: int, now: float) -> None:
        if image in self._open:
            self._open.remove(image)
            self._outcome.drained_s = max(0.0, now - self._scenario.outage_s)

    def _at(self, when: float, image: int, what: str) -> None:
        heapq.heappush(self._events, (when, next(self._order), image, what))
