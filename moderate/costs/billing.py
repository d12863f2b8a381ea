"""Monthly bill of a load, calculated from prices, measured resource usage and stated assumptions."""

import math
from dataclasses import dataclass
from typing import Literal

from moderate.costs import bedrock_tokens, console
from moderate.costs.bedrock_tokens import Judge
from moderate.costs.drift import MEMORY_MB, daily_run
from moderate.costs.gpu_time import IN_FLIGHT, blip2_seconds, llama_seconds
from moderate.costs.prices import Prices
from moderate.costs.reading import CALLS as READER_CALLS
from moderate.costs.reading import MEMORY_MB as READER_MB
from moderate.costs.reading import plain_seconds
from moderate.costs.resource_usage import CALL_SECONDS, Measured, ResourceUsage
from moderation.contract import BLIP2_INSTANCE_TYPE, LLAMA_INSTANCE_TYPES

HOURS_A_MONTH = 730.0
DAYS_A_MONTH = HOURS_A_MONTH / 24
SECONDS_A_DAY = 86_400
GB = 1e9

Workflow = Literal["standard", "express"]
LlamaSize = Literal["7b", "13b", "70b"]

# Work of the deployment itself, in addition to the measured work per image.
_EVENTS = 2  # S3 sends the bus "Object Created" and, when the verdict is tagged, "Object Tags Added"
_ACCESS_LOG_BYTES, _ACCESS_LOG_MONTHS = 500, 3  # a line for each request, kept 90 days
_PLATFORM_LOG_BYTES = 800  # Lambda's own start and report lines of an invocation
WAITING_GB = 0.25  # memory of the functions that wait for an endpoint
_EXPRESS_GB = 64 / 1024  # the smallest size that Express bills, and sufficient: 50 MB and the definition
_TOPICS, _KEY_REUSE_SECONDS = 2, 300  # SNS asks KMS for a data key every five minutes at most
_TRACED_SHARE, _TRACED_A_SECOND = 0.05, 1  # X-Ray's default sampling
METRICS, ALARMS, DASHBOARDS = 51, 32, 1  # assumed: names times dimensions, and autoscaling's own alarms too
UNPRICED_JUDGE = "judge on Bedrock"  # a line without dollars, which says so


@dataclass(frozen=True)
class Load:
    """Load and settings of a deployment. Shares are of all images; `judged_share` of those that aren't reused.

    `reading_seconds` are the reader's for an image that isn't reused, 0 under a pack that reads no text.

    Each of the `shadows`, shadow packs that are always judged, adds a judgement to each image that isn't reused.
    """

    images_per_day: float
    unsafe_share: float = 0.02
    review_share: float = 0.05
    reuse_share: float = 0.0
    judged_share: float = 0.1
    shadows: int = 0
    views_per_image: float = 1.0
    peak_factor: float = 3.0
    workflow: Workflow = "standard"
    scale_to_zero: bool = False
    bursts_per_day: float = 1.0
    judge: Judge = "llama"  # an endpoint, or a model on Bedrock
    llama_size: LlamaSize = "13b"
    blip2_seconds: float = round(blip2_seconds(), 2)  # of an instance, a view
    llama_seconds: float = round(llama_seconds("13b"), 2)  # of an instance, a judgement
    reading_seconds: float = plain_seconds()
    utilisation: float = 0.7  # of an instance, where autoscaling holds it
    idle_hours: float = 0.5  # of a burst: instances that start, and wait before they are released
    kept_months: float = 12.0  # records
    reviewers: int = 0  # people who sign in to a deployed console in a month
    decisions_per_day: float = 0.0  # of all of them, averaged over the month's days


@dataclass(frozen=True)
class Line:
    """Line of the bill: dollars a month, and their calculation."""

    name: str
    usd: float
    arithmetic: str


@dataclass(frozen=True)
class EndpointFleet:
    """The instances of one endpoint."""

    instance: str
    requests_per_day: float
    at_peak: int
    hours_per_day: float
    arithmetic: str

    def usd(self, prices: Prices) -> float:
        return self.hours_per_day * DAYS_A_MONTH * prices[self.instance]


@dataclass(frozen=True)
class Bill:
    """Bill of a month."""

    load: Load
    lines: tuple[Line, ...]
    rekognition_usd: float

    @property
    def images(self) -> float:
        return self.load.images_per_day * DAYS_A_MONTH

    @property
    def usd(self) -> float:
        return sum(line.usd for line in self.lines)

    def per_thousand(self, usd: float) -> float:
        """Convert dollars a month to dollars per 1,000 images."""
        return usd / self.images * 1000


