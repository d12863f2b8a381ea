"""`make measure-calls`: count the requests, units and bytes that one image takes, for `moderate cost`.

The real template, state machine and functions run on the laptop cloud with instant models; requests are counted where
they arrive. The results are written to moderate/costs/measured.json. Counts and sizes equal those on AWS; CPU time is
the laptop's.
"""

import io
import json
import os
import random
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import fmean
from typing import Any
from unittest.mock import patch

import psutil
from PIL import Image
from rich.console import Console

from local import deploy as deployment
from local.cloud import server
from local.cloud.runtime import fleet
from local.cloud.runtime.function import InvocationResult
from local.cloud.runtime.worker import Worker
from local.harness.instant_models import NO, YES, InstantModels
from local.synth import PROJECT, STACK, synthesise
from moderation.contract import INDEXES
from scripts.costs.dynamodb_units import item_bytes, projected, read_units, write_units

RESULTS = PROJECT / "moderate/costs/measured.json"
REPEATS = 5  # per outcome: counts must be equal, CPU time is averaged
INPUT_SIZE = 224
SMALL, PHONE = (640, 480), (1600, 1200)  # one view under the default pack; tiled
COUNTED = ("transitions", "requests", "calls", "write_units", "read_units")  # equal in every run of an outcome
WAITED_FOR = {"s3", "dynamodb", "sns"}  # services whose calls take about as long
LOG_EVENT_BYTES = 26  # added to each event by CloudWatch Logs (PutLogEvents in its API reference)
UNCOUNTED_HEADER = "X-Not-Counted"
# Attributes projected into each index of the table, besides the table's keys.
BY_VERDICT, BY_SHA256 = (
    (index["partition_key"], index["sort_key"], *index["projected"])
    for index in (INDEXES["by_verdict"], INDEXES["by_sha256"])
)


@dataclass
class Meter:
    """Counts in the emulator since the last reset."""

    policies: str = ""  # path prefix of the policy bucket
    requests: Counter[str] = field(default_factory=Counter)
    calls: Counter[str] = field(default_factory=Counter)  # step → requests to stores and topics, which it waits for
    steps: dict[str, str] = field(default_factory=dict)  # access key → step; kept at a reset
    invocations: Counter[str] = field(default_factory=Counter)
    cpu_ms: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    memory_mb: dict[str, int] = field(default_factory=dict)
    log_bytes: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def reset(self) -> None:
        with self.lock:
            for counts in (self.requests, self.calls, self.invocations, self.cpu_ms, self.memory_mb):
                counts.clear()
            self.log_bytes = 0

    def reading(self) -> dict[str, Any]:
        with self.lock:
            return {
                "requests": dict(sorted(self.requests.items())),
                "calls": dict(self.calls),
                "invocations": dict(self.invocations),
                "cpu_ms": dict(self.cpu_ms),
                "memory_mb": dict(self.memory_mb),
                "log_bytes": self.log_bytes,
            }


METER = Meter()


class CountingHandler(server._Quiet):
    """Counts requests by service and operation, without those of this script and the reads of cached policies."""

    def log_request(self, *_: object) -> None:
        if UNCOUNTED_HEADER in self.headers or (METER.policies and self.path.startswith(METER.policies)):
            return
        signed = self.headers.get("Authorization", "=unsigned///unsigned")
        key, service = signed.partition("=")[2].split("/")[0], signed.split("/")[3]
        action = self.headers.get("X-Amz-Target", "").rpartition(".")[2] or self.command
        with METER.lock:
            METER.requests[f"{service}:{action}"] += 1
            if service in WAITED_FOR and key in METER.steps:
                METER.calls[METER.steps[key]] += 1


class MeteredWorker(Worker):
    """Measures the CPU time and the log size of each invocation."""

    def _environment(self, task_root: Path, cloud: Mapping[str, str]) -> dict[str, str]:
        METER.steps[cloud["AWS_ACCESS_KEY_ID"]] = self._step
        return super()._environment(task_root, cloud)

    @property
    def _step(self) -> str:
        return self.function.handler.split(".")[-2]

    def invoke(self, event: bytes) -> InvocationResult:
        process = psutil.Process(self._process.pid)
        before = process.cpu_times()
        answer = super().invoke(event)
        after = process.cpu_times()
        took = (after.user + after.system - before.user - before.system) * 1000
        step = self._step
        with METER.lock:
            METER.invocations[step] += 1
            METER.cpu_ms[step] += took
            METER.memory_mb[step] = self.function.memory_mb
            METER.log_bytes += sum(len(line.encode()) + LOG_EVENT_BYTES for line in answer.log.splitlines())
        return answer


