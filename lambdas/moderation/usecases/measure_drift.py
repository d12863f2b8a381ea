"""Compare the last week's verdicts with those of the week before."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from moderation.domain.drift import Drift, Week, compare
from moderation.domain.ground_truth import said_by_machine, truth_of
from moderation.domain.image_ref import ImageRef
from moderation.domain.record import utc
from moderation.domain.sample import Stratum, draw
from moderation.ports import VerdictStore
from moderation.usecases.read_all import read_all

_WEEK = timedelta(days=7)
_READ = 500  # whole records of a week, at random
_ANY: Stratum = ("any", None)
_VERDICTS = ("safe", "unsafe", "review")


def measure_drift(verdicts: VerdictStore, bucket: str, now: datetime) -> Drift:
    """Return the changes from one week to the next, by the times of the uploads. Raises the errors of the port.

    Of every verdict the index is read, which lists no escalated image, and of at most 500 a week, drawn at random, the
    whole record.
    """
    weeks = [_week(verdicts, bucket, utc(since), utc(since + _WEEK)) for since in (now - 2 * _WEEK, now - _WEEK)]
    return compare(*weeks)


def _week(verdicts: VerdictStore, bucket: str, since: str, until: str) -> Week:
    week = Week()

    def frame() -> Iterator[tuple[ImageRef, Stratum]]:
        for record in verdicts.created(_VERDICTS, since, until):
            if record.image.bucket == bucket and record.created_at < until:
                week.verdicts += 1
                if record.verdict == "unsafe" and record.category:
                    week.flags[record.category] += 1
                yield record.image, _ANY

    lots = draw(frame(), {_ANY[0]: _READ})
    images = [ticket.image for ticket in lots[_ANY].tickets] if lots else []
    week.records = [record for record in read_all(verdicts, bucket, images) if not record.is_escalated]
    for record in read_all(verdicts, bucket, verdicts.decided_by_people(since)):
        truth, said = truth_of(record), said_by_machine(record).get("verdict")
        if truth and said in ("safe", "unsafe") and since <= str(record.decided_at) < until:
            week.decided += 1
            week.overturned += truth.verdict != said
    return week
