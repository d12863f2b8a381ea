"""Lease the next item of the review queue to a person."""

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from heapq import merge
from itertools import groupby

from moderation.domain.image_ref import ImageRef
from moderation.domain.lanes import UNSORTED, Lane
from moderation.domain.people import Person, may, may_see
from moderation.domain.record import Record, utc
from moderation.domain.reports import may_answer
from moderation.domain.review import claimed, is_free
from moderation.errors import OutOfScope
from moderation.usecases.review.ports_of import ReviewPorts

_PUT_BACK = 10  # of those whose time is over, by each who asks


def next_item(ports: ReviewPorts, person: Person, now: datetime, besides: Collection[ImageRef] = ()) -> Record | None:
    """Lease the gravest item in a person's scope, the one that is due first, to them; None if there is none.

    Items whose lease or parking is over go back first. `besides` are those that the person has already; those that they
    passed on, and appeals against their decisions, are left to others. Raises OutOfScope for a person who may not, and
    the errors of the ports.
    """
    if not may(person, "next"):
        raise OutOfScope("You may not take items from the review queue: ask an administrator.")
    for over in ports.queue.returning(utc(now), _PUT_BACK):
        ports.queue.put_back(over)
    for listed in _waiting(ports, person):
        if listed.image.bucket != ports.bucket or not listed.image.key.startswith(person.prefixes):
            continue
        if listed.image in besides:
            continue
        record = ports.verdicts.get(listed.image)  # the index lags behind, and lacks the evidence
        if record is None or not is_free(record, utc(now)) or not may_see(person, record):
            continue
        if person.id in record.skipped_by or not may_answer(record, person.id):
            continue
        change = claimed(record, person.id, now)
        if ports.queue.compare_lease(record, change):
            return record.with_change(change)
    return None


def may_see_lane(person: Person, lane: Lane) -> bool:
    """Tell if items of a lane may be in a person's scope."""
    categories = frozenset(lane.categories)
    wanted = person.categories is None or not categories.isdisjoint(person.categories)
    within = any(lane.folder.startswith(prefix) or prefix.startswith(lane.folder) for prefix in person.prefixes)
    return within and wanted and categories.isdisjoint(person.opted_out)


def _waiting(ports: ReviewPorts, person: Person) -> Iterator[Record]:
    """Yield the waiting items of the lanes in a person's scope, and the unsorted ones, in the queue's order."""
    lanes = [lane for lane in ports.queue.lanes() if lane.bucket == ports.bucket and may_see_lane(person, lane)]
    return merge(_by_severity(ports, lanes), ports.queue.waiting(UNSORTED), key=_order)


def _by_severity(ports: ReviewPorts, lanes: Iterable[Lane]) -> Iterator[Record]:
    """Yield the items of lanes; the lanes of a lower severity are read only when those of a higher are empty."""
    ordered = sorted(lanes, key=lambda lane: -lane.severity)
    for _, alike in groupby(ordered, key=lambda lane: lane.severity):
        yield from ports.queue.waiting([lane.partition for lane in alike])


def _order(record: Record) -> str:
    return str(record.other.get("queue_order"))
