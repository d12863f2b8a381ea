"""Duration, cost and quotas of a backfill, calculated like the monthly bill."""

from dataclasses import dataclass, replace

from moderate.costs.billing import DAYS_A_MONTH, Line, Load, average_image, bill, fleets
from moderate.costs.gpu_time import IN_FLIGHT
from moderate.costs.prices import Prices
from moderate.costs.resource_usage import Measured

SELECT_TRANSITIONS = 3  # the child's start of SelectItem, its choice, and the moderation or the skip
_SELECT_SECONDS, _SELECT_GB = 0.1, 0.25  # assumed: a HEAD and a read of the table
_ENDPOINTS = ("BLIP-2 endpoint", "Llama 2 endpoint")


@dataclass(frozen=True)
class Quota:
    """A quota by its default, and what the backfill uses of it."""

    name: str
    default: float
    used: float

    @property
    def is_hit(self) -> bool:
        return self.used > self.default


@dataclass(frozen=True)
class Estimate:
    """Hours, dollars by line and quotas of a backfill."""

    hours: float
    lines: tuple[Line, ...]
    quotas: tuple[Quota, ...]

    @property
    def usd(self) -> float:
        return sum(line.usd for line in self.lines)


def images_per_second(concurrency: int, load: Load) -> float:
    """Return the rate of so many moderations at once: an instance is saturated by IN_FLIGHT of them."""
    return concurrency / IN_FLIGHT / max(load.blip2_seconds * load.views_per_image, load.llama_seconds)


def estimate(listed: int, selected: int, concurrency: int, load: Load, measured: Measured, prices: Prices) -> Estimate:
    """Estimate a backfill of `selected` objects out of `listed`, at most `concurrency` at once.

    Instances are billed for the hours of the run, also those that run for uploads anyway.
    """
    rate = images_per_second(concurrency, load)
    hours = selected / rate / 3600
    month, nothing = (
        bill(replace(load, images_per_day=images / DAYS_A_MONTH), measured, prices)
        for images in (max(selected, 1e-6), 1e-6)
    )
    blip2, llama = fleets(load, average_image(load, measured))
    instances = max(1.0, concurrency / IN_FLIGHT)
    endpoints = [
        Line(name, hours * instances * prices[fleet.instance], f"{hours:,.1f} h x {instances:g} x {fleet.instance}")
        for name, fleet in zip(_ENDPOINTS, (blip2, llama), strict=True)
    ]
    marginal = [
        Line(line.name, line.usd - fixed.usd, line.arithmetic)
        for line, fixed in zip(month.lines, nothing.lines, strict=True)
        if line.name not in _ENDPOINTS and line.usd > fixed.usd
    ]
    selecting = listed * (
        SELECT_TRANSITIONS * prices["states_transition"]
        + prices["lambda_request"]
        + _SELECT_SECONDS * _SELECT_GB * prices["lambda_gb_second"]
    )
    own = Line("Selecting", selecting, f"{listed:,} objects x {SELECT_TRANSITIONS} transitions and one invocation")
    return Estimate(hours, (*endpoints, *marginal, own), quotas(concurrency, rate))


def quotas(concurrency: int, rate: float) -> tuple[Quota, ...]:
    """Return the quotas that a backfill uses, by AWS's defaults for us-east-1."""
    return (
        Quota("Step Functions: child executions at once of a Map run", 10_000, concurrency),
        Quota("Step Functions, Standard: StartExecution per second", 300, 2 * rate),
        Quota("Step Functions, Standard: state transitions per second", 1_500, rate * (8.1 + SELECT_TRANSITIONS)),
        Quota("Lambda: concurrent executions", 1_000, 2.0 * concurrency),
    )
