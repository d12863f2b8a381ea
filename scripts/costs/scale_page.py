"""Write the tables of docs/scale.md, the use of each quota by rate of images: `make cost-pages`."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from moderate.costs import backfill, prices, resource_usage
from moderate.costs.billing import SECONDS_A_DAY, Load, average_image, fleets, latencies, workflow_seconds
from moderate.costs.gpu_time import IN_FLIGHT
from moderate.costs.resource_usage import ResourceUsage
from moderation.contract import SHARDS
from scripts.sections import write_section

PAGE = Path(__file__).parents[2] / "docs/scale.md"
RATES = (1, 25, 250)
JUDGED = 0.1  # of the images, under a pack with `judge: when_flagged`
ENDPOINT_RETRIES_SECONDS = 85 * 60  # total wait for a busy endpoint, see docs/architecture.md
EXPRESS_SECONDS = 300
LAMBDA_CONCURRENCY, UNRESERVED = 1000, 100
STANDARD_STARTS = 300
MAX_RESERVED = 1000  # maximum of `-c modelConcurrency`
# A backfill of small pictures, each judged, under Standard unless said otherwise.
STOCK = 10_000_000
STOCK_LOAD = Load(1, judged_share=1.0)
STOCK_EXPRESS = replace(STOCK_LOAD, workflow="express")
AT_ONCE = (4, 40, 400)
LISTED_KEYS, LISTING_SECONDS = 1_000, 0.1  # of a request; its time is assumed
QUERY_PAGE_BYTES = 1_000_000
_UPLOAD_READS = 3  # of the upload, for its views and for its text, and of its tags


@dataclass(frozen=True)
class Demand:
    """Steady rate of average images."""

    rate: float
    load: Load
    image: ResourceUsage

    @property
    def working_seconds(self) -> float:
        """Seconds of functions for an image, without those in which they wait for endpoints."""
        return self.image.function_seconds + self.load.reading_seconds

    @property
    def concurrent_invocations(self) -> float:
        """Concurrent invocations by Little's law, including the time spent waiting for endpoints."""
        blip2, llama = latencies(self.load)
        waiting = self.image.queries * blip2 + self.load.judged_share * llama
        return self.rate * (self.working_seconds + waiting)


@dataclass(frozen=True)
class Quota:
    """AWS quota in us-east-1, its source, and its use by a demand."""

    name: str
    limit: float
    source: str
    used: Callable[[Demand], float]
    adjustable: bool = True


QUOTAS = (
    Quota("Lambda: concurrent executions", LAMBDA_CONCURRENCY, "Lambda quotas", lambda d: d.concurrent_invocations),
    Quota(
        "Step Functions, Standard: StartExecution per second (burst of 1,300, then)",
        STANDARD_STARTS,
        "Step Functions quotas",
        lambda d: d.rate,
    ),
    Quota(
        "Step Functions, Standard: state transitions per second (burst of 5,000, then)",
        1500,
        "Step Functions quotas",
        lambda d: d.rate * d.image.transitions,
    ),
    Quota("Step Functions, Express: StartExecution per second", 6000, "Step Functions quotas", lambda d: d.rate),
    Quota(
        "Step Functions, Standard: open executions",
        1_000_000,
        "Step Functions quotas",
        lambda d: d.rate * workflow_seconds(d.load, d.image),
    ),
    Quota("EventBridge: target invocations per second", 18_750, "EventBridge quotas", lambda d: d.rate),
    Quota(
        "DynamoDB: write units per second of a new table",
        4000,
        "DynamoDB on-demand capacity mode, initial throughput",
        lambda d: d.rate * d.image.write_units,
        adjustable=False,
    ),
    Quota(
        "DynamoDB: write units per second of a table",
        40_000,
        "DynamoDB quotas",
        lambda d: d.rate * d.image.write_units,
    ),
    Quota(
        f"DynamoDB: write units per second of one key, index by verdict, `claimed#<day>#<0-{SHARDS - 1}>`",
        1000,
        "DynamoDB best practices for partition keys",
        lambda d: d.rate * 2 / SHARDS,  # a claim is put there, and deleted with the verdict
        adjustable=False,
    ),
    Quota(
        "S3: writes per second under one prefix (`work/`)",
        3500,
        "S3 performance guidelines",
        lambda d: d.rate * (d.image.s3_writes - 1),  # without the tag
        adjustable=False,
    ),
    Quota(
        "S3: reads per second under one prefix (`work/`)",
        5500,
        "S3 performance guidelines",
        lambda d: d.rate * (d.image.s3_reads - _UPLOAD_READS),
        adjustable=False,
    ),
    Quota("SNS: messages per second", 30_000, "SNS quotas", lambda d: d.rate * d.image.publishes),
)


