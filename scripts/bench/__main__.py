"""`make bench`: measure the pipeline on the laptop cloud with models that answer at once.

The endpoints are doubles that answer by an image's colour, so models take no time. Prints medians and writes
build/bench.json.
"""

import argparse
import io
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
from PIL import Image
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from local.harness.instant_models import NO, SURE, InstantModels, Scored
from local.harness.laptop import Laptop
from local.policies import publish_demo_pack
from local.synth import PROJECT, STACK, synthesise
from moderate.costs.billing import WAITING_GB
from moderate.costs.resource_usage import VCPU_MB
from moderation.contract import METRIC_NAMESPACE

# Functions that have little memory, and so a small share of a processor, and the variables that they are wired by.
WAITING = {
    "query_image": {"WORK_BUCKET": "work", "BLIP2_ENDPOINT": "blip2", "BLIP2_DIALECT": "scored"},
    "judge_image": {
        "WORK_BUCKET": "work",
        "LLAMA_ENDPOINT": "llama",
        "LLAMA_DIALECT": "tgi",
        "LLAMA_GRAMMAR": "false",
    },
}
HANDLERS = sorted(
    path.stem for path in (PROJECT / "lambdas/moderation/handlers").glob("*.py") if path.stem != "__init__"
)
SIZE = (320, 240)
RESULTS = PROJECT / "build" / "bench.json"


@dataclass(frozen=True)
class BenchConfig:
    """Sizes of a benchmark."""

    warm_uploads: int = 20
    burst: int = 60
    bursts: int = 3
    memory_steps: Sequence[int] = (100, 200, 300, 400, 500)
    imports: int = 7


QUICK = BenchConfig(warm_uploads=3, burst=6, bursts=1, memory_steps=(10, 20), imports=1)


def main() -> int:
    """Run the benchmark, and return 1 if a verdict is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="measure a few images only, as a smoke test")
    config = QUICK if parser.parse_args().quick else BenchConfig()
    console = Console()
    results: dict[str, Any] = {"when": datetime.now(UTC).isoformat(timespec="seconds"), "cores": os.cpu_count()}
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        with console.status("Synthesising the stack"):
            assembly = synthesise(Path(scratch), model_input_size=96, model_concurrency=8)
        results["code_asset_mb"] = code_asset_megabytes(assembly)
        with console.status("Importing handlers in fresh interpreters"):
            results["cold_import_ms"] = cold_imports(config.imports)
            results["cold_start_ms"] = cold_starts(config.imports)
        with colour_models() as models, Laptop(assembly, models.url) as laptop, Progress(console=console) as progress:
            measure_pipeline(laptop, config, progress, results)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=2) + "\n")
    show(console, results)
    return 0 if results["wrong_verdicts"] == 0 else 1


def measure_pipeline(laptop: Laptop, config: BenchConfig, progress: Progress, results: dict[str, Any]) -> None:
    """Add the results that need the running cloud."""
    publish_demo_pack(laptop.outputs, laptop.url)
    runs: list[UploadTiming] = []
    total = config.warm_uploads + config.burst * (config.bursts + 1)
    task = progress.add_task("Uploading", total=total + config.memory_steps[-1])

    def upload(count: int, at_once: int) -> list[UploadTiming]:
        numbers = range(len(runs), len(runs) + count)
        with ThreadPoolExecutor(at_once) as pool:
            uploads = list(pool.map(lambda number: put_image(laptop, number), numbers))
        done = [wait_for(laptop, upload) for upload in uploads]
        runs.extend(done)
        progress.advance(task, count)
        return done

    upload(config.burst, at_once=config.burst)  # warms every worker up
    warm = [upload(1, at_once=1)[0] for _ in range(config.warm_uploads)]
    results["upload_to_verdict_ms"] = round(statistics.median(run.milliseconds for run in warm))
    bursts = [upload(config.burst, at_once=config.burst) for _ in range(config.bursts)]
    results["burst_images_per_s"] = round(statistics.median(images_per_second(burst) for burst in bursts), 2)
    results["burst"] = config.burst
    cloud = cloud_process()
    memory = {0: megabytes(cloud)}
    for before, after in zip((0, *config.memory_steps), config.memory_steps, strict=False):
        upload(after - before, at_once=8)
        memory[after] = megabytes(cloud)
    results["memory_mb_after_images"] = {"before": total, **{str(count): m for count, m in memory.items()}}
    results["workers"] = len(cloud.children())
    results["workers_mb"] = round(sum(child.memory_info().rss for child in cloud.children()) / 1e6)
    results["images"] = len(runs)
    results["wrong_verdicts"] = sum(run.verdict != run.expected for run in runs)


@dataclass(frozen=True)
class PendingUpload:
    """Uploaded image without a verdict. `started` is in seconds since the epoch."""

    key: str
    version: str
    started: float
    expected: str


@dataclass(frozen=True)
class UploadTiming:
    """Times of an image's upload and verdict, in seconds since the epoch."""

    uploaded: float
    decided: float
    verdict: str
    expected: str

    @property
    def milliseconds(self) -> float:
        return (self.decided - self.uploaded) * 1000


