"""A soak from beginning to end: without faults, with them, and what an operator does afterwards."""

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from local.harness.laptop import Laptop
from scripts.soak import cloud, invariants
from scripts.soak.cloud import Census
from scripts.soak.faults import Plan
from scripts.soak.invariants import Promise
from scripts.soak.proxy import FaultProxy
from scripts.soak.run import Record, Seen, Soak

_SETTLE_S = 60


@dataclass(frozen=True)
class Sizes:
    """How much is done. `every`: good calls between two spells of faults at a kind of call, on average."""

    images: int = 1000
    seed: int = 1
    calm_images: int = 100
    every: float = 40
    time_scale: float = 50
    timeout_s: float = 600


@dataclass
class Result:
    """What came out."""

    sizes: Sizes
    promises: list[Promise] = field(default_factory=list)
    calls: dict[str, int] = field(default_factory=dict)
    faults: dict[str, dict[str, int]] = field(default_factory=dict)  # kind of call → kind of fault → how often
    repeats: dict[str, int] = field(default_factory=dict)  # how often the workflow repeated a kind of call
    figures: dict[str, Any] = field(default_factory=dict)

    @property
    def all_held(self) -> bool:
        return all(promise.held for promise in self.promises)

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "all_held": self.all_held}


def soak(assembly: Path, sizes: Sizes, advance: Callable[[int], None] = lambda decided: None) -> Result:
    """Run it; `advance` hears how many more images have a verdict."""
    result, plan = Result(sizes), Plan(sizes.seed, sizes.every)
    with cloud.cloud(assembly, plan, sizes.time_scale) as (laptop, proxy):
        run = Soak(laptop)
        _without_faults(run, laptop, sizes, result)
        before = cloud.census(laptop)
        plan.failing = True
        seen = run.run(f"soak-{sizes.seed}", sizes.images, sizes.timeout_s, advance)
        after = _settle(laptop, before, sizes, result)
        plan.failing = False
        records = run.hear_and_read(seen)
        _note(result, plan, proxy, seen, records, (before, after))
        _check(result, laptop, proxy, seen, records, (before, after))
        _redrive(run, laptop, seen, result)
    return result


def _without_faults(run: Soak, laptop: Laptop, sizes: Sizes, result: Result) -> None:
    """Other pictures of the same sorts: what is expected of them is what comes out. It warms the workers up, too."""
    calm = run.run(f"calm-{sizes.seed}", sizes.calm_images, sizes.timeout_s, lambda decided: None)
    cloud.wait_until_idle(laptop, sizes.timeout_s)
    records = run.hear_and_read(calm)
    result.promises.append(invariants.right_verdicts("without faults every verdict is as expected", calm, records))
    result.figures["calm_images_per_s"] = round(len(calm.uploads) / calm.seconds, 2)


def _settle(laptop: Laptop, before: Census, sizes: Sizes, result: Result) -> Census:
    """Wait until nothing runs any more and what was in use is given back, but not for ever."""
    ended = cloud.wait_until_idle(laptop, sizes.timeout_s)
    result.promises.append(Promise("every execution ends", ended, "none runs" if ended else "some still run"))
    until = time.monotonic() + _SETTLE_S
    while not invariants.nothing_left_behind(before, after := cloud.census(laptop)).held and time.monotonic() < until:
        time.sleep(0.5)
    return after


def _note(
    result: Result,
    plan: Plan,
    proxy: FaultProxy,
    seen: Seen,
    records: Sequence[Record],
    censuses: tuple[Census, Census],
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
        "doomed_calls": dict(proxy.doomed),
        "executions_aborted": len(proxy.aborted),
        "verdicts": dict(Counter(f"{r.get('verdict')} by {r.get('decided_by')}" for r in records)),
        "core_seconds_per_image": round((censuses[1].core_seconds - censuses[0].core_seconds) / len(seen.uploads), 3),
        "before": asdict(censuses[0]),
        "after": asdict(censuses[1]),
        "memory": [(decided, asdict(census)) for decided, census in seen.memory],
        "proxy_failures": proxy.broken,
    }


def _check(
    result: Result,
    laptop: Laptop,
    proxy: FaultProxy,
    seen: Seen,
    records: Sequence[Record],
    censuses: tuple[Census, Census],
) -> None:
    beyond = _beyond_ceilings(proxy, records)
    result.figures["beyond_ceilings"] = len(beyond)
    result.figures["wrong"] = invariants.explained(seen, records, beyond)
    result.promises += [
        invariants.one_record_each(seen, records),
        invariants.nothing_decided_twice(seen, records),
        invariants.never_safe_by_failure(seen, records),
        invariants.same_verdicts(seen, records, beyond),
        invariants.announced_or_marked(seen, records),
        invariants.dead_letters_accounted_for(cloud.dead_letters(laptop), records),
        invariants.nothing_left_behind(*censuses),
    ]


def _beyond_ceilings(proxy: FaultProxy, records: Sequence[Record]) -> set[str]:
    """Keys of uploads that no retry could save: poisoned, or their execution was aborted."""
    return {
        record["image"]["key"]
        for record in records
        if "/poison/" in record["image"]["key"] or record["owner"].rsplit(":", 1)[-1] in proxy.aborted
    }


def _redrive(run: Soak, laptop: Laptop, seen: Seen, result: Result) -> None:
    """What an operator does once everything works again."""
    result.figures["redriven"] = cloud.redrive(laptop)
    cloud.wait_until_idle(laptop, result.sizes.timeout_s)
    records = run.hear_and_read(seen)
    result.promises += [
        invariants.right_verdicts("after `moderate redrive` every verdict is the right one", seen, records),
        invariants.announced(seen, records),
    ]
    result.figures["wrong_after"] = invariants.explained(seen, records, excluded=())
