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
from dataclasses import asdict
from datetime import UTC, datetime

from rich.console import Console
from rich.table import Table

from local.harness.crafted import crafted_files
from local.synth import PROJECT
from scripts.rendering import chromium, second_decoders
from scripts.rendering.comparison import AGREES, DISAGREES, NOT_SHOWN, REVIEW, Outcome, outcome
from scripts.rendering.pillow_images import pillow_images
from scripts.rendering.truth import truths
from scripts.sections import markdown, write_section

PAGE = PROJECT / "docs" / "hostile_files.md"
RESULTS = PROJECT / "build" / "render.json"
WORDS = (AGREES, REVIEW, NOT_SHOWN, DISAGREES)


def main() -> int:
    """Run the comparison and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", metavar="WORD", default="", help="compare only the classes whose name contains this")
    arguments = parser.parse_args()
    chosen = {name: files for name, files in (crafted_files() | pillow_images()).items() if arguments.only in name}
    warnings.simplefilter("ignore")  # of decoders, on files that are made to be faulty
    outcomes = {name: compare(files) for name, files in chosen.items()}
    show(Console(width=160), outcomes)
    RESULTS.parent.mkdir(exist_ok=True)
    details = {name: {file: asdict(each) for file, each in found.items()} for name, found in outcomes.items()}
    RESULTS.write_text(json.dumps(details, indent=1) + "\n")
    if not arguments.only:
        write_page(outcomes)
    return int(any(each.word == DISAGREES for found in outcomes.values() for each in found.values()))


def compare(files: Mapping[str, bytes]) -> dict[str, Outcome]:
    """Return the outcome of each file."""
    seen = truths(files)
    return {name: outcome(data, seen[name]) for name, data in files.items()}


def write_page(outcomes: Mapping[str, Mapping[str, Outcome]]) -> None:
    """Write the table of docs/hostile_files.md."""
    counts = {name: Counter(each.word for each in found.values()) for name, found in outcomes.items()}
    every = sum(counts.values(), Counter[str]())
    rows = [(name, each.total(), *(each[word] for word in WORDS)) for name, each in [*counts.items(), ("all", every)]]
    viewers = f"{chromium.version()}, {second_decoders.versions()}, {datetime.now(UTC):%Y-%m-%d}"
    write_section(PAGE, "renderings", f"{markdown(('class', 'files', *WORDS), rows)}\n\nSeen with {viewers}.")


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
