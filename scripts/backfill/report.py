"""Console tables of the proofs."""

from collections.abc import Sequence
from itertools import pairwise

from rich.console import Console
from rich.table import Table

from scripts.backfill.proof import ProofResult
from scripts.soak.invariants import Invariant


def show(console: Console, results: Sequence[ProofResult], promises: Sequence[Invariant]) -> None:
    """Print each proof's figures, resources and promises, and the promises about all of them."""
    for result in results:
        console.print(_figures(result))
        console.print(_resources(result))
        console.print(_promises(f"Promises, {result.config.objects:,} objects", result.promises))
    console.print(_promises("Promises, all sizes", promises))


def _figures(result: ProofResult) -> Table:
    table = Table("figure", "value", title=f"{result.config.objects:,} objects, seed {result.config.seed}")
    for name, value in result.figures.items():
        listed = ", ".join(f"{key} {times:,}" for key, times in value.items()) if isinstance(value, dict) else value
        table.add_row(name, str(listed))
    return table


def _resources(result: ProofResult) -> Table:
    table = Table("begun", "s per object", "core-s per object", "emulator", "workers", "threads", title="On the way")
    for (before, since, old), (begun, until, new) in pairwise(result.rows):
        if begun > before:
            table.add_row(
                f"{begun:,}",
                f"{(until - since) / (begun - before):.2f}",
                f"{(new.core_seconds - old.core_seconds) / (begun - before):.2f}",
                f"{new.megabytes:,} MB",
                f"{new.workers}, {new.workers_megabytes:,} MB",
                f"{new.threads}",
            )
    return table


def _promises(title: str, promises: Sequence[Invariant]) -> Table:
    table = Table("promise", "held", "figures", title=title)
    for promise in promises:
        table.add_row(promise.text, "yes" if promise.held else "[bold red]NO", promise.figures)
    return table
