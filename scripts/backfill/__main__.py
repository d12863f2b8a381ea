"""`make backfill-proof`: backfill thousands of objects while faults are injected, cancelling each run twice.

Measures an upload's latency beside a backfill, too. Prints tables and writes build/backfill.json. The exit status is 1
if a promise is broken.
"""

import argparse
import json
import sys
import tempfile
from dataclasses import asdict
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from local.synth import PROJECT, synthesise
from scripts.backfill import flat, lane, report
from scripts.backfill.proof import ProofConfig, ProofResult, prove
from scripts.soak.__main__ import MODEL_CONCURRENCY
from scripts.soak.images import INPUT_SIZE

RESULTS = PROJECT / "build" / "backfill.json"


def main() -> int:
    """Run a proof of each size and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m scripts.backfill", description=__doc__)
    parser.add_argument(
        "--objects", type=int, nargs="*", default=[1_000, ProofConfig.objects], help="sizes (%(default)s)"
    )
    parser.add_argument("--seed", type=int, default=ProofConfig.seed, help="seed of the fault plan (%(default)s)")
    options = parser.parse_args()
    console, results = Console(), []
    with tempfile.TemporaryDirectory(prefix="backfill-") as scratch, Progress(console=console) as progress:
        assembly = synthesise(Path(scratch), model_input_size=INPUT_SIZE, model_concurrency=MODEL_CONCURRENCY)
        for objects in options.objects:
            task = progress.add_task(f"Moderating {objects:,}", total=objects)
            config = ProofConfig(objects=objects, seed=options.seed)
            results.append(prove(assembly, config, partial(progress.advance, task)))
            _write(results)  # each takes up to hours
        progress.add_task("Measuring the lane", total=None)
        beside = lane.measure(assembly)
    promises = [*flat.promises(results), beside.promise]
    _write(results, beside)
    report.show(console, results, promises)
    console.print(f"Written to {RESULTS.relative_to(PROJECT)}")
    return 0 if all(result.all_held for result in results) and all(promise.held for promise in promises) else 1


def _write(results: list[ProofResult], beside: lane.Lane | None = None) -> None:
    RESULTS.parent.mkdir(exist_ok=True)
    found = {"proofs": [result.to_json() for result in results], "lane": asdict(beside) if beside else None}
    RESULTS.write_text(json.dumps(found, indent=2, default=str) + "\n")


if __name__ == "__main__":
    sys.exit(main())
