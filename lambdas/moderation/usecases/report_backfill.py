"""Count the verdicts of a backfill, and publish them as one message a topic."""

from datetime import UTC, datetime

from moderation.domain.backfill import Kind, kind_of_run, started_at
from moderation.domain.backfill_report import BackfillCounts, build_digest, count_records
from moderation.domain.record import utc
from moderation.ports import Publisher, VerdictStore

_VERDICTS = ("unsafe", "review", "safe")
# An attribute of its own: a subscription that filters by verdict gets messages about images alone.
ATTRIBUTES = {"kind": "digest"}


def count_backfill(verdicts: VerdictStore, run: str) -> BackfillCounts:
    """Count a run's records; one that a redrive moderated again isn't the run's. Raises the errors of the port."""
    counts = BackfillCounts()
    since, until = utc(started_at(run)), utc(datetime.now(UTC))
    prefix = "shadow-" if kind_of_run(run) is Kind.SHADOW else ""
    for verdict in _VERDICTS:
        count_records(verdict, verdicts.of_run(run, f"{prefix}{verdict}", since, until), counts)
    return counts


def digest_backfill(verdicts: VerdictStore, publisher: Publisher, run: str) -> BackfillCounts | None:
    """Publish a run's verdicts on their topics; None for a run that has no digest. Raises the errors of the ports."""
    if kind_of_run(run) is not Kind.DIGEST:
        return None
    counts = count_backfill(verdicts, run)
    for verdict, number in counts.by_verdict.items():
        if number and publisher.has_topic(verdict):
            publisher.publish(verdict, build_digest(run, verdict, counts), ATTRIBUTES)
    return counts
