"""HTML pages that open offline: one file without scripts, with inline styles and drawings."""

from collections.abc import Iterable, Sequence
from html import escape

from moderate.output import plain

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 1200px; margin: 2em auto; padding: 0 1em; color: #222 }
table { border-collapse: collapse; margin: 1em 0 }
th, td { padding: 3px 10px; border-bottom: 1px solid #ddd; text-align: left; vertical-align: top }
th { border-bottom: 2px solid #888 }
td.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
.charts { display: flex; flex-wrap: wrap; gap: 1em } .charts svg { width: 360px }
.note { color: #666 }
td { overflow-wrap: anywhere } td img { max-width: 96px }
"""
# Nothing may be loaded: pictures, if there are any, are in the page.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def page(title: str, parts: Iterable[str]) -> str:
    """Return a whole page; the parts are HTML."""
    head = (
        f'<meta charset="utf-8">\n<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        f"<title>{text(title)}</title>\n<style>{_STYLE}</style>"
    )
    body = "\n".join([f"<h1>{text(title)}</h1>", *parts])
    return f'<!doctype html>\n<html lang="en">\n<head>\n{head}\n</head>\n<body>\n{body}\n</body>\n</html>\n'


def text(value: object) -> Markup:
    """Escape a value: paths, captions and reasons are untrusted. Markup stays as it is."""
    return value if isinstance(value, Markup) else Markup(escape(plain("" if value is None else value)))


def section(title: str, *parts: str) -> Markup:
    return Markup("\n".join([f"<h2>{text(title)}</h2>", *parts]))


def note(words: str) -> Markup:
    return Markup(f'<p class="note">{text(words)}</p>')


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Markup:
    """Return a table, with figures to the right."""
    head = "".join(f"<th>{text(column)}</th>" for column in columns)
    body = "\n".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    return Markup(f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>")


def charts(drawn: Iterable[str]) -> Markup:
    return Markup(f'<div class="charts">\n{"".join(drawn)}</div>')


def link(address: str, words: str) -> Markup:
    return Markup(f'<a href="{text(address)}">{text(words)}</a>')


def picture(data: str) -> Markup:
    """Return an embedded picture from a `data:` address."""
    return Markup(f'<img src="{text(data)}" alt="">') if data else Markup("")


def _cell(value: object) -> str:
    kind = ' class="number"' if isinstance(value, int | float) or _is_figure(value) else ""
    return f"<td{kind}>{text(value)}</td>"


def _is_figure(value: object) -> bool:
    return isinstance(value, str) and value[:1].isdigit() and not any(letter.isalpha() for letter in value)
