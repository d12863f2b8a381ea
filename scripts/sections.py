"""Read and write generated sections of documentation pages, and format Markdown tables."""

from collections.abc import Iterable, Sequence
from pathlib import Path


def write_section(file: Path, name: str, text: str) -> None:
    """Put the text between the section's two marks, or append the section to the page."""
    begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->\n"
    page = file.read_text() if file.exists() else f"# {file.stem.capitalize()}\n"
    if begin not in page:
        page += f"\n## {name.capitalize()}\n\n{begin}{end}"
    head, _, rest = page.partition(begin)
    _, _, tail = rest.partition(end)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"{head}{begin}{text}\n{end}{tail}")


def read_section(file: Path, name: str) -> str:
    """Return the text between the section's two marks. Raises ValueError if they are missing."""
    page = file.read_text()
    begin, end = f"<!-- {name}: begin -->\n", f"\n<!-- {name}: end -->"
    if begin not in page or end not in page:
        raise ValueError(f"{file.name} has no section {name!r}: run the script that generates it.")
    return page.partition(begin)[2].partition(end)[0]


def markdown(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a Markdown table."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(map(str, cells))} |" for cells in lines)
