"""Measurement of an outage on the laptop cloud: a sample of its uploads, the real workflow, accelerated time."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path

from local.harness.laptop import Laptop
from scripts.outage.simulation import OutageResult
from scripts.soak import cloud
from scripts.soak.faults import Fault, FaultMode, FaultPlan, HttpReply
from scripts.soak.images import SoakImage, soak_image

STATUSES = {"EndpointUnavailable": (503, "ServiceUnavailable"), "EndpointThrottled": (429, "ThrottlingException")}
_QUERY = "workflow: Lambda Invoke QueryImage"
_POLL_S = 0.2


@dataclass(frozen=True)
class OutageSample:
    """Uploads spread evenly over an outage of `outage_s` seconds, accelerated by `time_scale`."""

    error: str
    uploads: int = 83  # one in a thousand of an hour at 23 images/s
    outage_s: float = 3600
    time_scale: float = 20
    timeout_s: float = 600


def measure(assembly: Path, sample: OutageSample) -> OutageResult:
    """Run the sample and return its result in unaccelerated seconds."""
    status, code = STATUSES[sample.error]
    body = json.dumps({"Message": "The endpoint is out."}).encode()
    fault = Fault("outage", FaultMode.ANSWER, HttpReply(status, "application/json", body, code))
    plan = FaultPlan(seed=1, every=float("1e12"))  # only the endpoint fails

    def permanent_fault(call: str, path: str, body: bytes) -> Fault | None:
        return fault if call == "function: SageMaker InvokeEndpoint blip2" else None

    with cloud.cloud(assembly, plan, sample.time_scale, permanent_fault) as (laptop, proxy):
        _warm_up(laptop)
        plan.failing = True
        keys = _upload(laptop, sample)
        plan.failing = False
        recovered = time.monotonic()
        pending = sum("verdict" not in (laptop.item(key) or {}) for key in keys)
        records = [laptop.wait_for_verdict(key, timeout_s=sample.timeout_s, poll_s=_POLL_S) for key in keys]
        drained = (time.monotonic() - recovered) * sample.time_scale
        result = OutageResult(uploads=len(keys), pending=pending, drained_s=drained)
        result.reviewed = sum(record["decided_by"] == "failure" for record in records)
        result.retries[sample.error] = proxy.repeats[_QUERY]
    return result


def _warm_up(laptop: Laptop) -> None:
    for number, image in enumerate(islice(_single_query_images("warm"), 8)):
        laptop.upload(image.key, image.data)
        laptop.wait_for_verdict(image.key, timeout_s=60 if number else 120)


def _upload(laptop: Laptop, sample: OutageSample) -> list[str]:
    """Upload at equal intervals, return the keys when the outage ends."""
    began, length = time.monotonic(), sample.outage_s / sample.time_scale
    images = list(islice(_single_query_images("outage"), sample.uploads))
    with ThreadPoolExecutor(4) as pool:
        for number, image in enumerate(images):
            time.sleep(max(0.0, began + number * length / sample.uploads - time.monotonic()))
            pool.submit(laptop.upload, image.key, image.data)
    time.sleep(max(0.0, began + length - time.monotonic()))
    return [image.key for image in images]


def _single_query_images(seed: str) -> "filter[SoakImage]":
    """Generate the soak's images that take one query each."""
    images = (soak_image(seed, number) for number in count())
    return filter(lambda image: "large" not in image.key and "broken" not in image.key, images)
