"""The tables that a soak prints, and where it leaves what they are made of."""

from rich.console import Console
from rich.table import Table

from local.synth import PROJECT
from scripts.soak.session import Result

RESULTS = PROJECT / "build" / "soak.json"

_LONG = {"memory", "faults_by_kind", "doomed_calls", "redriven", "wrong", "wrong_after"}  # in the file alone


def show(console: Console, result: Result) -> None:
    """Promises, faults and figures."""
    console.print(_faults(result))
    console.print(_figures(result))
    console.print(_promises(result))


def _promises(result: Result) -> Table:
    table = Table("promise", "held", "figures", title="What must hold")
    for promise in result.promises:
        table.add_row(promise.text, "yes" if promise.held else "[bold red]NO", promise.figures)
    return table


def _faults(result: Result) -> Table:
    table = Table("call", "calls", "faults", "of which", title="What went wrong")
    for call, kinds in result.faults.items():
        listed = ", ".join(f"{kind} {times:,}" for kind, times in kinds.items())
        table.add_row(call, f"{result.calls[call]:,}", f"{sum(kinds.values()):,}", listed)
    for kind, times in result.figures["doomed_calls"].items():
        table.add_row(kind, "", f"{times:,}", "beyond every retry")
    return table


def _figures(result: Result) -> Table:
    table = Table("figure", "value", title=f"Seed {result.sizes.seed}")
    for name, value in result.figures.items():
        if name not in _LONG:
            table.add_row(name.replace("_", " "), str(value))
    table.add_row("repeated calls of the workflow", f"{sum(result.repeats.values()):,}")
    return table