def put_image(laptop: Laptop, number: int) -> PendingUpload:
    """Upload a unique image, mostly red (unsafe) or mostly green (safe)."""
    unsafe = number % 2 == 0
    red, green = (Image.new("L", SIZE, 200 if bright else 30) for bright in (unsafe, not unsafe))
    # noise: a uniform image would be trimmed as border
    blue = Image.frombytes("L", SIZE, random.Random(number).randbytes(SIZE[0] * SIZE[1]))
    buffer = io.BytesIO()
    Image.merge("RGB", (red, green, blue)).save(buffer, "PNG")
    key, started = f"bench/{number}.png", time.time()
    version = laptop.upload(key, buffer.getvalue())
    return PendingUpload(key, version, started, "unsafe" if unsafe else "safe")


def wait_for(laptop: Laptop, upload: PendingUpload) -> UploadTiming:
    """Wait for a verdict. Polling is slow to keep the load low: the time is taken from the record."""
    item = laptop.wait_for_verdict(upload.key, upload.version, timeout_s=300, poll_s=0.1)
    decided = datetime.fromisoformat(item["decided_at"]).timestamp()
    return UploadTiming(upload.started, decided, item["verdict"], upload.expected)


def images_per_second(burst: Sequence[UploadTiming]) -> float:
    """Return the throughput from the first upload to the last verdict."""
    return len(burst) / (max(run.decided for run in burst) - min(run.uploaded for run in burst))


@contextmanager
def colour_models() -> Iterator[InstantModels]:
    """Serve a BLIP-2 that sees a weapon in red images, and a Llama that agrees with it."""
    with InstantModels() as models:

        def answer(png: bytes, prompt: str) -> Scored:
            red, green, _ = Image.open(io.BytesIO(png)).convert("RGB").getpixel((48, 48))  # type: ignore[misc]
            return SURE if "weapon" in prompt and red > green else NO

        def judge(prompt: str) -> str:
            if 'Answer: "yes"' in prompt.rsplit("<evidence>", 1)[-1]:
                return '{"flag": "yes", "category": "Weapons", "reason": "There is a weapon."}'
            return '{"flag": "no", "category": "", "reason": "Nothing breaks a rule."}'

        models.answer, models.judge = answer, judge
        yield models


def cold_imports(repeats: int) -> dict[str, dict[str, int]]:
    """Return the milliseconds to import each handler in a fresh interpreter, without the interpreter's own start.

    `wall` is wall-clock time, `cpu` is CPU time; on a busy machine only the latter is meaningful.
    """
    return {handler: import_ms(f"moderation.handlers.{handler}", repeats) for handler in HANDLERS}


def cold_starts(repeats: int) -> dict[str, dict[str, int]]:
    """Return the milliseconds until a waiting function can take an event: its import, its clients and its tracer."""
    ready = "from moderation import observability, wiring; observability.tracer(); wiring.{0}()"
    return {
        handler: ms_of(f"import moderation.handlers.{handler}; {ready.format(handler)}", repeats, variables)
        for handler, variables in WAITING.items()
    }