@dataclass(frozen=True)
class Cloud:
    """Deployed laptop cloud, with clients whose requests aren't counted."""

    url: str
    outputs: Mapping[str, str]

    def client(self, service: str) -> Any:
        made = deployment.client(service, self.url)
        made.meta.events.register("before-sign", _mark)
        return made


def _mark(request: Any, **_: Any) -> None:
    request.headers[UNCOUNTED_HEADER] = "yes"


def main() -> int:
    """Measure all outcomes and write the results."""
    console = Console()
    with running_cloud(console) as (cloud, models):
        measured = {name: measure(cloud, models, name, console) for name in OUTCOMES}
    check_views(measured)
    RESULTS.write_text(json.dumps(document(measured), indent=2) + "\n")
    console.print(f"Written to {RESULTS.relative_to(PROJECT)}")
    return 0


@contextmanager
def running_cloud(console: Console) -> Iterator[tuple[Cloud, InstantModels]]:
    """Run the emulator in this process, so that its requests can be counted."""
    with (
        tempfile.TemporaryDirectory(prefix="measure-") as scratch,
        InstantModels() as models,
        patch.object(server, "_Quiet", CountingHandler),
        patch.object(fleet, "Worker", MeteredWorker),
    ):
        with console.status("Synthesising the stack"):
            assembly = synthesise(Path(scratch), model_input_size=INPUT_SIZE)
        with server.serve(models.url) as url:
            with console.status("Deploying it to the laptop cloud"):
                outputs = deployment.deploy(assembly, STACK, url)
            METER.policies = f"/{outputs['PolicyBucketName']}"
            yield Cloud(url, outputs), models


