"""`make outage`: simulate and measure a one-hour outage of the vision endpoint at 23 images/s.

The simulation covers all uploads; one upload in a thousand is measured on the laptop cloud. Both results are printed
and written to build/outage.json.
"""

import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.table import Column, Table

from local.synth import PROJECT, synthesise
from scripts.outage.measurement import STATUSES, OutageSample, measure
from scripts.outage.simulation import OutageResult, Scenario, simulate
from scripts.soak.images import INPUT_SIZE

RESULTS = PROJECT / "build" / "outage.json"
TRANSITION_USD = 0.025 / 1000  # Step Functions Standard, us-east-1; a retry is a transition
SAMPLED = 1000
CONCURRENCY = 8


def main() -> int:
    """Run the simulations and the measurements, and return the exit status."""
    console, rows = Console(), []
    with tempfile.TemporaryDirectory(prefix="outage-") as scratch:
        with console.status("Synthesising the stack"):
            assembly = synthesise(Path(scratch), model_input_size=INPUT_SIZE)
        for error in STATUSES:
            whole = Scenario(error)
            with console.status(f"{error}: simulating"):
                rows.append((f"{error}, all uploads, no limit", simulate(whole)))
                limited = simulate(replace(whole, concurrency=CONCURRENCY))
                rows.append((f"{error}, all uploads, at most {CONCURRENCY} concurrent calls", limited))
                rows.append((f"{error}, sample, simulated", simulate(replace(whole, images_per_s=23 / SAMPLED))))
            with console.status(f"{error}: measuring a sample"):
                rows.append((f"{error}, sample, measured", measure(assembly, OutageSample(error))))
    console.print(_table(rows))
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(document(rows))
    console.print(f"Written to {RESULTS.relative_to(PROJECT)}")
    return 0


def document(rows: Sequence[tuple[str, OutageResult]]) -> str:
    """Return the results by name, as JSON."""
    return json.dumps({name: vars(result) for name, result in rows}, indent=2) + "\n"


def _table(rows: Sequence[tuple[str, OutageResult]]) -> Table:
    table = Table(
        Column("one-hour outage", overflow="fold"),
        "uploads",
        "sent to review",
        "pending at its end",
        "drained after",
        "retries",
        "USD",
    )
    for name, result in rows:
        retries = result.retries.total()
        table.add_row(
            name,
            f"{result.uploads:,}",
            f"{result.reviewed:,} ({result.reviewed / result.uploads:.0%})",
            f"{result.pending:,}",
            f"{result.drained_s:.0f} s",
            f"{retries:,} ({retries / result.uploads:.1f} per upload)",
            f"{retries * TRANSITION_USD:.2f}",
        )
    return table


if __name__ == "__main__":
    sys.exit(main())
