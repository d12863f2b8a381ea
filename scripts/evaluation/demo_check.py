"""`make demo-check`: compare the demo's verdicts on twelve drawings for each of ten seeds with their labels.

Prints a row per seed with all misclassifications, and writes build/demo_check.json. The exit status is 1 if the goal
isn't met.
"""

import json
import os
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from local.demo import MODERATE
from local.samples import sample_drawings
from local.session import Session, laptop_cloud
from local.synth import PROJECT

SEEDS = range(101, 111)  # without the demo's default
MIN_CORRECT, MAX_REVIEWS = 114, 6  # of 120
RESULTS = PROJECT / "build" / "demo_check.json"


@dataclass(frozen=True)
class DrawingResult:
    """Verdict on one drawing, and the expected one."""

    seed: int
    name: str
    expected: str
    verdict: str
    category: str | None


def main() -> int:
    """Moderate the drawings of all seeds and return the exit status."""
    console = Console()
    with laptop_cloud(console) as session:
        results = [result for seed in SEEDS for result in moderate(session, seed)]
    show(console, results)
    correct = sum(result.verdict == result.expected for result in results)
    reviews = sum(result.verdict == "review" for result in results)
    RESULTS.parent.mkdir(exist_ok=True)
    document = {"correct": correct, "reviews": reviews, "drawings": [asdict(result) for result in results]}
    RESULTS.write_text(json.dumps(document, indent=1))
    console.print(
        f"{correct} of {len(results)} correct (goal {MIN_CORRECT}), {reviews} for review (at most {MAX_REVIEWS})"
    )
    return 0 if correct >= MIN_CORRECT and reviews <= MAX_REVIEWS else 1


def moderate(session: Session, seed: int) -> list[DrawingResult]:
    """Upload the drawings of a seed with the command, and return the results."""
    folder = session.folder / f"seed-{seed}"
    folder.mkdir()
    samples = {f"{sample.name}.png": sample for sample in sample_drawings(seed)}
    for name, sample in samples.items():
        sample.image.save(folder / name)
    rows = upload(session, folder, f"{seed}/")
    return [
        DrawingResult(seed, name, samples[name].expected, row["verdict"], row["category"])
        for row in rows
        for name in [Path(row["key"]).name]
    ]


def upload(session: Session, folder: Path, prefix: str) -> list[dict[str, str]]:
    """Run `moderate upload … --wait --json` and return its rows."""
    command = [str(MODERATE), "upload", str(folder), "--prefix", prefix, "--wait", "--timeout", "600", "--json"]
    environment = {**os.environ, **session.environment}
    done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE)
    rows: list[dict[str, str]] = json.loads(done.stdout)
    return rows


def show(console: Console, results: list[DrawingResult]) -> None:
    """Print a row per seed with its misclassifications."""
    table = Table("seed", "correct", "review", "misclassified")
    for seed in SEEDS:
        own = [result for result in results if result.seed == seed]
        wrong = [f"{r.name}: {r.verdict} {r.category or ''}".strip() for r in own if r.verdict != r.expected]
        correct, reviews = len(own) - len(wrong), sum(r.verdict == "review" for r in own)
        table.add_row(str(seed), f"{correct} of {len(own)}", str(reviews), "\n".join(wrong))
    console.print(table)


if __name__ == "__main__":
    sys.exit(main())
