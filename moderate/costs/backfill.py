"""Duration, cost and quotas of a backfill, calculated like the monthly bill."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from moderate.costs.billing import DAYS_A_MONTH, UNPRICED_JUDGE, Line, Load, Workflow, average_image, bill, fleets
from moderate.costs.gpu_time import IN_FLIGHT
from moderate.costs.prices import Prices
from moderate.costs.resource_usage import Measured, ResourceUsage

SELECT_TRANSITIONS = 3  # of every child: its function, its choice, and its end
# Those that a child has more if it moderates: the execution, and under Express the choice on its status.
MODERATE_TRANSITIONS: Mapping[Workflow, int] = {"standard": 1, "express": 2}
_SELECT_SECONDS, _SELECT_GB = 0.1, 0.25  # assumed: a HEAD and a read of the table
_ENDPOINTS = ("BLIP-2 endpoint", "Llama 2 endpoint")
_OF_DEPLOYMENT = (*_ENDPOINTS, "Drift")  # paid by the day


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
    judge = load.llama_seconds if load.judge == "llama" else 0.0  # Bedrock's rate is a quota of the account
    return concurrency / IN_FLIGHT / max(load.blip2_seconds * load.views_per_image, judge)


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
    image = average_image(load, measured)
    fleet_of = dict(zip(_ENDPOINTS, fleets(load, image), strict=True))
    fleet_size = instances(concurrency)
    endpoints = [
        Line(name, hours * fleet_size * prices[fleet.instance], f"{hours:,.1f} h x {fleet_size:g} x {fleet.instance}")
        for name, fleet in fleet_of.items()
        if load.judge == "llama" or name == "BLIP-2 endpoint"
    ]
    marginal = [
        Line(line.name, line.usd - fixed.usd, line.arithmetic)
        for line, fixed in zip(month.lines, nothing.lines, strict=True)
        if line.name not in _OF_DEPLOYMENT and (line.usd > fixed.usd or line.name == UNPRICED_JUDGE)
    ]
    own = (selecting(listed, prices), awaiting(selected, load, prices))
    return Estimate(hours, (*endpoints, *marginal, *own), quotas(concurrency, load, image))


def instances(concurrency: int) -> float:
    """Return the instances of each model that so many moderations at once saturate, at least one."""
    return max(1.0, concurrency / IN_FLIGHT)


def selecting(listed: int, prices: Prices) -> Line:
    """Return the cost of finding each object listed, also of those that are skipped."""
    each = (
        SELECT_TRANSITIONS * prices["states_transition"]
        + prices["lambda_request"]
        + _SELECT_SECONDS * _SELECT_GB * prices["lambda_gb_second"]
    )
    return Line("Selecting", listed * each, f"{listed:,} objects x {SELECT_TRANSITIONS} transitions and one invocation")


def awaiting(selected: int, load: Load, prices: Prices) -> Line:
    """Return the cost of the transitions in which children wait for the executions that they started."""
    more = MODERATE_TRANSITIONS[load.workflow]
    usd = selected * more * prices["states_transition"]
    return Line("Awaiting", usd, f"{selected:,} objects x {more} transition{'s' * (more > 1)}")


def starts(load: Load) -> int:
    """Return the StartExecution of an object: its child's, and a Standard workflow's.

    Synchronous Express executions count against no quota (Step Functions Developer Guide, API action throttling).
    """
    return 2 if load.workflow == "standard" else 1


def transitions(load: Load, image: ResourceUsage) -> float:
    """Return the Standard transitions of a moderated object: its child's and those of a Standard workflow."""
    of_workflow = image.transitions if load.workflow == "standard" else 0.0
    return of_workflow + SELECT_TRANSITIONS + MODERATE_TRANSITIONS[load.workflow]


def quotas(concurrency: int, load: Load, image: ResourceUsage) -> tuple[Quota, ...]:
    """Return the quotas that a backfill uses, by AWS's defaults for us-east-1."""
    rate = images_per_second(concurrency, load)
    return (
        Quota("Step Functions: child executions at once of a Map run", 10_000, concurrency),
        Quota("Step Functions, Standard: StartExecution per second", 300, starts(load) * rate),
        Quota("Step Functions, Standard: state transitions per second", 1_500, transitions(load, image) * rate),
        Quota("Lambda: concurrent executions", 1_000, 2.0 * concurrency),
    )
