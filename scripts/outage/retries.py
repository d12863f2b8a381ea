"""Retriers of QueryImage, read from the state machine."""

import json
import random
from dataclasses import dataclass

from statemachine.definition import load


@dataclass(frozen=True)
class Retrier:
    """One entry of a state's `Retry`; delays in seconds."""

    errors: tuple[str, ...]
    interval: float
    rate: float
    max_delay: float
    attempts: int

    def delay(self, attempt: int, rng: random.Random) -> float:
        """Return the seconds before retry number `attempt` (from 1), with full jitter as in Step Functions."""
        return rng.uniform(0, min(self.interval * self.rate ** (attempt - 1), self.max_delay))

    @property
    def mean_wait(self) -> float:
        """Mean of the total waiting time of all retries, in seconds."""
        caps = (min(self.interval * self.rate**attempt, self.max_delay) for attempt in range(self.attempts))
        return sum(caps) / 2


def retrier(error: str, state: str = "QueryImage") -> Retrier:
    """Return the retrier that catches an error. Raises LookupError if there is none."""
    machine = json.loads(load())["States"]
    states = machine | machine["ForEachQuery"]["ItemProcessor"]["States"]
    for rule in states[state]["Retry"]:
        if error in rule["ErrorEquals"]:
            return Retrier(
                tuple(rule["ErrorEquals"]),
                rule["IntervalSeconds"],
                rule["BackoffRate"],
                rule["MaxDelaySeconds"],
                rule["MaxAttempts"],
            )
    raise LookupError(f"{state} doesn't retry {error}.")
