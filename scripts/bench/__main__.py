"""`make bench`: how fast the pipeline is on the laptop cloud when the models answer at once.

It measures the pipeline, not the models: endpoints are doubles that look at an image's colour. Prints medians,
writes build/bench.json.
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
from moderation.contract import METRIC_NAMESPACE

HANDLERS = sorted(
    path.stem for path in (PROJECT / "lambdas/moderation/handlers").glob("*.py") if path.stem != "__init__"
)
SIZE = (320, 240)
RESULTS = PROJECT / "build" / "bench.json"


@dataclass(frozen=True)
class Sizes:
    """How much is measured."""

    warm_uploads: int = 20
    burst: int = 60
    bursts: int = 3
    memory_steps: Sequence[int] = (100, 200, 300, 400, 500)
    imports: int = 7


QUICK = Sizes(warm_uploads=3, burst=6, bursts=1, memory_steps=(10, 20), imports=1)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="only show that it works")
    sizes = QUICK if parser.parse_args().quick else Sizes()
    console = Console()
    results: dict[str, Any] = {"when": datetime.now(UTC).isoformat(timespec="seconds"), "cores": os.cpu_count()}
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        with console.status("Synthesising the stack"):
            assembly = synthesise(Path(scratch), model_input_size=96, model_concurrency=8)
        results["code_asset_mb"] = code_asset_megabytes(assembly)
        with console.status("Importing handlers in fresh interpreters"):
            results["cold_import_ms"] = cold_imports(sizes.imports)
        with colour_models() as models, Laptop(assembly, models.url) as laptop, Progress(console=console) as progress:
            measure_pipeline(laptop, sizes, progress, results)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=2) + "\n")
    show(console, results)
    return 0 if results["wrong_verdicts"] == 0 else 1


def measure_pipeline(laptop: Laptop, sizes: Sizes, progress: Progress, results: dict[str, Any]) -> None:
    """Fill in what needs the running cloud."""
    publish_demo_pack(laptop.outputs, laptop.url)
    runs: list[Run] = []
    total = sizes.warm_uploads + sizes.burst * (sizes.bursts + 1)
    task = progress.add_task("Uploading", total=total + sizes.memory_steps[-1])

    def upload(count: int, at_once: int) -> list[Run]:
        numbers = range(len(runs), len(runs) + count)
        with ThreadPoolExecutor(at_once) as pool:
            uploads = list(pool.map(lambda number: put_image(laptop, number), numbers))
        done = [wait_for(laptop, upload) for upload in uploads]
        runs.extend(done)
        progress.advance(task, count)
        return done

    upload(sizes.burst, at_once=sizes.burst)  # warms every worker up
    warm = [upload(1, at_once=1)[0] for _ in range(sizes.warm_uploads)]
    results["upload_to_verdict_ms"] = round(statistics.median(run.milliseconds for run in warm))
    bursts = [upload(sizes.burst, at_once=sizes.burst) for _ in range(sizes.bursts)]
    results["burst_images_per_s"] = round(statistics.median(images_per_second(burst) for burst in bursts), 2)
    results["burst"] = sizes.burst
    cloud = cloud_process()
    memory = {0: megabytes(cloud)}
    for before, after in zip((0, *sizes.memory_steps), sizes.memory_steps, strict=False):
        upload(after - before, at_once=8)
        memory[after] = megabytes(cloud)
    results["memory_mb_after_images"] = {"before": total, **{str(count): m for count, m in memory.items()}}
    results["workers"] = len(cloud.children())
    results["workers_mb"] = round(sum(child.memory_info().rss for child in cloud.children()) / 1e6)
    results["images"] = len(runs)
    results["wrong_verdicts"] = sum(run.verdict != run.expected for run in runs)


@dataclass(frozen=True)
class Upload:
    """An image on its way. `started` is in seconds since the epoch."""

    key: str
    version: str
    started: float
    expected: str


@dataclass(frozen=True)
class Run:
    """An image from the start of its upload to its verdict."""

    uploaded: float
    decided: float
    verdict: str
    expected: str

    @property
    def milliseconds(self) -> float:
        return (self.decided - self.uploaded) * 1000


def put_image(laptop: Laptop, number: int) -> Upload:
    """Upload an image that no earlier one equals, mostly red (unsafe) or mostly green."""
    unsafe = number % 2 == 0
    red, green = (Image.new("L", SIZE, 200 if bright else 30) for bright in (unsafe, not unsafe))
    # noise: without it the image would be all border, and cut down to nothing
    blue = Image.frombytes("L", SIZE, random.Random(number).randbytes(SIZE[0] * SIZE[1]))
    buffer = io.BytesIO()
    Image.merge("RGB", (red, green, blue)).save(buffer, "PNG")
    key, started = f"bench/{number}.png", time.time()
    version = laptop.upload(key, buffer.getvalue())
    return Upload(key, version, started, "unsafe" if unsafe else "safe")


def wait_for(laptop: Laptop, upload: Upload) -> Run:
    """Polls seldom, to load the cloud little: the record says when it was decided."""
    item = laptop.wait_for_verdict(upload.key, upload.version, timeout_s=300, poll_s=0.1)
    decided = datetime.fromisoformat(item["decided_at"]).timestamp()
    return Run(upload.started, decided, item["verdict"], upload.expected)


def images_per_second(burst: Sequence[Run]) -> float:
    return len(burst) / (max(run.decided for run in burst) - min(run.uploaded for run in burst))


@contextmanager
def colour_models() -> Iterator[InstantModels]:
    """BLIP-2 sees a weapon in what is red; Llama calls unsafe what BLIP-2 saw a weapon in."""
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
    """Milliseconds to import each handler in a fresh interpreter, beyond the interpreter's own start.

    `wall` is what passes, `cpu` what it takes of one core: on a busy machine only the latter means anything.
    """
    return {handler: import_ms(f"moderation.handlers.{handler}", repeats) for handler in HANDLERS}


def import_ms(module: str, repeats: int) -> dict[str, int]:
    """The median differences of runs side by side, since the machine's speed drifts."""
    variables = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(PROJECT / "lambdas"),
        "POWERTOOLS_SERVICE_NAME": "moderation",
        "POWERTOOLS_METRICS_NAMESPACE": METRIC_NAMESPACE,
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    pairs = [(run_ms(f"import {module}", variables), run_ms("pass", variables)) for _ in range(repeats)]
    wall, cpu = (
        round(statistics.median(imported[clock] - bare[clock] for imported, bare in pairs)) for clock in (0, 1)
    )
    return {"wall": wall, "cpu": cpu}