def import_ms(module: str, repeats: int) -> dict[str, int]:
    """Return the milliseconds to import a module."""
    return ms_of(f"import {module}", repeats, {})


def ms_of(code: str, repeats: int, more: Mapping[str, str]) -> dict[str, int]:
    """Return the median differences of interleaved runs, which cancels drifts in the machine's speed."""
    variables = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(PROJECT / "lambdas"),
        "POWERTOOLS_SERVICE_NAME": "moderation",
        "POWERTOOLS_METRICS_NAMESPACE": METRIC_NAMESPACE,
        "AWS_DEFAULT_REGION": "us-east-1",
        **more,
    }
    pairs = [(run_ms(code, variables), run_ms("pass", variables)) for _ in range(repeats)]
    wall, cpu = (round(statistics.median(loaded[clock] - bare[clock] for loaded, bare in pairs)) for clock in (0, 1))
    return {"wall": wall, "cpu": cpu}


def run_ms(code: str, variables: Mapping[str, str]) -> tuple[float, float]:
    """Run `code` in a fresh interpreter and return the milliseconds of wall-clock and CPU time."""
    began, used = time.perf_counter(), os.times()
    subprocess.run([sys.executable, "-c", code], env=dict(variables), check=True)
    wall, now = time.perf_counter() - began, os.times()
    cpu = now.children_user + now.children_system - used.children_user - used.children_system
    return wall * 1000, cpu * 1000


def code_asset_megabytes(assembly: Path) -> float:
    """Return the size of the functions' zipped code, without layers."""
    manifest = json.loads((assembly / f"{STACK}.assets.json").read_text())
    paths = [assembly / file["source"]["path"] for file in manifest["files"].values()]
    code = next(path for path in paths if (path / "moderation").is_dir())
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in code.rglob("*"):
            archive.write(file, file.relative_to(code))
    return round(len(buffer.getvalue()) / 1e6, 3)


def cloud_process() -> psutil.Process:
    """Return the emulator's process."""
    return next(child for child in psutil.Process().children() if "local.cloud" in child.cmdline())


def megabytes(process: psutil.Process) -> int:
    """Return the resident memory of a process."""
    return round(process.memory_info().rss / 1e6)


def show(console: Console, results: Mapping[str, Any]) -> None:
    """Print the results next to their goals."""
    table = Table("metric", "measured", "goal", title=f"The pipeline with instant models, {results['cores']} cores")
    table.add_row("upload → verdict, warm (median)", f"{results['upload_to_verdict_ms']} ms", "≤ 500 ms")
    table.add_row(f"burst of {results['burst']} uploads", f"{results['burst_images_per_s']} images/s", "≥ 4 images/s")
    table.add_row("wrong verdicts", f"{results['wrong_verdicts']} of {results['images']}", "0")
    for handler, milliseconds in results["cold_import_ms"].items():
        table.add_row(
            f"cold import of {handler}", f"{milliseconds['wall']} ms, {milliseconds['cpu']} ms of CPU", "≤ 350 ms"
        )
    for handler, milliseconds in results["cold_start_ms"].items():
        at_share = milliseconds["cpu"] / 1000 * VCPU_MB / (WAITING_GB * 1024)
        table.add_row(f"cold start of {handler}", f"{milliseconds['cpu']} ms of CPU, {at_share:.1f} s of its share", "")
    table.add_row("code asset, zipped", f"{results['code_asset_mb']} MB", "≤ 1 MB")
    memory = {k: v for k, v in results["memory_mb_after_images"].items() if k != "before"}
    for count, amount in memory.items():
        table.add_row(f"memory of the emulator after {count} more images", f"{amount} MB", "bounded")
    table.add_row(f"memory of its {results['workers']} warm workers", f"{results['workers_mb']} MB", "")
    console.print(table)
    console.print(f"Written to {RESULTS.relative_to(PROJECT)}")


if __name__ == "__main__":
    sys.exit(main())
