"""List records by time."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from heapq import merge
from operator import attrgetter

from moderation.domain.record import Record, utc
from moderation.ports import VerdictStore


def newest_first(verdicts: VerdictStore, wanted: Sequence[str], since: datetime, until: datetime) -> Iterator[Record]:
    """Yield what the index by verdict holds of the records created in a span of time.

    `wanted` are verdicts, or `claimed` for records without one. Raises the errors of the port.
    """
    first, last = utc(since), utc(until)
    day = until.astimezone(UTC).date()
    while day >= since.astimezone(UTC).date():
        listed = (verdicts.newest(verdict, day.isoformat(), first, last) for verdict in wanted)
        yield from merge(*listed, key=attrgetter("created_at"), reverse=True)
        day -= timedelta(days=1)