def bill(load: Load, measured: Measured, prices: Prices) -> Bill:
    """Return the month's bill by line, and the cost of the same images with Rekognition."""
    image = average_image(load, measured)
    images = load.images_per_day * DAYS_A_MONTH
    blip2, _ = fleets(load, image)
    lines = (
        Line("BLIP-2 endpoint", blip2.usd(prices), blip2.arithmetic),
        judge_line(load, image, prices),
        _data(image, images, prices),
        _step_functions(load, image, images, prices),
        _lambda(load, image, images, prices),
        _reading(load, images, prices),
        _dynamodb(load, image, images, prices),
        _s3(image, images, prices),
        Line("EventBridge", images * _EVENTS * prices["events_opt_in"], f"{_EVENTS} events of the bucket an image"),
        Line("SNS", images * image.publishes * prices["sns_publish"], f"{image.publishes:.3g} messages an image"),
        _cloudwatch(image, images, prices),
        _xray(images, prices),
        _drift(load, image, prices),
        _kms(image, images, prices),
        *console_lines(load, image, prices),
    )
    return Bill(load, lines, rekognition_usd(images, prices))


def judge_line(load: Load, image: ResourceUsage, prices: Prices) -> Line:
    """Return the judge's line: the instances of its endpoint, or its tokens on Bedrock."""
    if load.judge == "llama":
        _, llama = fleets(load, image)
        return Line("Llama 2 endpoint", llama.usd(prices), llama.arithmetic)
    if load.judge == "unpriced":
        return Line(UNPRICED_JUDGE, 0.0, "its tokens: their price isn't in moderate/costs/prices.json")
    tokens = bedrock_tokens.TOKENS[load.judge]
    asked = load.images_per_day * judgements(load)
    each = tokens.usd(load.judge, prices)
    return Line(
        f"{load.judge} on Bedrock",
        asked * DAYS_A_MONTH * each,
        f"{asked:,.0f} requests a day x ({tokens.read} tokens read + {tokens.written} written) = ${each:.7f} each",
    )


def average_image(load: Load, measured: Measured) -> ResourceUsage:
    """Return the resource usage of the load's average image."""
    return measured.average(
        views=load.views_per_image,
        notified=load.unsafe_share + load.review_share,
        reused=load.reuse_share,
        is_read=load.reading_seconds > 0,
    )


def fleets(load: Load, image: ResourceUsage) -> tuple[EndpointFleet, EndpointFleet]:
    """BLIP-2's and Llama's instances."""
    judged = load.images_per_day * judgements(load)
    return (
        fleet(load, BLIP2_INSTANCE_TYPE, load.images_per_day * image.queries, load.blip2_seconds),
        fleet(load, LLAMA_INSTANCE_TYPES[load.llama_size], judged, load.llama_seconds),
    )


def fleet(load: Load, instance: str, requests_per_day: float, seconds: float) -> EndpointFleet:
    """Return the instances for requests of `seconds` each; autoscaling follows the load down to one, or to none."""
    needed = requests_per_day * seconds / load.utilisation / 3600
    peak = requests_per_day / SECONDS_A_DAY * load.peak_factor * seconds / load.utilisation
    always_on = max(24.0, needed)
    work = f"{requests_per_day:,.0f} requests a day x {seconds:g} s / {load.utilisation:.0%} = {needed:,.1f} h"
    if load.scale_to_zero:
        idle = load.bursts_per_day * load.idle_hours if requests_per_day else 0.0
        hours = min(always_on, needed + idle)
        why = f"{work}, + {idle:g} h idle"
    else:
        hours = always_on
        why = f"{work}, at least 24"
    at_peak = max(1, math.ceil(round(peak, 6)))
    return EndpointFleet(instance, requests_per_day, at_peak, hours, f"{instance}: {why}; {at_peak} at peak")


def judgements(load: Load) -> float:
    """Return the average number of judgements of an image."""
    return (1 - load.reuse_share) * (load.judged_share + load.shadows)


def latencies(load: Load) -> tuple[float, float]:
    """Seconds that a request to BLIP-2 and to the judge takes.

    On an endpoint it is as long as an instance takes that is as busy as it may be (Little's law).
    """
    judge = IN_FLIGHT * load.llama_seconds if load.judge == "llama" else bedrock_tokens.SECONDS
    return IN_FLIGHT * load.blip2_seconds, judge


def workflow_seconds(load: Load, image: ResourceUsage) -> float:
    """Seconds that an average execution takes; the views of an image are queried, and its text read, in parallel."""
    blip2, llama = latencies(load)
    looking = max(blip2, reader_seconds(load))
    return image.workflow_seconds + (1 - load.reuse_share) * looking + judgements(load) * llama


