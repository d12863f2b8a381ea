"""A sample of an outage's uploads on the laptop cloud, with the real workflow, in shortened time."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path

from local.harness.laptop import Laptop
from scripts.outage.simulation import Outcome
from scripts.soak import cloud
from scripts.soak.faults import Fault, How, Plan, Reply
from scripts.soak.images import Picture, picture

STATUSES = {"EndpointUnavailable": (503, "ServiceUnavailable"), "EndpointThrottled": (429, "ThrottlingException")}
_QUERY = "workflow: Lambda Invoke QueryImage"
_POLL_S = 0.2


@dataclass(frozen=True)
class Sample:
    """So many uploads, spread evenly over an outage of `outage_s` seconds that pass `time_scale` times faster."""

    error: str
    uploads: int = 83  # one in a thousand of an hour at 23 images/s
    outage_s: float = 3600
    time_scale: float = 20
    patience_s: float = 600


def measure(assembly: Path, sample: Sample) -> Outcome:
    """Run it; times in the outcome are scaled back."""
    status, code = STATUSES[sample.error]
    body = json.dumps({"Message": "The endpoint is out."}).encode()
    fault = Fault("outage", How.ANSWER, Reply(status, "application/json", body, code))
    plan = Plan(seed=1, every=float("1e12"))  # nothing fails but the endpoint

    def doom(call: str, path: str, body: bytes) -> Fault | None:
        return fault if call == "function: SageMaker InvokeEndpoint blip2" else None

    with cloud.cloud(assembly, plan, sample.time_scale, doom) as (laptop, proxy):
        _warm_up(laptop)
        plan.failing = True
        keys = _upload(laptop, sample)
        plan.failing = False
        recovered = time.monotonic()
        waiting = sum("verdict" not in (laptop.item(key) or {}) for key in keys)
        records = [laptop.wait_for_verdict(key, timeout_s=sample.patience_s, poll_s=_POLL_S) for key in keys]
        drained = (time.monotonic() - recovered) * sample.time_scale
        outcome = Outcome(uploads=len(keys), waiting=waiting, drained_s=drained)
        outcome.reviewed = sum(record["decided_by"] == "failure" for record in records)
        outcome.retries[sample.error] = proxy.repeats[_QUERY]
    return outcome


def _warm_up(laptop: Laptop) -> None:
    for number, image in enumerate(islice(_pictures("warm"), 8)):
        laptop.upload(image.key, image.data)
        laptop.wait_for_verdict(image.key, timeout_s=60 if number else 120)


def _upload(laptop: Laptop, sample: Sample) -> list[str]:
    """Evenly over the whole outage; returns at its end."""
    began, length = time.monotonic(), sample.outage_s / sample.time_scale
    images = list(islice(_pictures("outage"), sample.uploads))
    with ThreadPoolExecutor(4) as pool:
        for number, image in enumerate(images):
            time.sleep(max(0.0, began + number * length / sample.uploads - time.monotonic()))
            pool.submit(laptop.upload, image.key, image.data)
    time.sleep(max(0.0, began + length - time.monotonic()))
    return [image.key for image in images]


def _pictures(seed: str) -> "filter[Picture]":
    """Those that need one query each."""
    images = (picture(seed, number) for number in count())
    return filter(lambda image: "large" not in image.key and "broken" not in image.key, images)
