"""`make render-check`: compare the pipeline's renderings of crafted files and of Pillow's test images with a browser's.

Prints a table and each file that disagrees, writes build/render.json and the table of docs/hostile_files.md. The exit
status is 1 if a file disagrees.
"""

import argparse
import json
import sys
import warnings
from collections import Counter
from collections.abc import Mapping

from rich.console import Console
from rich.table import Table

from local.harness.crafted import CLASSES
from local.synth import PROJECT
from scripts.rendering.comparison import AGREES, DISAGREES, NOT_SHOWN, REVIEW, Outcome, outcome
from scripts.rendering.truth import truths

RESULTS = PROJECT / "build" / "render.json"
WORDS = (AGREES, REVIEW, NOT_SHOWN, DISAGREES)


def main() -> int:
    """Run the comparison and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", metavar="WORD", help="compare only the classes whose name contains this")
    arguments = parser.parse_args()
    chosen = {name: files for name, files in CLASSES.items() if (arguments.only or "").lower() in name.lower()}
    warnings.simplefilter("ignore")  # of decoders, on files that are made to be faulty
    outcomes = {name: compare({file: make() for file, make in files.items()}) for name, files in chosen.items()}
    console = Console(width=160)
    show(console, outcomes)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(
        json.dumps(
            {name: {file: vars(each) for file, each in found.items()} for name, found in outcomes.items()}, indent=1
        )
    )
    return int(any(each.word == DISAGREES for found in outcomes.values() for each in found.values()))


def compare(files: Mapping[str, bytes]) -> dict[str, Outcome]:
    """Return the outcome of each file."""
    seen = truths(files)
    return {name: outcome(data, seen[name]) for name, data in files.items()}


def show(console: Console, outcomes: Mapping[str, Mapping[str, Outcome]]) -> None:
    """Print a row per class, and the files that disagree."""
    table = Table("class", "files", *WORDS)
    for name, found in outcomes.items():
        counts = Counter(each.word for each in found.values())
        table.add_row(name, str(len(found)), *(str(counts[word]) for word in WORDS))
    console.print(table)
    for name, found in outcomes.items():
        for file, each in found.items():
            if each.word == DISAGREES:
                console.print(f"[red]disagrees[/] {name}: {file}: {each.detail}", soft_wrap=True, highlight=False)


if __name__ == "__main__":
    sys.exit(main())
