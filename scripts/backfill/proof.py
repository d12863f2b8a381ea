"""Run of a backfill on the laptop cloud behind the soak's fault proxy, and the promises that it must keep."""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from boto3.dynamodb.types import TypeDeserializer

from local.harness.laptop import Laptop
from local.harness.stock import unnoticed
from moderate.backfills.runs import Attempt, BackfillRuns
from moderation.domain.backfill import Kind, new_run, run_of
from scripts.soak import cloud
from scripts.soak.cloud import ResourceSnapshot
from scripts.soak.faults import BACKFILL_FAULTS, FAULTS, FaultPlan
from scripts.soak.images import SoakImage, soak_image
from scripts.soak.invariants import Invariant
from scripts.soak.proxy import FaultProxy
from scripts.soak.run import DECISION

CANCELLED_AT = (1 / 3, 2 / 3)  # of the objects
_TOLERATED = 50  # percent of items: aborted executions are failures
_ROWS = 10
_POLL_S = 0.5
_SETTLE_S = 60
_deserialize = TypeDeserializer().deserialize

Item = dict[str, Any]


@dataclass(frozen=True)
class ProofConfig:
    """Parameters of a proof; `every` is the mean number of good calls between two bursts of faults."""

    objects: int = 10_000
    seed: int = 1
    every: float = 40
    concurrency: int = 16  # with half of them the time-outs of calls without an answer leave the processor idle
    time_scale: float = 50
    timeout_s: float = 14_400


@dataclass
class ProofResult:
    """Promises and figures of a proof; `rows` are (executions begun, seconds, resources) on the way."""

    config: ProofConfig
    promises: list[Invariant] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)
    rows: list[tuple[int, float, ResourceSnapshot]] = field(default_factory=list)

    @property
    def all_held(self) -> bool:
        return all(promise.held for promise in self.promises)

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "all_held": self.all_held}


@dataclass
class _Seen:
    """Decisions that were there when an attempt had ended, by key, and the attempts."""

    decisions: dict[str, Item] = field(default_factory=dict)
    attempts: list[Attempt] = field(default_factory=list)


def prove(assembly: Path, config: ProofConfig, advance: Callable[[int], None] = lambda begun: None) -> ProofResult:
    """Backfill objects under faults, cancelling the run after a third and after two thirds of them."""
    result, plan = ProofResult(config), FaultPlan(config.seed, config.every, FAULTS | BACKFILL_FAULTS)
    with cloud.cloud(assembly, plan, config.time_scale) as (laptop, proxy):
        stock = _stock(laptop, config)
        runs = BackfillRuns(laptop.client_of("Operator", "stepfunctions"), laptop.outputs["BackfillArn"])
        run = new_run(Kind.DIGEST, datetime.now(UTC), f"{config.seed:06x}")
        before, begun = cloud.resource_snapshot(laptop), time.monotonic()
        result.rows.append((0, 0.0, before))
        plan.failing = True
        seen = _moderate(laptop, proxy, runs, run, result, advance)
        records = _settle(laptop, config)
        plan.failing = False
        after, seconds = cloud.resource_snapshot(laptop), time.monotonic() - begun
        result.rows.append((len(proxy.begun), seconds, after))
        result.promises = _promises(stock, records, proxy, seen, run)
        result.figures = {
            "seconds": round(seconds, 1),
            "attempts": dict(Counter(attempt.status for attempt in seen.attempts)),
            "calls": plan.calls.total(),
            "faults": plan.injected.total(),
            "faults of the backfill's own calls": {
                call: sum(n for (of, _), n in plan.injected.items() if of == call) for call in BACKFILL_FAULTS
            },
            "executions aborted": len(proxy.aborted),
            "verdicts": dict(Counter(f"{item.get('verdict')} by {item.get('decided_by')}" for item in records)),
            "seconds per object": round(seconds / config.objects, 3),
            "core-seconds per object": round((after.core_seconds - before.core_seconds) / config.objects, 3),
            "emulator's MB per object": round((after.megabytes - before.megabytes) / config.objects, 3),
            "proxy's failures": proxy.failures,
        }
    return result


def _stock(laptop: Laptop, config: ProofConfig) -> dict[tuple[str, str], SoakImage]:
    """Upload the objects before anything watches the bucket: the images by key and version."""
    images = [soak_image(f"stock-{config.seed}", number) for number in range(config.objects)]
    with unnoticed(laptop), ThreadPoolExecutor(8) as pool:
        versions = pool.map(lambda image: laptop.upload(image.key, image.data), images)
        return {(image.key, version): image for image, version in zip(images, versions, strict=True)}


