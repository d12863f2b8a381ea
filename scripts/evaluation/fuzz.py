"""`make fuzz`: decode hostile and damaged files, and check their results, time and memory.

Each hostile file is decoded in a process of its own. Damaged variants of valid files of every format follow for the
given time. Prints a table and writes build/fuzz.json. The exit status is 1 if a file crashes the decoder, exceeds a
limit or raises an unexpected error.
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
from local.harness.hostile_profiles import PROFILES
from local.synth import PROJECT
from scripts.evaluation.isolated_decoder import Decoder, DecodeResult

RESULTS = PROJECT / "build" / "fuzz.json"
MAX_MB, MAX_SECONDS = 1000, 30  # the function has 2,048 MB and 60 s
HOSTILE = QUICK | SLOW | PROFILES


@dataclass(frozen=True)
class Trial:
    """Hostile file and the result of decoding it."""

    name: str
    bytes: int
    outcome: DecodeResult
    as_expected: bool


@dataclass(frozen=True)
class DamagedFiles:
    """Results of decoding damaged files. `unexpected` holds results by file name."""

    files: int
    results: dict[str, int]
    unexpected: dict[str, str]
    slowest: tuple[float, str]
    peak_mb: float


def main() -> int:
    """Run the fuzzer and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=2, help="how long to decode damaged files (2)")
    parser.add_argument("--seed", type=int, default=1, help="seed of the damaged files (1)")
    arguments = parser.parse_args()
    console = Console()
    with Progress(console=console) as progress:
        trials = [try_file(name) for name in progress.track(HOSTILE, description="Hostile files")]
        damaged = damage(arguments.seed, arguments.minutes * 60, progress)
    show(console, trials, damaged)
    RESULTS.parent.mkdir(exist_ok=True)
    when = datetime.now(UTC).isoformat(timespec="seconds")
    results = {"when": when, **vars(arguments), "hostile": [asdict(t) for t in trials], "damaged": asdict(damaged)}
    RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    return 0 if all(trial.as_expected for trial in trials) and not damaged.unexpected else 1


def try_file(name: str) -> Trial:
    """Decode a hostile file in a new process, so that the memory measured is that of this file."""
    make, expected = HOSTILE[name]
    data = make()
    with Decoder() as decoder:
        outcome = decoder.decode(data)
    within = outcome.peak_mb < MAX_MB and outcome.seconds < MAX_SECONDS
    return Trial(name, len(data), outcome, within and re.fullmatch(rf"({expected}).*", outcome.result) is not None)


def damage(seed: int, seconds: float, progress: Progress) -> DamagedFiles:
    """Decode damaged files in one process until the time is over."""
    task = progress.add_task("Damaged files", total=seconds)
    started, results, unexpected = time.monotonic(), Counter[str](), dict[str, str]()
    slowest, peak_mb = (0.0, ""), 0.0
    with Decoder() as decoder:
        for name, data in mutants(seed):
            outcome = decoder.decode(data)
            results[outcome.result.partition(":")[0]] += 1
            if not outcome.named or outcome.seconds > MAX_SECONDS:
                unexpected[name] = outcome.result
            slowest = max(slowest, (outcome.seconds, name))
            peak_mb = max(peak_mb, outcome.peak_mb)
            progress.update(task, completed=time.monotonic() - started)
            if time.monotonic() - started > seconds:
                break
    return DamagedFiles(sum(results.values()), dict(results), unexpected, slowest, peak_mb)


def show(console: Console, trials: list[Trial], damaged: DamagedFiles) -> None:
    """Print a row per hostile file, and a summary of the damaged ones."""
    table = Table("file", "bytes", "s", "MB", "result")
    for trial in trials:
        end, outcome = "" if trial.as_expected else "[red]WRONG[/] ", trial.outcome
        figures = f"{trial.bytes:,}", f"{outcome.seconds:.2f}", f"{outcome.peak_mb:.0f}"
        table.add_row(trial.name, *figures, end + outcome.result)
    console.print(table)
    console.print(f"{damaged.files:,} damaged files: {damaged.results}", soft_wrap=True)
    console.print(f"slowest {damaged.slowest[0]:.2f} s ({damaged.slowest[1]}), peak memory {damaged.peak_mb:.0f} MB")
    for name, result in damaged.unexpected.items():
        console.print(f"[red]WRONG[/] {name}: {result}", soft_wrap=True)


if __name__ == "__main__":
    sys.exit(main())
