"""`make fuzz`: hostile and damaged files through the decoder path, each in bounded time and memory.

First every file made to hurt, each in a decoder of its own; then, for as long as is asked, damaged variants of sound
files of every format. Prints a table, writes build/fuzz.json. Exit status 1 if one file did what none may.
"""

import argparse
import json
import re
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from local.harness.hostile_files import QUICK, SLOW, mutants
from local.synth import PROJECT
from scripts.evaluation.isolated_decoder import Decoder, Outcome

RESULTS = PROJECT / "build" / "fuzz.json"
MOST_MB, MOST_SECONDS = 1500, 30  # of the 2,048 MB and 60 s that the function has


@dataclass(frozen=True)
class Trial:
    """A file made to hurt, and what came of it."""

    name: str
    bytes: int
    outcome: Outcome
    right: bool


@dataclass(frozen=True)
class Storm:
    """What came of the damaged variants."""

    files: int
    results: dict[str, int]
    unnamed: dict[str, str]
    slowest: tuple[float, str]
    peak_mb: float


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=2, help="for how long damaged files are made (2)")
    parser.add_argument("--seed", type=int, default=1, help="which ones are made (1)")
    arguments = parser.parse_args()
    console = Console()
    with Progress(console=console) as progress:
        trials = [try_file(name) for name in progress.track(QUICK | SLOW, description="Hostile files")]
        storm = damage(arguments.seed, arguments.minutes * 60, progress)
    show(console, trials, storm)
    RESULTS.parent.mkdir(exist_ok=True)
    when = datetime.now(UTC).isoformat(timespec="seconds")
    results = {"when": when, **vars(arguments), "hostile": [asdict(t) for t in trials], "damaged": asdict(storm)}
    RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    return 0 if all(trial.right for trial in trials) and not storm.unnamed else 1


def try_file(name: str) -> Trial:
    """One file in a decoder that has decoded nothing before, so that the memory is this file's."""
    make, expected = (QUICK | SLOW)[name]
    data = make()
    with Decoder() as decoder:
        outcome = decoder.decode(data)
    within = outcome.peak_mb < MOST_MB and outcome.seconds < MOST_SECONDS
    return Trial(name, len(data), outcome, within and re.fullmatch(rf"({expected}).*", outcome.result) is not None)


def damage(seed: int, seconds: float, progress: Progress) -> Storm:
    """Damaged files, one after the other through one decoder, until the time is over."""
    task = progress.add_task("Damaged files", total=seconds)
    started, results, unnamed = time.monotonic(), Counter[str](), dict[str, str]()
    slowest, peak_mb = (0.0, ""), 0.0
    with Decoder() as decoder:
        for name, data in mutants(seed):
            outcome = decoder.decode(data)
            results[outcome.result.partition(":")[0]] += 1
            if not outcome.named or outcome.seconds > MOST_SECONDS:
                unnamed[name] = outcome.result
            slowest = max(slowest, (outcome.seconds, name))
            peak_mb = max(peak_mb, outcome.peak_mb)
            progress.update(task, completed=time.monotonic() - started)
            if time.monotonic() - started > seconds:
                break
    return Storm(sum(results.values()), dict(results), unnamed, slowest, peak_mb)


def show(console: Console, trials: list[Trial], storm: Storm) -> None:
    """A row for each file made to hurt, and a few lines on the damaged ones."""
    table = Table("file", "bytes", "s", "MB", "what became of it")
    for trial in trials:
        end, outcome = "" if trial.right else "[red]WRONG[/] ", trial.outcome
        figures = f"{trial.bytes:,}", f"{outcome.seconds:.2f}", f"{outcome.peak_mb:.0f}"
        table.add_row(trial.name, *figures, end + outcome.result)
    console.print(table)
    console.print(f"{storm.files:,} damaged files: {storm.results}", soft_wrap=True)
    console.print(f"slowest {storm.slowest[0]:.2f} s ({storm.slowest[1]}), most memory {storm.peak_mb:.0f} MB")
    for name, result in storm.unnamed.items():
        console.print(f"[red]WRONG[/] {name}: {result}", soft_wrap=True)


if __name__ == "__main__":
    sys.exit(main())
