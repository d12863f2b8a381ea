"""`make soak`: thousands of uploads while everything around the pipeline fails. Exit status 1 if a promise is broken.

Prints tables, writes build/soak.json.
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
from scripts.soak.session import Sizes, soak

MODEL_CONCURRENCY = 8  # so that the bound on calls is soaked, too


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m scripts.soak", description=__doc__)
    parser.add_argument("--images", type=int, default=Sizes.images, help="how many to upload (%(default)s)")
    parser.add_argument("--seed", type=int, default=Sizes.seed, help="which faults meet which calls (%(default)s)")
    options = parser.parse_args()
    console = Console()
    with tempfile.TemporaryDirectory(prefix="soak-") as scratch, Progress(console=console) as progress:
        assembly = synthesise(Path(scratch), model_input_size=INPUT_SIZE, model_concurrency=MODEL_CONCURRENCY)
        task = progress.add_task("Soaking", total=options.images)
        sizes = Sizes(images=options.images, seed=options.seed)
        result = soak(assembly, sizes, lambda decided: progress.advance(task, decided))
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(result.to_json(), indent=2) + "\n")
    show(console, result)
    console.print(f"Written to {RESULTS.relative_to(PROJECT)}")
    return 0 if result.all_held else 1


if __name__ == "__main__":
    sys.exit(main())