def photo(size: tuple[int, int], seed: int) -> bytes:
    """Return a unique JPEG of smooth noise, whose views are about as large as those of a photo."""
    coarse = (size[0] // 8, size[1] // 8)
    noise = Image.frombytes("RGB", coarse, random.Random(seed).randbytes(coarse[0] * coarse[1] * 3))
    buffer = io.BytesIO()
    noise.resize(size, Image.Resampling.BICUBIC).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def _safe(models: InstantModels) -> None:
    models.reset()


def _unsafe(models: InstantModels) -> None:
    models.reset()
    models.answer = lambda png, prompt: YES if "gun" in prompt else NO
    models.judge = lambda prompt: '{"flag": "yes", "category": "Violence", "reason": "A gun can be seen in the photo."}'


# outcome → setup of the models, size of the image, reuse of the bytes of an earlier one
OUTCOMES = {
    "safe": (_safe, SMALL, False),
    "unsafe": (_unsafe, SMALL, False),
    "reused": (_safe, SMALL, True),
    "many_views": (_safe, PHONE, False),
}


def measure(cloud: Cloud, models: InstantModels, outcome: str, console: Console) -> dict[str, Any]:
    """Return the counts of one image of an outcome, with warm functions and cached policies."""
    prepare, size, is_repeated = OUTCOMES[outcome]
    prepare(models)
    first = 1000 * list(OUTCOMES).index(outcome)
    original = photo(size, first)
    moderate(cloud, f"{outcome}-warm.jpg", original)
    runs = []
    for number in range(1, REPEATS + 1):
        body = original if is_repeated else photo(size, first + number)
        runs.append(moderate(cloud, f"{outcome}-{number}.jpg", body))
    one = runs[0]
    if any(run[name] != one[name] for run in runs for name in COUNTED):
        raise RuntimeError(f"Images of the outcome {outcome!r} have different counts; measure again: {runs}")
    cpu_ms = {step: round(fmean(run["cpu_ms"][step] for run in runs)) for step in one["cpu_ms"]}
    console.print(f"{outcome}: {one['verdict']}, {one['transitions']} transitions, {one['requests']}")
    return {**one, "cpu_ms": cpu_ms}


def check_views(measured: Mapping[str, Mapping[str, Any]]) -> None:
    """Raise RuntimeError if a plain JPEG below the tiling size, as most uploads are, costs more than one view."""
    views = {name: measured[name]["views"] for name in ("safe", "unsafe")}
    if set(views.values()) != {1}:
        raise RuntimeError(f"A plain JPEG of {SMALL[0]} x {SMALL[1]} pixels is to cost one view, not {views}.")


def moderate(cloud: Cloud, key: str, body: bytes) -> dict[str, Any]:
    """Upload an image, wait until its execution has ended, and return the counts."""
    METER.reset()
    version = cloud.client("s3").put_object(Bucket=cloud.outputs["IntakeBucketName"], Key=key, Body=body)["VersionId"]
    item = _wait(cloud, key, version)
    return METER.reading() | _of_workflow(cloud, item["owner"]["S"]) | _of_table(item) | _of_work(cloud, item)


def _wait(cloud: Cloud, key: str, version: str) -> dict[str, Any]:
    """Return the item when its execution has ended. Raises TimeoutError."""
    table, states = cloud.client("dynamodb"), cloud.client("stepfunctions")
    keys = {"pk": {"S": f"{cloud.outputs['IntakeBucketName']}#{key}"}, "sk": {"S": version}}
    until = time.monotonic() + 120
    while time.monotonic() < until:
        item = table.get_item(TableName=cloud.outputs["VerdictTableName"], Key=keys).get("Item")
        if item and states.describe_execution(executionArn=item["owner"]["S"])["status"] == "SUCCEEDED":
            time.sleep(0.2)  # the emulator answers the last request just after the execution's end
            ended: dict[str, Any] = table.get_item(TableName=cloud.outputs["VerdictTableName"], Key=keys)["Item"]
            return ended
        time.sleep(0.05)
    raise TimeoutError(f"No verdict on {key} within two minutes.")


def _of_workflow(cloud: Cloud, execution: str) -> dict[str, Any]:
    """Return the transitions, and the bytes that Step Functions logs for the execution at level ALL, without data."""
    states = cloud.client("stepfunctions")
    pages = states.get_paginator("get_execution_history").paginate(executionArn=execution)
    events = [event for page in pages for event in page["events"]]
    entered = sum("stateEnteredEventDetails" in event for event in events)
    logged = [
        {
            "id": str(event["id"]),
            "type": event["type"],
            "details": {"name": event.get("stateEnteredEventDetails", {}).get("name", "")},
            "previous_event_id": str(event.get("previousEventId", 0)),
            "event_timestamp": str(round(event["timestamp"].timestamp() * 1000)),
            "execution_arn": execution,
            "redrive_count": "0",
        }
        for event in events
    ]
    return {
        "transitions": entered,
        "workflow_events": len(events),
        "workflow_log_bytes": sum(len(json.dumps(line)) + LOG_EVENT_BYTES for line in logged),
    }


def _of_table(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return the request units of all calls of the pipeline, by the item's size at each call."""
    claim = {name: item[name] for name in ("pk", "sk", "owner", "created_at", "image", "status", "verdict_shard")}
    listed_claim, listed = projected(claim, BY_VERDICT), projected(item, BY_VERDICT)
    by_sha256 = projected(item, BY_SHA256)
    notified = "notified" in item
    writes = write_units(claim) + write_units(listed_claim)
    writes += write_units(item) + write_units(listed_claim) + write_units(listed) + write_units(by_sha256)
    writes += (write_units(item) + write_units(listed)) if notified else 0
    reads = 0.5 + (read_units(item) if notified else 0)
    reads += (0.5 + read_units(item)) if "reused_from" in item else 0  # the query returns an item, which is then read
    return {
        "verdict": item["verdict"]["S"],
        "write_units": writes,
        "read_units": reads,
        "item_bytes": item_bytes(item),
        "listed_bytes": item_bytes(listed),
        "stored_bytes": item_bytes(item) + item_bytes(listed) + item_bytes(by_sha256) + 3 * 100,
    }


def _of_work(cloud: Cloud, item: Mapping[str, Any]) -> dict[str, Any]:
    """Return the number of views, and the number and size of the execution's objects in the work bucket."""
    s3, bucket = cloud.client("s3"), cloud.outputs["WorkBucketName"]
    execution = item["owner"]["S"].rsplit(":", 1)[-1]
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="work/")
    objects = [o for page in pages for o in page.get("Contents", []) if f"/{execution}/" in o["Key"]]
    return {
        "views": sum("/views/" in o["Key"] for o in objects),
        "work_objects": len(objects),
        "work_bytes": sum(o["Size"] for o in objects),
    }


def document(measured: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return the content of measured.json."""
    return {
        "measured_on": f"the laptop cloud, {os.cpu_count()} cores, models that answer at once, pack `default`",
        "when": datetime.now(UTC).date().isoformat(),
        "outcomes": dict(measured),
    }


if __name__ == "__main__":
    sys.exit(main())
