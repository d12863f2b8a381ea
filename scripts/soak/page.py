"""`make soak-page`: write the results of the last soak into docs/reliability.md and docs/scale.md.

The section in docs/scale.md compares the calls counted in the soak with those that `moderate cost` calculates with.
"""

import json
from collections.abc import Mapping
from statistics import fmean
from typing import Any

from local.synth import PROJECT
from moderate.costs import resource_usage
from moderate.costs.resource_usage import ResourceUsage
from moderation.domain.image import prepare
from scripts.sections import markdown, write_section
from scripts.soak.images import INPUT_SIZE, SoakImage, soak_image
from scripts.soak.report import RESULTS

DOCS = PROJECT / "docs"
_MEMORY_ROWS = 10


def main() -> None:
    """Write both sections from build/soak.json."""
    result: dict[str, Any] = json.loads(RESULTS.read_text())
    write_section(DOCS / "reliability.md", "soak", run(result))
    write_section(DOCS / "scale.md", "soak", check(result))
    print("Written: docs/reliability.md, docs/scale.md")


def run(result: Mapping[str, Any]) -> str:
    """Return the section on the run: figures, faults, invariants and memory."""
    figures, config = result["figures"], result["config"]
    before, after = figures["before"], figures["after"]
    kinds = sorted(figures["faults_by_kind"].items(), key=lambda item: -item[1])
    rows = {
        "uploads, events": f"{figures['images']:,}, {figures['events']:,}",
        "wall time": f"{figures['seconds'] / 60:.0f} min, {figures['images_per_s']:.1f} images/s",
        "baseline without faults": f"{figures['baseline_images_per_s']:.1f} images/s "
        f"({config['baseline_images']} uploads)",
        "CPU time": f"{figures['core_seconds_per_image']:.2f} s per image, all processes",
        "calls subject to faults, faults": f"{figures['calls']:,}, {figures['faults']:,}",
        "faults by kind": ", ".join(f"{kind} {times:,}" for kind, times in kinds),
        "permanent faults": ", ".join(f"{kind} {times:,}" for kind, times in figures["permanent_faults"].items()),
        "executions aborted": f"{figures['executions_aborted']:,}",
        "calls retried by the workflow": f"{sum(result['repeats'].values()):,}",
        "verdicts": ", ".join(f"{name} {count:,}" for name, count in sorted(figures["verdicts"].items())),
        "emulator's memory, before and after": f"{before['megabytes']:,} MB, {after['megabytes']:,} MB",
        "workers, their memory, after": f"{after['workers']}, {after['workers_megabytes']:,} MB",
        "threads, open files, before and after": f"{before['threads']}, {before['files']}; {after['threads']}, "
        f"{after['files']}",
    }
    return "\n\n".join([markdown(("", ""), rows.items()), _invariants(result), _memory(figures["memory"])])


def _invariants(result: Mapping[str, Any]) -> str:
    rows = ((p["text"], "yes" if p["held"] else "**no**", p["figures"]) for p in result["invariants"])
    return markdown(("invariant", "held", "figures"), rows)


def _memory(snapshots: list[tuple[int, Mapping[str, Any]]]) -> str:
    step = -(-len(snapshots) // _MEMORY_ROWS)
    kept = snapshots[step - 1 :: step] if step else []
    rows = (
        (f"{decided:,}", f"{snapshot['megabytes']:,} MB", snapshot["workers"], snapshot["threads"], snapshot["files"])
        for decided, snapshot in kept
    )
    return markdown(("verdicts", "emulator", "workers", "threads", "open files"), rows)


def check(result: Mapping[str, Any]) -> str:
    """Return the section on calls per image: calculated for this mixture of uploads, and counted."""
    rows = (
        (name, f"{expected:.2f}", f"{counted:.2f}", f"{counted / expected - 1:+.0%}")
        for name, expected, counted in counts(result)
    )
    retried = ("invocations retried by the workflow", "", f"{repeated(result):.2f}", "")
    return markdown(("per image", "calculated", "counted, with faults", "difference"), [*rows, retried])


def counts(result: Mapping[str, Any]) -> list[tuple[str, float, float]]:
    """Return the calls per image by kind: calculated, and counted in the soak.

    Invocations that the workflow retried are left out; `repeated` has them.
    """
    images: int = result["figures"]["images"]
    expected = mixture([soak_image(f"soak-{result['config']['seed']}", number) for number in range(images)])

    def counted(start: str) -> float:
        return float(sum(times for call, times in result["calls"].items() if call.startswith(start)) / images)

    return [
        ("invocations of functions", expected.invocations, counted("workflow: Lambda Invoke") - repeated(result)),
        ("requests to BLIP-2", expected.queries, counted("function: SageMaker InvokeEndpoint blip2")),
        ("reads from S3", expected.s3_reads, counted("function: S3 Get")),
        ("writes to S3", expected.s3_writes, counted("function: S3 Put")),
        ("messages", expected.publishes, counted("function: SNS Publish")),
    ]


def repeated(result: Mapping[str, Any]) -> float:
    """Return the invocations per image that the workflow retried, after faults or at a concurrency limit."""
    repeats = sum(times for call, times in result["repeats"].items() if "Lambda" in call)
    return float(repeats / result["figures"]["images"])


def mixture(images: list[SoakImage]) -> ResourceUsage:
    """Return the resource usage of the soak's average image; a file that isn't an image counts as one view."""
    originals = {one.data: one for one in reversed(images)}
    notified = fmean(one.verdict != "safe" for one in images)
    views = fmean(map(_views, originals.values()))
    return resource_usage.load().average(views=views, notified=notified, reused=1 - len(originals) / len(images))


def _views(one: SoakImage) -> int:
    is_large = "/large-" in one.key
    return len(prepare(one.data, "auto", INPUT_SIZE).views) if is_large else 1


if __name__ == "__main__":
    main()
