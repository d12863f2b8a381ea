"""Simulation of an outage, upload by upload: pending uploads, exhausted retries and the draining of the backlog.

A call is one request to the vision endpoint. At most `concurrency` calls run at once (the function's reserved
concurrency); a call beyond that limit is rejected immediately and retried as the state machine defines. Calls during
the outage fail, later ones succeed. No other part of the pipeline takes time.
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

    error: str  # name of our error for the endpoint's answer
    images_per_s: float = 23
    outage_s: float = 3600
    concurrency: int | None = None  # None: no limit
    failing_call_s: float = 0.1
    good_call_s: float = 0.1


@dataclass
class OutageResult:
    """Results of the uploads that arrived during the outage."""

    uploads: int = 0
    reviewed: int = 0  # retries exhausted
    retries: Counter[str] = field(default_factory=Counter)  # by error
    drained_s: float = 0.0  # from the end of the outage to the last result
    pending: int = 0  # when the outage ended


def simulate(scenario: Scenario, seed: int = 1) -> OutageResult:
    """Simulate the outage and the time until its backlog is drained; new uploads keep arriving."""
    return _Simulation(scenario, seed).run()


class _Simulation:
    def __init__(self, scenario: Scenario, seed: int) -> None:
        self._scenario, self._rng, self._order = scenario, random.Random(seed), count()
        retriers = {error: retrier(error) for error in (scenario.error, BUSY)}
        self._retriers: Mapping[str, Retrier] = retriers
        # errors of one retrier share its attempts
        self._counter = {error: rule.errors for error, rule in retriers.items()}
        self._attempts: Counter[tuple[int, tuple[str, ...]]] = Counter()
        self._events: list[tuple[float, int, int, str]] = []  # (time, tie-breaker, image, event)
        self._running = 0
        self._open: set[int] = set()  # uploads of the outage without a result
        self._result = OutageResult()

    def run(self) -> OutageResult:
        result, scenario = self._result, self._scenario
        result.uploads = round(scenario.images_per_s * scenario.outage_s)
        self._open = set(range(result.uploads))
        self._arrive(0, 0.0)
        ended = False
        while self._open:
            now, _, image, event = heapq.heappop(self._events)
            if not ended and now >= scenario.outage_s:
                ended, result.pending = True, len(self._open)
            if event == "arrives":
                self._arrive(image + 1, now)
                self._call(image, now)
            elif event == "calls":
                self._call(image, now)
            else:
                self._running -= 1
                self._end_call(image, now, failed=event == "fails")
        return result

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
            self._result.reviewed += image in self._open
            self._close(image, now)
            return
        if image in self._open:
            self._result.retries[error] += 1
        self._at(now + rule.delay(self._attempts[key], self._rng), image, "calls")

    def _close(self, image: int, now: float) -> None:
        if image in self._open:
            self._open.remove(image)
            self._result.drained_s = max(0.0, now - self._scenario.outage_s)

    def _at(self, time: float, image: int, event: str) -> None:
        heapq.heappush(self._events, (time, next(self._order), image, event))
