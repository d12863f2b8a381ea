"""Lease the next item of the review queue to a person."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from heapq import merge
from itertools import groupby, islice

from moderation.contract import SHARDS
from moderation.domain.blind import leased_blind, may_look, may_settle
from moderation.domain.image_ref import ImageRef
from moderation.domain.lanes import UNSORTED, Lane
from moderation.domain.people import Person, may, may_see
from moderation.domain.record import (
    CONTESTED_QUEUE,
    GOLDEN_QUEUE,
    SAMPLE_QUEUE,
    SECOND_QUEUE,
    Change,
    Record,
    utc,
)
from moderation.domain.reports import may_answer
from moderation.domain.review import claimed, is_free
from moderation.errors import OutOfScope
from moderation.usecases.review.ports_of import ReviewPorts

_MOST_BLIND = 100  # records of each purpose that are read for one request
_PUT_BACK = 10  # of those whose time is over, by each who asks


def next_item(
    ports: ReviewPorts,
    person: Person,
    now: datetime,
    besides: Collection[ImageRef] = (),
    blind_first: bool = False,
) -> Record | None:
    """Lease the gravest item in a person's scope, the one that is due first, to them; None if there is none.

    Items whose lease or parking is over go back first. `besides` are those that the person has already; those that they
    passed on, and appeals against their decisions, are left to others. Raises OutOfScope for a person who may not, and
    the errors of the ports.

    Where nothing waits, and with `blind_first` before that, it is an item that they see blind; golden ones come only
    so. Leads get what two people differ on in their place.
    """
    if not may(person, "next"):
        raise OutOfScope("You may not take items from the review queue: ask an administrator.")
    for over in ports.queue.returning(utc(now), _PUT_BACK):
        if over.image.bucket == ports.bucket:  # those of an earlier bucket may not be changed
            ports.queue.put_back(over)
    blind = (SECOND_QUEUE, GOLDEN_QUEUE, SAMPLE_QUEUE) if blind_first else (SECOND_QUEUE, SAMPLE_QUEUE)
    if blind_first and (found := _take_blind(ports, person, now, besides, blind)):
        return found
    for record in _seen(ports, person, _waiting(ports, person), besides):
        if not is_free(record, utc(now)) or person.id in record.skipped_by or not may_answer(record, person.id):
            continue
        if taken := _taken(ports, record, claimed(record, person.id, now)):
            return taken
    return None if blind_first else _take_blind(ports, person, now, besides, blind)


def _take_blind(
    ports: ReviewPorts, person: Person, now: datetime, besides: Collection[ImageRef], purposes: Sequence[str]
) -> Record | None:
    for purpose in (*((CONTESTED_QUEUE,) if may(person, "others-decisions") else ()), *purposes):
        listed = ports.queue.waiting([f"{purpose}#{shard}" for shard in range(SHARDS)])
        for record in islice(_seen(ports, person, listed, besides), _MOST_BLIND):
            if may_settle(record, person.id, utc(now)):
                change = claimed(record, person.id, now)
            elif may_look(record, person.id, utc(now)):
                change = leased_blind(record, person.id, now)
            else:
                continue
            if taken := _taken(ports, record, change):
                return taken
    return None


def _seen(
    ports: ReviewPorts, person: Person, every: Iterable[Record], besides: Collection[ImageRef]
) -> Iterator[Record]:
    """Yield the whole records of those that are in a person's scope: an index lags behind, and lacks the evidence."""
    for listed in every:
        if listed.image.bucket != ports.bucket or not listed.image.key.startswith(person.prefixes):
            continue
        record = None if listed.image in besides else ports.verdicts.get(listed.image)
        if record is not None and may_see(person, record):
            yield record


def _taken(ports: ReviewPorts, record: Record, change: Change) -> Record | None:
    return record.with_change(change) if ports.queue.compare_lease(record, change) else None


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
