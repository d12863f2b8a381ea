"""Phases of a soak: a baseline without faults, the run with faults, and the redrive by an operator."""

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from local.harness.laptop import Laptop
from scripts.soak import cloud, invariants
from scripts.soak.cloud import ResourceSnapshot
from scripts.soak.faults import FaultPlan
from scripts.soak.invariants import Invariant
from scripts.soak.proxy import FaultProxy
from scripts.soak.run import Item, Observations, Soak

_SETTLE_S = 60


@dataclass(frozen=True)
class SoakConfig:
    """Parameters of a soak. `every` is the mean number of good calls between two bursts of faults, per kind of call."""

    images: int = 1000
    seed: int = 1
    baseline_images: int = 100
    every: float = 40
    time_scale: float = 50
    timeout_s: float = 600


@dataclass
class SoakResult:
    """Results of a soak, as build/soak.json holds them."""

    config: SoakConfig
    invariants: list[Invariant] = field(default_factory=list)
    calls: dict[str, int] = field(default_factory=dict)
    faults: dict[str, dict[str, int]] = field(default_factory=dict)  # call → kind of fault → number
    repeats: dict[str, int] = field(default_factory=dict)  # call → retries by the workflow
    figures: dict[str, Any] = field(default_factory=dict)

    @property
    def all_held(self) -> bool:
        return all(invariant.held for invariant in self.invariants)

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "all_held": self.all_held}


def soak(assembly: Path, config: SoakConfig, advance: Callable[[int], None] = lambda decided: None) -> SoakResult:
    """Run a soak; `advance` is called with the number of new verdicts."""
    result, plan = SoakResult(config), FaultPlan(config.seed, config.every)
    with cloud.cloud(assembly, plan, config.time_scale) as (laptop, proxy):
        run = Soak(laptop)
        _baseline(run, laptop, config, result)
        before = cloud.resource_snapshot(laptop)
        plan.failing = True
        seen = run.run(f"soak-{config.seed}", config.images, config.timeout_s, advance)
        after = _settle(laptop, before, config, result)
        plan.failing = False
        records = run.final_records(seen)
        _note(result, plan, proxy, seen, records, (before, after))
        _check(result, laptop, proxy, seen, records, (before, after))
        _redrive(run, laptop, seen, result)
    return result


def _baseline(run: Soak, laptop: Laptop, config: SoakConfig, result: SoakResult) -> None:
    """Check the expected verdicts on other images of the same classes. This also warms the workers up."""
    baseline = run.run(f"baseline-{config.seed}", config.baseline_images, config.timeout_s, lambda decided: None)
    cloud.wait_until_idle(laptop, config.timeout_s)
    records = run.final_records(baseline)
    expected = "without faults every verdict is the expected one"
    result.invariants.append(invariants.right_verdicts(expected, baseline, records))
    result.figures["baseline_images_per_s"] = round(len(baseline.uploads) / baseline.seconds, 2)


def _settle(laptop: Laptop, before: ResourceSnapshot, config: SoakConfig, result: SoakResult) -> ResourceSnapshot:
    """Wait, within a time limit, until no execution runs and its resources are released."""
    ended = cloud.wait_until_idle(laptop, config.timeout_s)
    result.invariants.append(
        Invariant("every execution ends", ended, "none is running" if ended else "some are still running")
    )
    until = time.monotonic() + _SETTLE_S
    while True:
        after = cloud.resource_snapshot(laptop)
        if invariants.nothing_left_behind(before, after).held or time.monotonic() >= until:
            return after
        time.sleep(0.5)


def _note(
    result: SoakResult,
    plan: FaultPlan,
    proxy: FaultProxy,
    seen: Observations,
    records: Sequence[Item],
    snapshots: tuple[ResourceSnapshot, ResourceSnapshot],
) -> None:
    table: dict[str, dict[str, int]] = defaultdict(dict)
    for (call, kind), times in sorted(plan.injected.items()):
        table[call][kind] = times
    result.faults, result.calls = dict(table), dict(sorted(plan.calls.items()))
    result.repeats = dict(sorted(proxy.repeats.items()))
    result.figures |= {
        "images": len(seen.uploads),
        "events": sum(1 + upload.events_at_once + upload.events_later for upload in seen.uploads),
        "seconds": round(seen.seconds, 1),
        "images_per_s": round(len(seen.uploads) / seen.seconds, 2),
        "calls": plan.calls.total(),
        "faults": plan.injected.total(),
        "faults_by_kind": dict(sum((Counter(kinds) for kinds in table.values()), Counter())),
        "permanent_faults": dict(proxy.permanent_faults),
        "executions_aborted": len(proxy.aborted),
        "verdicts": dict(Counter(_decision(record) for record in records)),
        "core_seconds_per_image": round((snapshots[1].core_seconds - snapshots[0].core_seconds) / len(seen.uploads), 3),
        "before": asdict(snapshots[0]),
        "after": asdict(snapshots[1]),
        "memory": [(decided, asdict(snapshot)) for decided, snapshot in seen.memory],
        "proxy_failures": proxy.failures,
    }


def _decision(record: Item) -> str:
    return f"{record['verdict']} by {record['decided_by']}" if record.get("verdict") else "none yet"


def _check(
    result: SoakResult,
    laptop: Laptop,
    proxy: FaultProxy,
    seen: Observations,
    records: Sequence[Item],
    snapshots: tuple[ResourceSnapshot, ResourceSnapshot],
) -> None:
    beyond = _beyond_retries(proxy, records)
    result.figures["beyond_retries"] = len(beyond)
    result.figures["wrong"] = invariants.explained(seen, records, beyond)
    result.figures["undecided"] = cloud.undecided(laptop, records)
    one_each = "every upload has exactly one final record, or a dead letter that alarms"
    result.invariants += [
        invariants.one_record_each(one_each, seen, records, cloud.dead_letters(laptop)),
        invariants.nothing_decided_twice(seen, records),
        invariants.never_safe_by_failure(seen, records),
        invariants.same_verdicts(seen, records, beyond),
        invariants.notified_or_marked(seen, records),
        invariants.persons_stand("no execution undoes a person's decision", seen, records),
        invariants.tags_agree("no tag disagrees with its record", cloud.tags(laptop, records), records),
        invariants.nothing_left_behind(*snapshots),
    ]


def _beyond_retries(proxy: FaultProxy, records: Sequence[Item]) -> set[str]:
    """Return the keys of uploads that no retry can save: poison, or an aborted execution."""
    return {
        record["image"]["key"]
        for record in records
        if "/poison/" in record["image"]["key"] or record["owner"].rsplit(":", 1)[-1] in proxy.aborted
    }


def _redrive(run: Soak, laptop: Laptop, seen: Observations, result: SoakResult) -> None:
    """Redrive as an operator does once no fault is injected any more, and check the outcome."""
    result.figures["redriven"] = cloud.redrive(laptop)
    cloud.wait_until_idle(laptop, result.config.timeout_s)
    records, letters = run.final_records(seen), cloud.dead_letters(laptop)
    one_each = "after `moderate redrive` every upload has exactly one final record"
    result.invariants += [
        invariants.one_record_each(one_each, seen, records, letters),
        invariants.no_letter_left(letters),
        invariants.right_verdicts("after `moderate redrive` every verdict is the expected one", seen, records),
        invariants.notified(seen, records),
        invariants.persons_stand("`moderate redrive` undoes no person's decision", seen, records),
        invariants.tags_agree(
            "after `moderate redrive` no tag disagrees with its record", cloud.tags(laptop, records), records
        ),
    ]
    result.figures["wrong_after"] = invariants.explained(seen, records, excluded=())
