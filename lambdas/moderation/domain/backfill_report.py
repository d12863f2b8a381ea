"""Result of a backfill: its verdicts by category, and its failures by cause."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from moderation.domain.record import Record

SCHEMA_VERSION = 1
_NO_CATEGORY = "none"


@dataclass(frozen=True)
class BackfillCounts:
    """Numbers of a run's records: by verdict and category, and the failures among the reviews by error."""

    verdicts: Counter[tuple[str, str]] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)

    @property
    def by_verdict(self) -> Counter[str]:
        totals: Counter[str] = Counter()
        for (verdict, _), number in self.verdicts.items():
            totals[verdict] += number
        return totals

    def of(self, verdict: str) -> dict[str, int]:
        """Return the numbers of a verdict by category, the largest first."""
        return {category: n for (of, category), n in self.verdicts.most_common() if of == verdict}


def count_records(verdict: str, records: Iterable[Record], counts: BackfillCounts) -> None:
    """Add records that are listed under a verdict."""
    for record in records:
        counts.verdicts[verdict, record.category or _NO_CATEGORY] += 1
        if record.decided_by == "failure":
            counts.failures[record.failure[0] if record.failure else "unknown error"] += 1


def build_digest(run: str, verdict: str, counts: BackfillCounts) -> dict[str, Any]:
    """Return the message about a run for the topic of a verdict. Its schema is `schemas/digest.schema.json`."""
    return {
        "schema_version": SCHEMA_VERSION,
        "digest": run,
        "verdict": verdict,
        "count": counts.by_verdict[verdict],
        "categories": counts.of(verdict),
        "verdicts": dict(counts.by_verdict),
        "failures": dict(counts.failures),
    }
