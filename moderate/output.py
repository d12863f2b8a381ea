"""Output for people and programs: tables and bars for a terminal, JSON for pipes, no control codes from image data."""

import json
import os
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

_PIPE_WIDTH = 100_000  # a row of a table is a line
_COLOURS = {"safe": "green", "unsafe": "bold red", "review": "yellow"}

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
JsonWithYesOption = Annotated[bool, typer.Option("--json", help="Print JSON; takes --yes.")]


def refuse_to_ask(as_json: bool, yes: bool) -> None:
    """Raise BadParameter for JSON of a command that would ask a question first."""
    if as_json and not yes:
        raise typer.BadParameter("add --yes: a question isn't JSON", param_hint="--json")


class _Output:
    """Console on the current standard stream, so that redirection works."""

    def __init__(self, stderr: bool) -> None:
        self._stderr = stderr

    @property
    def console(self) -> Console:
        console = Console(stderr=self._stderr, highlight=False)
        if not console.is_terminal and "COLUMNS" not in os.environ:
            console.width = _PIPE_WIDTH
        return console

    def print(self, *parts: Any, soft_wrap: bool = False) -> None:
        """Print texts and tables; `soft_wrap` leaves long lines to the terminal."""
        self.console.print(*parts, markup=False, soft_wrap=soft_wrap)


results = _Output(stderr=False)
errors = _Output(stderr=True)


def plain(value: object) -> str:
    """Escape control characters: keys, captions and reasons are untrusted."""
    return "".join(letter if letter.isprintable() or letter == "\n" else "\ufffd" for letter in str(value))


def cell(value: object) -> Text:
    """Return a table's cell, empty for None."""
    return Text("" if value is None else plain(value), overflow="fold")


def verdict_text(verdict: object) -> Text:
    """Return the verdict as a coloured word."""
    return Text(plain(verdict or "undecided"), style=_COLOURS.get(str(verdict), "dim"))


def probability(p: object) -> str:
    """Format P with two decimals, or as nothing for None."""
    return f"{p:.2f}" if isinstance(p, int | float) else ""


def table(columns: Sequence[str], title: str | None = None, numbers: Sequence[str] = ()) -> Table:
    """Return an empty table; columns named in `numbers` are right-aligned. In a pipe it has no borders."""
    made = Table(title=title, title_justify="left", title_style="bold")
    if not results.console.is_terminal:
        made.box, made.pad_edge = None, False
    for column in columns:
        made.add_column(column, justify="right" if column in numbers else "left", overflow="fold")
    return made


def print_json(value: object) -> None:
    """Print JSON, and nothing else, to stdout. Escapes keep it plain ASCII."""
    print(json.dumps(value, indent=2))


def progress() -> Progress:
    """Return a progress bar on stderr, which leaves pipes alone; without a terminal there is none."""
    console = errors.console
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        disable=not console.is_terminal,
    )
