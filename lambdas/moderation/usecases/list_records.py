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


def newest_of_uploader(
    verdicts: VerdictStore, bucket: str, uploader: str, wanted: Sequence[str], since: datetime, until: datetime
) -> Iterator[Record]:
    """Yield the records of an uploader created in a span of time, newest first. Raises the errors of the port."""
    for image in verdicts.of_uploader(bucket, uploader, utc(since), utc(until)):
        record = verdicts.get(image)  # the index lags behind, and lacks the reason
        if record and record.verdict in wanted:
            yield record
