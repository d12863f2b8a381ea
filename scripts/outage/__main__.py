"""`make outage`: an hour without the vision endpoint at 23 images/s.

Calculates every upload, measures one in a thousand on the laptop cloud, prints both, writes build/outage.json.
"""

import json
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.table import Column, Table

from local.synth import PROJECT, synthesise
from scripts.outage.measurement import STATUSES, Sample, measure
from scripts.outage.simulation import Outcome, Scenario, simulate
from scripts.soak.images import INPUT_SIZE

RESULTS = PROJECT / "build" / "outage.json"
TRANSITION_USD = 0.025 / 1000  # Step Functions Standard, us-east-1; a retry is a transition
SAMPLED = 1000
CONCURRENCY = 8


def main() -> int:
    console, rows = Console(), []
    with tempfile.TemporaryDirectory(prefix="outage-") as scratch:
        with console.status("Synthesising the stack"):
            assembly = synthesise(Path(scratch), model_input_size=INPUT_SIZE)
        for error in STATUSES:
            whole = Scenario(error)
            with console.status(f"{error}: calculating"):
                rows.append((f"{error}, all uploads, no limit", simulate(whole)))
                limited = simulate(replace(whole, concurrency=CONCURRENCY))
                rows.append((f"{error}, all uploads, {CONCURRENCY} calls at once", limited))
                rows.append((f"{error}, sample, calculated", simulate(replace(whole, images_per_s=23 / SAMPLED))))
            with console.status(f"{error}: measuring a sample"):
                rows.append((f"{error}, sample, measured", measure(assembly, Sample(error))))
    console.print(_table(rows))
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(document(rows))
    console.print(f"Written to {RESULTS.relative_to(PROJECT)}")
    return 0


def document(rows: list[tuple[str, Outcome]]) -> str:
    """The outcomes by their names, as JSON."""
    return json.dumps({name: vars(outcome) for name, outcome in rows}, indent=2) + "\n"


def _table(rows: list[tuple[str, Outcome]]) -> Table:
    table = Table(
        Column("outage of an hour", overflow="fold"),
        "uploads",
        "to review",
        "waiting at its end",
        "drained after",
        "retries",
        "USD",
    )
    for name, outcome in rows:
        retries = outcome.retries.total()
        table.add_row(
            name,
            f"{outcome.uploads:,}",
            f"{outcome.reviewed:,} ({outcome.reviewed / outcome.uploads:.0%})",
            f"{outcome.waiting:,}",
            f"{outcome.drained_s:.0f} s",
            f"{retries:,} ({retries / outcome.uploads:.1f} an upload)",
            f"{retries * TRANSITION_USD:.2f}",
        )
    return table


if __name__ == "__main__":
    sys.exit(main())
