"""Report of a backfill as tables, JSON or a page that opens offline."""

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from moderate.output import plain, results, table
from moderation.domain.backfill import kind_of_run, started_at
from moderation.domain.backfill_report import BackfillCounts

_VERDICTS = ("unsafe", "review", "safe")


@dataclass(frozen=True)
class Report:
    """Outcome of a run: its items by state, its records, what failed outside of them, and the dollars estimated."""

    run: str
    status: str
    items: Mapping[str, int]
    counts: BackfillCounts
    failed_items: Mapping[str, int]
    usd: float

    @property
    def moderated(self) -> int:
        return self.counts.by_verdict.total()

    def to_json(self) -> dict[str, Any]:
        """Return plain data, ready for JSON."""
        return {
            "run": self.run,
            "kind": kind_of_run(self.run),
            "started_at": started_at(self.run).isoformat(),
            "status": self.status,
            "items": dict(self.items),
            "moderated": self.moderated,
            "verdicts": {verdict: self.counts.of(verdict) for verdict in _VERDICTS},
            "failures": dict(self.counts.failures),
            "failed_items": dict(self.failed_items),
            "estimated_usd": round(self.usd, 2),
        }

    def rows(self) -> list[tuple[str, str, int]]:
        """Return verdict, category and number."""
        return [(v, category, number) for v in _VERDICTS for category, number in self.counts.of(v).items()]

    def causes(self) -> list[tuple[str, str, int]]:
        """Return what failed, its error and the number."""
        moderations = [("moderation", error, number) for error, number in self.counts.failures.most_common()]
        return [*moderations, *(("item", error, number) for error, number in self.failed_items.items())]


def show(report: Report) -> None:
    """Print the report as tables."""
    results.print(f"{report.run}: {report.status}", soft_wrap=True)
    verdicts = table(("verdict", "category", "images"), numbers=("images",))
    for verdict, category, number in report.rows():
        verdicts.add_row(verdict, plain(category), f"{number:,}")
    results.print(verdicts)
    if report.causes():
        causes = table(("failed", "cause", "number"), title="Failures", numbers=("number",))
        for what, error, number in report.causes():
            causes.add_row(what, plain(error), f"{number:,}")
        results.print(causes)
    results.print(f"{report.moderated:,} images moderated, about ${report.usd:,.2f} by the estimate.")


def page(report: Report) -> str:
    """Return an HTML page without scripts, styles or links from elsewhere."""
    facts = [("Status", report.status), ("Moderated", f"{report.moderated:,}"), ("Estimated", f"${report.usd:,.2f}")]
    return (
        "<!doctype html><html lang=en><meta charset=utf-8>"
        f"<title>{escape(report.run)}</title>"
        "<style>body{font:16px system-ui;margin:2em}table{border-collapse:collapse;margin:1em 0}"
        "td,th{padding:.3em .8em;border-bottom:1px solid #ccc;text-align:left}td:last-child{text-align:right}</style>"
        f"<h1>{escape(report.run)}</h1>"
        + _html(("", ""), facts)
        + "<h2>Verdicts</h2>"
        + _html(("verdict", "category", "images"), report.rows())
        + "<h2>Failures</h2>"
        + _html(("failed", "cause", "number"), report.causes())
        + "</html>\n"
    )


def _html(columns: tuple[str, ...], rows: Any) -> str:
    def row(cells: Any, tag: str) -> str:
        return "<tr>" + "".join(f"<{tag}>{escape(str(cell))}</{tag}>" for cell in cells) + "</tr>"

    return "<table>" + row(columns, "th") + "".join(row(cells, "td") for cells in rows) + "</table>"