def reader_seconds(load: Load) -> float:
    """Seconds that the reader's function takes for an image: its work, and its waits for S3; 0 if nothing is read."""
    return load.reading_seconds + READER_CALLS * CALL_SECONDS if load.reading_seconds else 0.0


def rekognition_usd(images: float, prices: Prices) -> float:
    """A month of Rekognition's image moderation, tier by tier."""
    usd, below = 0.0, 0.0
    for up_to, price in prices.rekognition_tiers:
        top = images if up_to is None else min(images, up_to)
        usd += max(0.0, top - below) * price
        below = max(below, top)
    return usd


def _data(image: ResourceUsage, images: float, prices: Prices) -> Line:
    """The views, which are nearly all of the work files, in base64."""
    sent = image.work_bytes * 4 / 3
    usd = images * sent / GB * prices["sagemaker_data_gb"]
    return Line("Endpoints' data", usd, f"{sent / 1000:.0f} KB sent an image: its views in base64")


def _step_functions(load: Load, image: ResourceUsage, images: float, prices: Prices) -> Line:
    if load.workflow == "standard":
        usd = images * image.transitions * prices["states_transition"]
        return Line("Step Functions", usd, f"Standard: {image.transitions:.2f} transitions an image")
    seconds = math.ceil(round(workflow_seconds(load, image) * 10, 6)) / 10
    each = prices["states_express_request"] + seconds * _EXPRESS_GB * prices["states_express_gb_second"]
    return Line("Step Functions", images * each, f"Express: 1 request and {seconds:.1f} s of 64 MB an image")


def _lambda(load: Load, image: ResourceUsage, images: float, prices: Prices) -> Line:
    blip2, llama = latencies(load)
    waiting = (image.queries * blip2 + judgements(load) * llama) * WAITING_GB
    usd = images * (
        image.invocations * prices["lambda_request"] + (image.gb_seconds + waiting) * prices["lambda_gb_second"]
    )
    work = f"{image.invocations:.2f} invocations, {image.gb_seconds:.2f} GB-s of work"
    return Line("Lambda", usd, f"{work}, {waiting:.2f} GB-s of waiting for models an image")


def _reading(load: Load, images: float, prices: Prices) -> Line:
    """The reader's time; its transition, its invocation and its requests are in the other lines."""
    gb_seconds = (1 - load.reuse_share) * reader_seconds(load) * READER_MB / 1024
    usd = images * gb_seconds * prices["lambda_gb_second"]
    work = f"{load.reading_seconds:g} s of work and {READER_CALLS} calls of S3"
    return Line("reading", usd, f"{work}, {reader_seconds(load):g} s of {READER_MB:,} MB an image that isn't reused")


def _dynamodb(load: Load, image: ResourceUsage, images: float, prices: Prices) -> Line:
    units = (
        image.write_units * prices["dynamodb_write_unit"],
        image.read_units * prices["dynamodb_read_unit"],
        image.stored_bytes / GB * load.kept_months * prices["dynamodb_gb_month"],
    )
    requests = f"{image.write_units:.1f} write units, {image.read_units:.1f} read units"
    kept = f"{image.stored_bytes / 1000:.1f} KB kept {load.kept_months:g} months"
    return Line("DynamoDB", images * sum(units), f"{requests}, {kept} an image")


def _s3(image: ResourceUsage, images: float, prices: Prices) -> Line:
    logged = (image.s3_writes + image.s3_reads) * _ACCESS_LOG_BYTES * _ACCESS_LOG_MONTHS
    usd = images * (
        image.s3_writes * prices["s3_write"]
        + image.s3_reads * prices["s3_read"]
        + (image.work_bytes + logged) / GB * prices["s3_gb_month"]
    )
    kept = f"{image.work_bytes / 1000:.0f} KB of work kept a month"
    return Line("S3", usd, f"{image.s3_writes:.1f} writes, {image.s3_reads:.1f} reads, {kept} an image")


def _cloudwatch(image: ResourceUsage, images: float, prices: Prices) -> Line:
    logged = image.log_bytes + image.invocations * _PLATFORM_LOG_BYTES
    usd = images * logged / GB * (prices["logs_gb"] + prices["logs_gb_month"])
    usd += METRICS * prices["cloudwatch_metric"] + ALARMS * prices["cloudwatch_alarm"]
    usd += DASHBOARDS * prices["cloudwatch_dashboard"]
    fixed = f"{METRICS} metrics, {ALARMS} alarms, {DASHBOARDS} dashboard"
    return Line("CloudWatch", usd, f"{logged / 1000:.1f} KB of logs an image; {fixed}")