def demand(rate: float, judged_share: float = 1.0) -> Demand:
    """Return a steady demand, whose peak is its mean."""
    load = Load(rate * SECONDS_A_DAY, judged_share=judged_share, peak_factor=1.0)
    return Demand(rate, load, average_image(load, resource_usage.load()))


def quotas() -> str:
    """Return the table of each quota's use at each rate, and the rate that exhausts it."""
    demands = [demand(rate) for rate in RATES]
    lines = [
        f"| quota | default | {' | '.join(f'at {rate}/s' for rate in RATES)} | exhausted at | adjustable | source |",
        f"|---|---:|{'---:|' * len(RATES)}---:|---|---|",
    ]
    for quota in QUOTAS:
        used = [quota.used(each) for each in demands]
        cells = " | ".join(f"{_figure(value)} ({value / quota.limit:.0%})" for value in used)
        full = quota.limit / quota.used(demand(1))
        raised = "yes" if quota.adjustable else "no"
        lines.append(f"| {quota.name} | {quota.limit:,.0f} | {cells} | {_figure(full)}/s | {raised} | {quota.source} |")
    return "\n".join(lines)


def settings() -> str:
    """Return the table of settings for each rate, with every image judged and with a tenth of them."""
    lines = [
        "| images/s | judged | BLIP-2 instances | Llama 2 13B instances | Lambda quota | `modelConcurrency`, if any "
        "| Lambda quota with it | `workflowType` |",
        "|---:|---|---:|---:|---:|---:|---:|---|",
    ]
    for rate in RATES:
        for share, name in ((1.0, "every image"), (JUDGED, f"{JUDGED:.0%}")):
            each = demand(rate, share)
            blip2, llama = (fleet.at_peak for fleet in fleets(each.load, each.image))
            concurrency = max(blip2, llama) * IN_FLIGHT
            workflow = "EXPRESS" if rate > STANDARD_STARTS / 2 else "STANDARD"
            lines.append(
                f"| {rate} | {name} | {blip2} | {llama} | {math.ceil(each.concurrent_invocations):,} "
                f"| {_reservation(each, concurrency)} | {workflow} |"
            )
    return "\n".join(lines)


def _reservation(each: Demand, concurrency: int) -> str:
    """Return the cells on reserved concurrency: two functions reserve it, and at least 100 stays unreserved."""
    if concurrency > MAX_RESERVED:
        return "none | the same"
    others = each.rate * each.working_seconds
    return f"{concurrency} | {math.ceil(2 * concurrency + max(others, UNRESERVED)):,}"


def arithmetic() -> str:
    """Return the table of formulas that the other tables are calculated with."""
    one = demand(1)
    blip2, llama = latencies(one.load)
    load, image = one.load, one.image
    rows = [
        (
            "instances of BLIP-2",
            f"images/s x {image.queries:g} view x {load.blip2_seconds:g} s / {load.utilisation:.0%}",
        ),
        ("instances of Llama 2", f"images/s x share judged x {load.llama_seconds:g} s / {load.utilisation:.0%}"),
        ("a request to BLIP-2", f"{IN_FLIGHT} concurrent x {load.blip2_seconds:g} s = {blip2:.1f} s"),
        ("a request to Llama 2", f"{IN_FLIGHT} concurrent x {load.llama_seconds:g} s = {llama:.1f} s"),
        (
            "Lambda concurrency",
            f"images/s x ({one.working_seconds:.2f} s of work + {blip2:.1f} s + share judged x {llama:.1f} s)",
        ),
        ("transitions", f"images/s x {image.transitions:.2f}"),
        ("write units", f"images/s x {image.write_units:.1f}, of which 2 on a `claimed` key in {SHARDS} shards"),
        ("S3, `work/`", f"images/s x {image.s3_writes - 1:.0f} writes and {image.s3_reads - _UPLOAD_READS:.0f} reads"),
        ("messages", f"images/s x {image.publishes:.2f}"),
    ]
    return "\n".join(["| | |", "|---|---|", *(f"| {name} | {how} |" for name, how in rows)])


def bursts() -> str:
    """Return the table of the largest bursts whose last image is judged before its retries are exhausted."""
    lines = [
        "| instances of Llama 2 13B, every image judged | judgements per second | burst, Standard | burst, Express |",
        "|---:|---:|---:|---:|",
    ]
    for instances in (1, 2, 4, 8):
        rate = instances / Load.llama_seconds
        standard, express = (
            math.floor(rate * wait / 100) * 100 for wait in (ENDPOINT_RETRIES_SECONDS, EXPRESS_SECONDS)
        )
        lines.append(f"| {instances} | {rate:.1f} | {standard:,} | {express:,} |")
    return "\n".join(lines)


