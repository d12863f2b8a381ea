"""`make soak-page`: writes what the last soak found into docs/reliability.md, what an image took into docs/scale.md.

The second holds the counts of the run against those that `moderate cost` and docs/scale.md calculate with.
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
from scripts.soak.images import INPUT_SIZE, Picture, picture
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
    """The run: its figures, the faults, the promises, the memory."""
    figures, sizes = result["figures"], result["sizes"]
    before, after = figures["before"], figures["after"]
    kinds = sorted(figures["faults_by_kind"].items(), key=lambda item: -item[1])
    rows = {
        "uploads, events": f"{figures['images']:,}, {figures['events']:,}",
        "wall time": f"{figures['seconds'] / 60:.0f} min, {figures['images_per_s']:.1f} images/s",
        "without faults, before": f"{figures['calm_images_per_s']:.1f} images/s ({sizes['calm_images']} uploads)",
        "processor time": f"{figures['core_seconds_per_image']:.2f} s an image, all processes",
        "calls that faults could meet, faults": f"{figures['calls']:,}, {figures['faults']:,}",
        "of which": ", ".join(f"{kind} {times:,}" for kind, times in kinds),
        "beyond every retry": ", ".join(f"{kind} {times:,}" for kind, times in figures["doomed_calls"].items()),
        "executions stopped from outside": f"{figures['executions_aborted']:,}",
        "calls that the workflow repeated": f"{sum(result['repeats'].values()):,}",
        "verdicts": ", ".join(f"{name} {count:,}" for name, count in sorted(figures["verdicts"].items())),
        "emulator's memory, before and after": f"{before['megabytes']:,} MB, {after['megabytes']:,} MB",
        "workers, their memory, after": f"{after['workers']}, {after['workers_megabytes']:,} MB",
        "threads, open files, before and after": f"{before['threads']}, {before['files']}; {after['threads']}, "
        f"{after['files']}",
    }
    return "\n\n".join([markdown(("", ""), rows.items()), _promises(result), _memory(figures["memory"])])


def _promises(result: Mapping[str, Any]) -> str:
    rows = ((p["text"], "yes" if p["held"] else "**no**", p["figures"]) for p in result["promises"])
    return markdown(("promise", "held", "figures"), rows)


def _memory(censuses: list[tuple[int, Mapping[str, Any]]]) -> str:
    step = -(-len(censuses) // _MEMORY_ROWS)
    kept = censuses[step - 1 :: step] if step else []
    rows = (
        (f"{decided:,}", f"{census['megabytes']:,} MB", census["workers"], census["threads"], census["files"])
        for decided, census in kept
    )
    return markdown(("verdicts", "emulator", "workers", "threads", "open files"), rows)


def check(result: Mapping[str, Any]) -> str:
    """Calls an image: by the arithmetic for this mixture of uploads, and counted."""
    rows = (
        (name, f"{expected:.2f}", f"{counted:.2f}", f"{counted / expected - 1:+.0%}")
        for name, expected, counted in counts(result)
    )
    again = ("invocations repeated by the workflow", "", f"{repeated(result):.2f}", "")
    return markdown(("an image takes", "by the arithmetic", "counted, with faults", "more"), [*rows, again])


def counts(result: Mapping[str, Any]) -> list[tuple[str, float, float]]:
    """What an image takes, of each kind: by the arithmetic, and counted in the soak.

    What the workflow repeated isn't among the invocations: `repeated`.
    """
    images: int = result["figures"]["images"]
    expected = mixture([picture(f"soak-{result['sizes']['seed']}", number) for number in range(images)])

    def counted(start: str) -> float:
        return float(sum(times for call, times in result["calls"].items() if call.startswith(start)) / images)

    return [
        ("invocations of functions", expected.invocations, counted("workflow: Lambda Invoke") - repeated(result)),
        ("requests to BLIP-2", expected.queries, counted("function: SageMaker InvokeEndpoint blip2")),
        ("reads of S3", expected.s3_reads, counted("function: S3 Get")),
        ("writes to S3", expected.s3_writes, counted("function: S3 Put")),
        ("messages", expected.publishes, counted("function: SNS Publish")),
    ]


def repeated(result: Mapping[str, Any]) -> float:
    """Invocations an image that the workflow repeated, for faults or because a function ran as often as it may."""
    repeats = sum(times for call, times in result["repeats"].items() if "Lambda" in call)
    return float(repeats / result["figures"]["images"])


def mixture(pictures: list[Picture]) -> ResourceUsage:
    """The average image of a soak, as docs/scale.md calculates one: what is no image counts like one of one view."""
    originals = {one.data: one for one in reversed(pictures)}
    notified = fmean(one.verdict != "safe" for one in pictures)
    views = fmean(map(_views, originals.values()))
    return resource_usage.load().average(views=views, notified=notified, reused=1 - len(originals) / len(pictures))


def _views(one: Picture) -> int:
    is_large = "/large-" in one.key
    return len(prepare(one.data, "auto", INPUT_SIZE).views) if is_large else 1


if __name__ == "__main__":
    main()