def _xray(images: float, prices: Prices) -> Line:
    always = min(images, _TRACED_A_SECOND * SECONDS_A_DAY * DAYS_A_MONTH)
    traces = always + _TRACED_SHARE * (images - always)
    return Line("X-Ray", traces * prices["xray_trace"], f"{traces:,.0f} traces: one a second, 5 % of the rest")


def _drift(load: Load, image: ResourceUsage, prices: Prices) -> Line:
    run = daily_run(load.images_per_day, load.review_share, image)
    gb_seconds = run.seconds * MEMORY_MB / 1024
    usd = DAYS_A_MONTH * (
        run.read_units * prices["dynamodb_read_unit"]
        + prices["lambda_request"]
        + gb_seconds * prices["lambda_gb_second"]
    )
    work = f"a day {run.entries:,.0f} entries of the index and {run.records:,.0f} records, {run.seconds:,.0f} s"
    ended = "" if run.is_complete else ", where the function ends"
    return Line("Drift", usd, f"{work} of {MEMORY_MB} MB{ended}")


def _kms(image: ResourceUsage, images: float, prices: Prices) -> Line:
    most = _TOPICS * SECONDS_A_DAY * DAYS_A_MONTH / _KEY_REUSE_SECONDS
    requests = 2 * min(images * image.publishes, most)
    usd = prices["kms_key"] + requests * prices["kms_request"]
    return Line("KMS", usd, f"1 key, {requests:,.0f} requests: a data key serves SNS for five minutes")


def console_lines(load: Load, image: ResourceUsage, prices: Prices) -> tuple[Line, ...]:
    """Return the lines of a deployed console; none without reviewers."""
    if not load.reviewers:
        return ()
    decisions = load.decisions_per_day * DAYS_A_MONTH
    requests = decisions * console.REQUESTS
    return (
        Line("Cognito", load.reviewers * prices["cognito_plus_user"], f"plan Plus: {load.reviewers} people sign in"),
        Line("API Gateway", requests * prices["api_gateway_request"], f"{requests:,.0f} requests to the HTTP API"),
        _cloudfront(load, requests, prices),
        _console_lambda(decisions, requests, prices),
        _console_dynamodb(decisions, image, prices),
        _audit(decisions, prices),
        Line(
            "Console: logs",
            requests * console.LOG_BYTES / GB * (prices["logs_gb"] + prices["logs_gb_month"]),
            f"{console.LOG_BYTES / 1000:.1f} KB a request",
        ),
    )


def _cloudfront(load: Load, requests: float, prices: Prices) -> Line:
    pages = load.reviewers * DAYS_A_MONTH
    all_requests = requests + pages * console.PAGE_REQUESTS
    sent = (requests * console.ANSWER_BYTES + pages * console.PAGE_BYTES) / GB
    usd = all_requests * prices["cloudfront_request"] + sent * prices["cloudfront_gb"]
    free = "of a month's 10,000,000 requests and 1 TB without charge, which aren't deducted"
    return Line("CloudFront", usd, f"{all_requests:,.0f} requests and {sent:,.1f} GB, {free}")


def _console_lambda(decisions: float, requests: float, prices: Prices) -> Line:
    gb_seconds = requests * console.SECONDS * console.MEMORY_GB
    gb_seconds += decisions * console.ENDING_SECONDS * console.ENDING_GB
    gb_seconds += decisions * console.VOUCHING_SECONDS * console.VOUCHING_GB
    invocations = requests + 2 * decisions
    usd = invocations * prices["lambda_request"] + gb_seconds * prices["lambda_gb_second"]
    return Line("Console: Lambda", usd, f"{invocations:,.0f} invocations, {gb_seconds:,.0f} GB-s")


def _console_dynamodb(decisions: float, image: ResourceUsage, prices: Prices) -> Line:
    units, updates = math.ceil(image.item_bytes / 1024), console.UPDATES + console.VOUCHES
    each = updates * units + console.UPDATES * console.MOVED_UNITS
    usd = decisions * each * prices["dynamodb_write_unit"]
    return Line("Console: DynamoDB", usd, f"{each} write units a decision: {updates} updates of the record")


def _audit(decisions: float, prices: Prices) -> Line:
    entries = decisions * console.AUDIT_ENTRIES
    kept = entries * console.AUDIT_ENTRY_BYTES / GB * console.AUDIT_MONTHS
    usd = entries * prices["s3_write"] + kept * prices["s3_gb_month"]
    return Line(
        "Audit log", usd, f"{entries:,.0f} entries, kept {console.AUDIT_MONTHS} months; S3's own keys cost nothing"
    )