def stock() -> str:
    """Return the table of a backfill's rate, duration and cost by the number of moderations at once."""
    lines = [
        "| at once | instances of each model | images/s | days | $ | of it instances | transitions/s "
        "| StartExecution/s |",
        "|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for concurrency in AT_ONCE:
        rate = backfill.images_per_second(concurrency, STOCK_LOAD)
        made = stock_estimate(concurrency)
        of_instances = sum(line.usd for line in made.lines if line.name.endswith("endpoint"))
        lines.append(
            f"| {concurrency} | {backfill.instances(concurrency):g} | {_figure(rate)} | {made.hours / 24:.1f} "
            f"| {made.usd:,.0f} | {of_instances:,.0f} | {_figure(rate * _transitions(STOCK_LOAD))} "
            f"| {_figure(rate * backfill.starts(STOCK_LOAD))} |"
        )
    return "\n".join(lines)


def stock_quotas() -> str:
    """Return the table of each quota's use by a backfill, and the rate of images that exhausts it by workflow type."""
    lines = [
        f"| quota | default | {' | '.join(f'{number} at once' for number in AT_ONCE)} "
        "| exhausted at, Standard | exhausted at, Express |",
        f"|---|---:|{'---:|' * len(AT_ONCE)}---:|---:|",
    ]
    used = [stock_estimate(concurrency).quotas for concurrency in AT_ONCE]
    rate = backfill.images_per_second(AT_ONCE[0], STOCK_LOAD)
    express = stock_estimate(AT_ONCE[0], STOCK_EXPRESS).quotas
    for number, quota in enumerate(used[0]):
        cells = " | ".join(f"{_figure(of[number].used)} ({of[number].used / quota.default:.0%})" for of in used)
        full = [f"{_figure(rate * quota.default / each.used)}/s" for each in (quota, express[number])]
        lines.append(f"| {quota.name} | {quota.default:,.0f} | {cells} | {full[0]} | {full[1]} |")
    return "\n".join(lines)


def stock_arithmetic() -> str:
    """Return the table of formulas that a backfill is calculated with."""
    seconds = max(STOCK_LOAD.blip2_seconds, STOCK_LOAD.llama_seconds)
    paid, measured = prices.load(), resource_usage.load()
    requests = STOCK // LISTED_KEYS
    entry = measured.safe.listed_bytes
    selecting = STOCK * backfill.SELECT_TRANSITIONS * paid["states_transition"]
    rows = [
        ("images/s", f"at once / {IN_FLIGHT} / {seconds:g} s"),
        (
            "transitions/s, Standard",
            f"images/s x ({_transitions(STOCK_LOAD) - _of_child(STOCK_LOAD):.2f} of the workflow "
            f"+ {_of_child(STOCK_LOAD)} of the child)",
        ),
        ("transitions/s, Express", f"images/s x {_of_child(STOCK_EXPRESS)} of the child"),
        ("StartExecution/s", "images/s x 2 with Standard, for the child and for the workflow; x 1 with Express"),
        (
            "listing",
            f"{STOCK:,} / {LISTED_KEYS:,} keys = {requests:,} requests x ${paid['s3_write']:f} = "
            f"${requests * paid['s3_write']:.2f}; the dry run's at {LISTING_SECONDS:g} s (assumed) take "
            f"{requests * LISTING_SECONDS / 60:.0f} min",
        ),
        (
            "selecting, for each start and resumption",
            f"{STOCK:,} x {backfill.SELECT_TRANSITIONS} x ${paid['states_transition']:f} = ${selecting:,.0f}, "
            f"with the function ${backfill.selecting(STOCK, paid).usd:,.0f}",
        ),
        (
            "the digest",
            f"{STOCK:,} index entries x {entry / 1000:.1f} KB / {QUERY_PAGE_BYTES / 1e6:g} MB = "
            f"{math.ceil(STOCK * entry / QUERY_PAGE_BYTES):,} pages",
        ),
    ]
    return "\n".join(["| | |", "|---|---|", *(f"| {name} | {how} |" for name, how in rows)])


def stock_estimate(concurrency: int, load: Load = STOCK_LOAD) -> backfill.Estimate:
    """Return the estimate of the backfill, as `moderate backfill start` calculates it."""
    return backfill.estimate(STOCK, STOCK, concurrency, load, resource_usage.load(), prices.load())


def _transitions(load: Load) -> float:
    return backfill.transitions(load, average_image(load, resource_usage.load()))


def _of_child(load: Load) -> int:
    return backfill.SELECT_TRANSITIONS + backfill.MODERATE_TRANSITIONS[load.workflow]


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"


SECTIONS = {
    "settings": settings,
    "quotas": quotas,
    "arithmetic": arithmetic,
    "bursts": bursts,
    "stock": stock,
    "stock-quotas": stock_quotas,
    "stock-arithmetic": stock_arithmetic,
}


def main(sections: Sequence[str] = tuple(SECTIONS)) -> None:
    """Write the sections."""
    for name in sections:
        write_section(PAGE, name, SECTIONS[name]())
    print(f"Written: docs/{PAGE.name}")
