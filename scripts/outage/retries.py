"""The retries of QueryImage as the state machine defines them."""

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
    longest: float
    attempts: int

    def delay(self, attempt: int, rng: random.Random) -> float:
        """Before the `attempt`-th retry, from 1: full jitter, as Step Functions does it."""
        return rng.uniform(0, min(self.interval * self.rate ** (attempt - 1), self.longest))

    @property
    def mean_wait(self) -> float:
        """Seconds that all retries together wait on average."""
        caps = (min(self.interval * self.rate**attempt, self.longest) for attempt in range(self.attempts))
        return sum(caps) / 2


def retrier(error: str, state: str = "QueryImage") -> Retrier:
    """The retrier that catches an error. Raises LookupError when none does."""
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
    raise LookupError(f"{state} retries no {error}.")