def run_ms(code: str, variables: Mapping[str, str]) -> tuple[float, float]:
    """Milliseconds that a fresh interpreter takes for `code`: wall clock, and CPU."""
    began, used = time.perf_counter(), os.times()
    subprocess.run([sys.executable, "-c", code], env=dict(variables), check=True)
    wall, now = time.perf_counter() - began, os.times()
    cpu = now.children_user + now.children_system - used.children_user - used.children_system
    return wall * 1000, cpu * 1000


def code_asset_megabytes(assembly: Path) -> float:
    """The functions' code as it is uploaded, zipped; layers aren't in it."""
    manifest = json.loads((assembly / f"{STACK}.assets.json").read_text())
    paths = [assembly / file["source"]["path"] for file in manifest["files"].values()]
    code = next(path for path in paths if (path / "moderation").is_dir())
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in code.rglob("*"):
            archive.write(file, file.relative_to(code))
    return round(len(buffer.getvalue()) / 1e6, 3)


def cloud_process() -> psutil.Process:
    return next(child for child in psutil.Process().children() if "local.cloud" in child.cmdline())


def megabytes(process: psutil.Process) -> int:
    return round(process.memory_info().rss / 1e6)


def show(console: Console, results: Mapping[str, Any]) -> None:
    table = Table("what", "measured", "goal", title=f"The pipeline with instant models, {results['cores']} cores")
    table.add_row("upload → verdict, warm (median)", f"{results['upload_to_verdict_ms']} ms", "≤ 500 ms")
    table.add_row(f"{results['burst']} uploads at once", f"{results['burst_images_per_s']} images/s", "≥ 4 images/s")
    table.add_row("wrong verdicts", f"{results['wrong_verdicts']} of {results['images']}", "0")
    for handler, milliseconds in results["cold_import_ms"].items():
        table.add_row(
            f"cold import of {handler}", f"{milliseconds['wall']} ms, {milliseconds['cpu']} ms of CPU", "≤ 350 ms"
        )
    table.add_row("code asset, zipped", f"{results['code_asset_mb']} MB", "≤ 1 MB")
    memory = {k: v for k, v in results["memory_mb_after_images"].items() if k != "before"}
    for count, amount in memory.items():
        table.add_row(f"memory of the emulator after {count} more images", f"{amount} MB", "bounded")
    table.add_row(f"memory of its {results['workers']} warm workers", f"{results['workers_mb']} MB", "")
    console.print(table)
    console.print(f"Written to {RESULTS.relative_to(PROJECT)}")


if __name__ == "__main__":
    sys.exit(main())
