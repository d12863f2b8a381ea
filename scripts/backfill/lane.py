"""Latency of an upload beside a backfill that takes half of what the models can answer.

The models take the seconds that the cost arithmetic assumes for a full batch, so that they are the bottleneck as in a
deployment, not the laptop's processor. Each function's workers are all that ask a model at once.
"""

import statistics
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from local.cloud.runtime.fleet import Limits
from local.harness.instant_models import InstantModels
from local.harness.laptop import Laptop
from local.harness.stock import unnoticed
from local.policies import publish_demo_pack
from moderate.backfills.runs import BackfillRuns
from moderate.costs.billing import Load
from moderate.costs.gpu_time import IN_FLIGHT
from moderation.domain.backfill import Kind, new_run
from scripts.soak.images import SoakImage, soak_image
from scripts.soak.invariants import Invariant

SECONDS = {"blip2": IN_FLIGHT * Load.blip2_seconds, "llama": IN_FLIGHT * Load.llama_seconds}
UPLOADS, STOCK = 40, 400
_MOST = 1.5


class BusyModels(InstantModels):
    """Endpoints that answer as the instant ones do, after the seconds of a full batch."""

    def reply(self, endpoint: str, body: dict[str, Any]) -> tuple[str, str]:
        time.sleep(SECONDS[endpoint])
        return super().reply(endpoint, body)


@dataclass(frozen=True)
class Lane:
    """Seconds from upload to verdict, alone and beside a backfill of so many moderations at once."""

    concurrency: int
    alone: Sequence[float]
    beside: Sequence[float]
    moderated: int  # by the backfill meanwhile

    @property
    def promise(self) -> Invariant:
        """The bound on the 95th percentile."""
        alone, beside = _p95(self.alone), _p95(self.beside)
        return Invariant(
            f"beside a backfill of {self.concurrency} at once an upload's p95 is at most {_MOST} times as long",
            self.moderated > 0 and beside <= _MOST * alone,
            f"{alone:.2f} s, {beside:.2f} s: {beside / alone:.2f} times; {len(self.alone)} uploads each, "
            f"{self.moderated} objects moderated meanwhile",
        )


def measure(assembly: Path) -> Lane:
    """Upload one image after the other, without and with a backfill."""
    images = _images()
    with BusyModels() as models, Laptop(assembly, models.url) as laptop:
        publish_demo_pack(laptop.outputs, laptop.url)
        stock = [next(images) for _ in range(STOCK)]
        with unnoticed(laptop), ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda image: laptop.upload(f"stock/{image.key}", image.data), stock))
        with ThreadPoolExecutor(8) as pool:  # starts the workers
            list(pool.map(lambda image: _latency(laptop, image), [next(images) for _ in range(8)]))
        alone = [_latency(laptop, next(images)) for _ in range(UPLOADS)]
        concurrency = _half_of_saturation(statistics.median(alone))
        runs = BackfillRuns(laptop.client_of("Operator", "stepfunctions"), laptop.outputs["BackfillArn"])
        run = _start(runs, concurrency)
        _latency(laptop, next(images))  # the first one sees the backfill begin
        before = _moderated(runs, run)
        beside = [_latency(laptop, next(images)) for _ in range(UPLOADS)]
        moderated = _moderated(runs, run) - before
        runs.stop(runs.attempts(run)[-1])
        laptop.wait_until_idle()
    return Lane(concurrency, alone, beside, moderated)


def _half_of_saturation(seconds: float) -> int:
    """Return how many moderations of so many seconds ask the slower model half of what its callers can."""
    workers = Limits.for_this_machine().workers_per_function
    return max(1, round(workers / max(SECONDS.values()) / 2 * seconds))


def _start(runs: BackfillRuns, concurrency: int) -> str:
    run = new_run(Kind.DIGEST, datetime.now(UTC), "0000ff")
    given = {
        "run": {"id": run, "selection": {}},
        "source": {"kind": "listing", "prefix": "stock/"},
        "concurrency": concurrency,
        "tolerated_failure_percentage": 5,
    }
    runs.start(run, 0, given)
    return run


def _moderated(runs: BackfillRuns, run: str) -> int:
    return runs.attempts(run)[-1].counts.get("succeeded", 0)


def _images() -> Iterator[SoakImage]:
    """Yield images that both models are asked about: none has an earlier one's bytes, which would be reused."""
    seen: set[bytes] = set()
    for number in range(10**6):
        image = soak_image("lane", number)
        if image.decided_by == "judge" and "/large-" not in image.key and image.data not in seen:
            seen.add(image.data)
            yield image


def _latency(laptop: Laptop, image: SoakImage) -> float:
    begun = time.monotonic()
    version = laptop.upload(image.key, image.data)
    laptop.wait_for_verdict(image.key, version, poll_s=0.05)
    return time.monotonic() - begun


def _p95(seconds: Sequence[float]) -> float:
    return statistics.quantiles(seconds, n=20, method="inclusive")[-1]
