"""`make demo-check`: the demo's twelve drawings for ten seeds, held against what each of them shows.

Prints a row a seed and every miss; writes build/demo_check.json. Exit status 1 if the goal isn't met.
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

SEEDS = range(101, 111)  # the demo's own default is none of them
LEAST_RIGHT, MOST_REVIEWS = 114, 6  # of 120
RESULTS = PROJECT / "build" / "demo_check.json"


@dataclass(frozen=True)
class Outcome:
    """What became of one drawing."""

    seed: int
    name: str
    expected: str
    verdict: str
    category: str | None


def main() -> int:
    console = Console()
    with laptop_cloud(console) as session:
        outcomes = [outcome for seed in SEEDS for outcome in moderate(session, seed)]
    show(console, outcomes)
    right = sum(outcome.verdict == outcome.expected for outcome in outcomes)
    reviews = sum(outcome.verdict == "review" for outcome in outcomes)
    RESULTS.parent.mkdir(exist_ok=True)
    results = {"right": right, "reviews": reviews, "drawings": [asdict(outcome) for outcome in outcomes]}
    RESULTS.write_text(json.dumps(results, indent=1))
    console.print(
        f"{right} of {len(outcomes)} right (goal {LEAST_RIGHT}), {reviews} for review (at most {MOST_REVIEWS})"
    )
    return 0 if right >= LEAST_RIGHT and reviews <= MOST_REVIEWS else 1


def moderate(session: Session, seed: int) -> list[Outcome]:
    """The outcomes of a seed's drawings, uploaded as a user does it."""
    folder = session.folder / f"seed-{seed}"
    folder.mkdir()
    samples = {f"{sample.name}.png": sample for sample in sample_drawings(seed)}
    for name, sample in samples.items():
        sample.image.save(folder / name)
    rows = upload(session, folder, f"{seed}/")
    return [
        Outcome(seed, name, samples[name].expected, row["verdict"], row["category"])
        for row in rows
        for name in [Path(row["key"]).name]
    ]


def upload(session: Session, folder: Path, prefix: str) -> list[dict[str, str]]:
    """`moderate upload … --wait --json`."""
    command = [str(MODERATE), "upload", str(folder), "--prefix", prefix, "--wait", "--timeout", "600", "--json"]
    environment = {**os.environ, **session.environment}
    done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE)
    rows: list[dict[str, str]] = json.loads(done.stdout)
    return rows


def show(console: Console, outcomes: list[Outcome]) -> None:
    """A row a seed, then the misses."""
    table = Table("seed", "right", "review", "misses")
    for seed in SEEDS:
        mine = [outcome for outcome in outcomes if outcome.seed == seed]
        misses = [f"{o.name}: {o.verdict} {o.category or ''}".strip() for o in mine if o.verdict != o.expected]
        right, reviews = len(mine) - len(misses), sum(o.verdict == "review" for o in mine)
        table.add_row(str(seed), f"{right} of {len(mine)}", str(reviews), "\n".join(misses))
    console.print(table)


if __name__ == "__main__":
    sys.exit(main())