def _moderate(
    laptop: Laptop, proxy: FaultProxy, runs: BackfillRuns, run: str, result: ProofResult, advance: Callable[[int], None]
) -> _Seen:
    """Start the run, cancel it twice, and resume it until no item fails."""
    config, seen = result.config, _Seen()
    given = {
        "run": {"id": run, "selection": {}},
        "source": {"kind": "listing", "prefix": f"stock-{config.seed}/"},
        "concurrency": config.concurrency,
        "tolerated_failure_percentage": _TOLERATED,
    }
    cancel_at = [round(share * config.objects) for share in CANCELLED_AT]
    number, shown, start = 0, 0, time.monotonic()
    runs.start(run, number, given)
    while time.monotonic() < start + config.timeout_s:
        _pause(proxy, cancel_at[0] if cancel_at else None)
        begun = len(proxy.begun)
        advance(begun - shown)
        shown = begun
        if begun >= result.rows[-1][0] + config.objects / _ROWS:
            result.rows.append((begun, time.monotonic() - start, cloud.resource_snapshot(laptop)))
        seen.attempts = runs.attempts(run)
        last = seen.attempts[-1]
        if last.is_running and cancel_at and begun >= cancel_at[0]:
            runs.stop(last)
            cancel_at = cancel_at[1:]
        elif not last.is_running:
            _note_decisions(seen, _records(laptop, config))
            if last.status == "SUCCEEDED" and not last.counts.get("failed"):
                break
            number += 1
            runs.start(run, number, given)
    return seen


def _pause(proxy: FaultProxy, begun: int | None) -> None:
    """Wait for a moment, which ends early when so many executions have begun."""
    until = time.monotonic() + _POLL_S
    while time.monotonic() < until and (begun is None or len(proxy.begun) < begun):
        time.sleep(_POLL_S / 10)


def _settle(laptop: Laptop, config: ProofConfig) -> list[Item]:
    """Return the records when no execution runs and the failed ones are recorded, or after a time limit."""
    cloud.wait_until_idle(laptop, config.timeout_s)
    until = time.monotonic() + _SETTLE_S
    while True:
        records = _records(laptop, config)
        if all("verdict" in item for item in records) or time.monotonic() > until:
            return records
        time.sleep(_POLL_S)


def _note_decisions(seen: _Seen, records: Sequence[Item]) -> None:
    """Keep the first decision seen on each object."""
    for item in records:
        if "verdict" in item:
            seen.decisions.setdefault(_key(item), {name: item.get(name) for name in DECISION})


def _records(laptop: Laptop, config: ProofConfig) -> list[Item]:
    pages = (
        laptop.client("dynamodb")
        .get_paginator("scan")
        .paginate(TableName=laptop.outputs["VerdictTableName"], ConsistentRead=True)
    )
    items = [{name: _deserialize(value) for name, value in item.items()} for page in pages for item in page["Items"]]
    return [item for item in items if _key(item).startswith(f"stock-{config.seed}/")]


def _promises(
    stock: Mapping[tuple[str, str], SoakImage], records: Sequence[Item], proxy: FaultProxy, seen: _Seen, run: str
) -> list[Invariant]:
    found = Counter((_key(item), item["sk"]) for item in records)
    changed = [
        _key(item)
        for item in records
        if _key(item) in seen.decisions and seen.decisions[_key(item)] != {name: item.get(name) for name in DECISION}
    ]
    passed = [
        item["pk"]
        for item in records
        if item.get("verdict") == "safe" and stock[_key(item), item["sk"]].verdict != "safe"
    ]
    cancelled = sum(attempt.status == "ABORTED" for attempt in seen.attempts)
    twice = [name for name, times in proxy.begun.items() if len(times) > 1]
    started = f"{len(proxy.begun):,} executions begun, {len(twice)} more than once"
    return [
        _promise("every object has one record", [key for (key, _), n in found.items() if n > 1], len(found)),
        _promise("none is lost", [key for key, _ in stock.keys() - found.keys()], len(stock)),
        _promise("every record has a verdict", [item["pk"] for item in records if "verdict" not in item], len(records)),
        _promise("every verdict is the run's", [i["pk"] for i in records if run_of(i["owner"]) != run], len(records)),
        Invariant("nothing is moderated twice", not twice and len(proxy.begun) == len(stock), started),
        _promise("no attempt changes a decision", changed, len(seen.decisions)),
        _promise("no fault makes an object safe", passed, len(records)),
        Invariant(
            "the run is cancelled and resumed twice, and ends",
            cancelled == len(CANCELLED_AT) < len(seen.attempts) and seen.attempts[-1].status == "SUCCEEDED",
            f"{len(seen.attempts)} attempts, {cancelled} of them cancelled",
        ),
    ]


def _promise(text: str, wrong: Sequence[str], checked: int) -> Invariant:
    figures = f"{checked - len(wrong):,} of {checked:,}" + (f"; not {', '.join(wrong[:5])}" if wrong else "")
    return Invariant(text, not wrong, figures)


def _key(item: Mapping[str, Any]) -> str:
    return str(item["pk"]).partition("#")[2]
