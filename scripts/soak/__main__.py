"""`make soak`: upload thousands of images while faults are injected into every call of the pipeline.

Prints tables and writes build/soak.json. The exit status is 1 if an invariant is violated.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from local.synth import PROJECT, synthesise
from scripts.soak.images import INPUT_SIZE
from scripts.soak.report import RESULTS, show
from scripts.soak.session import SoakConfig, soak

MODEL_CONCURRENCY = 8  # tests the limit on concurrent calls, too


def main() -> int:
    """Run the soak and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m scripts.soak", description=__doc__)
    parser.add_argument("--images", type=int, default=SoakConfig.images, help="number of uploads (%(default)s)")
    parser.add_argument("--seed", type=int, default=SoakConfig.seed, help="seed of the fault plan (%(default)s)")
    options = parser.parse_args()
    console = Console()
    with tempfile.TemporaryDirectory(prefix="soak-") as scratch, Progress(console=console) as progress:
        assembly = synthesise(Path(scratch), model_input_size=INPUT_SIZE, model_concurrency=MODEL_CONCURRENCY)
        task = progress.add_task("Soaking", total=options.images)
        config = SoakConfig(images=options.images, seed=options.seed)
        result = soak(assembly, config, lambda decided: progress.advance(task, decided))
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(result.to_json(), indent=2, default=str) + "\n")
    show(console, result)
    console.print(f"Written to {RESULTS.relative_to(PROJECT)}")
    return 0 if result.all_held else 1


if __name__ == "__main__":
    sys.exit(main())
