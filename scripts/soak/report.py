"""Console tables of a soak, and the path of its results."""

from rich.console import Console
from rich.table import Table

from local.synth import PROJECT
from scripts.soak.session import SoakResult

RESULTS = PROJECT / "build" / "soak.json"

# Figures that are in the file alone.
_LONG = {"memory", "faults_by_kind", "permanent_faults", "redriven", "wrong", "wrong_after", "undecided"}


def show(console: Console, result: SoakResult) -> None:
    """Print the faults, the figures and the invariants."""
    console.print(_faults(result))
    console.print(_figures(result))
    console.print(_invariants(result))


def _invariants(result: SoakResult) -> Table:
    table = Table("invariant", "held", "figures", title="Invariants")
    for invariant in result.invariants:
        table.add_row(invariant.text, "yes" if invariant.held else "[bold red]NO", invariant.figures)
    return table


def _faults(result: SoakResult) -> Table:
    table = Table("call", "calls", "faults", "by kind", title="Injected faults")
    for call, kinds in result.faults.items():
        listed = ", ".join(f"{kind} {times:,}" for kind, times in kinds.items())
        table.add_row(call, f"{result.calls[call]:,}", f"{sum(kinds.values()):,}", listed)
    for kind, times in result.figures["permanent_faults"].items():
        table.add_row(kind, "", f"{times:,}", "permanent")
    return table


def _figures(result: SoakResult) -> Table:
    table = Table("figure", "value", title=f"Seed {result.config.seed}")
    for name, value in result.figures.items():
        if name not in _LONG:
            table.add_row(name.replace("_", " "), str(value))
    table.add_row("calls retried by the workflow", f"{sum(result.repeats.values()):,}")
    return table
