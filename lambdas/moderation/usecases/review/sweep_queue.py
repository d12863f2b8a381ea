"""Keep the review queue in order: put back what comes back, sort what is unsorted, and count what is late."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from moderation.domain.lanes import UNSORTED, due_by_default, lane_of, order_of
from moderation.domain.people import Person, may, may_see
from moderation.domain.record import Change, Record, moment_of, utc
from moderation.domain.reports import open_reports, place_of
from moderation.domain.review import UNREADABLE, stray_home
from moderation.errors import PermanentError
from moderation.usecases.find_policy import find_policy
from moderation.usecases.review.next_item import may_see_lane
from moderation.usecases.review.ports_of import ReviewPorts

_AT_ONCE = 500  # items a sweep reads of those that come back, and of the unsorted ones; the next goes on after them
_ALWAYS = "9"  # later than every time


@dataclass(frozen=True)
class Swept:
    """Numbers of items: put back, sorted into lanes, overdue, and `unseen`, which are in nobody's scope.

    `unreadable` ones stay unsorted, since their policy or what was reported of them can't be read: nobody can decide.
    """

    put_back: int
    sorted_in: int
    overdue: int
    unseen: int
    unreadable: int


def sweep_queue(ports: ReviewPorts, now: datetime) -> Swept:
    """Put back, sort and count. Without any people, nothing is in nobody's scope. Raises the errors of the ports."""
    put_back = sum(_put_back(ports, listed) for listed in ports.queue.returning(utc(now), _AT_ONCE))
    left, sorted_in, unreadable = [], 0, 0
    for listed in _next_unsorted(ports):
        record = ports.verdicts.get(listed.image)  # the index lags behind, and lacks the evidence
        if record is None or record.other.get("queue") not in UNSORTED:
            continue
        try:
            is_sorted = _sort_in(ports, record)
        except (PermanentError, *UNREADABLE):  # the others are sorted all the same
            is_sorted = False
            unreadable += 1
        if is_sorted:
            sorted_in += 1
        else:
            left.append(record)
    return Swept(put_back, sorted_in, _overdue(ports, left, utc(now)), _unseen(ports, left), unreadable)


def _put_back(ports: ReviewPorts, listed: Record) -> bool:
    """Put an item back whose time is over; one that doesn't say where it waited would come first in every sweep."""
    if ports.queue.put_back(listed):
        return True
    record = ports.verdicts.get(listed.image)
    if record is None or _place(record) != _place(listed):  # the index lags behind
        return False
    return ports.queue.compare_lease(record, stray_home(record))


def _next_unsorted(ports: ReviewPorts) -> Iterator[Record]:
    """Yield unsorted items after those of the sweep before, which may stay unsorted for ever; then all begins anew."""
    begin = ports.queue.sweep_place()
    order, number = begin, 0
    for listed in ports.queue.waiting(UNSORTED, begin):
        following = str(listed.other.get("queue_order"))
        if number >= _AT_ONCE and following != order:  # those of one place are read together
            ports.queue.keep_sweep_place(order)
            return
        order, number = following, number + 1
        yield listed
    if begin:
        ports.queue.keep_sweep_place("")


def _place(record: Record) -> tuple[object, object]:
    return record.other.get("queue"), record.other.get("queue_order")


def _sort_in(ports: ReviewPorts, record: Record) -> bool:
    """Move an unsorted item into its lane; False if there are too many lanes, or it changed meanwhile."""
    pack = find_policy(ports.work, ports.policies, record)
    place = place_of(record, pack)
    lane = ports.verdicts.open_lane(lane_of(record.image, place))
    if lane is None:
        return False
    order = order_of(lane.severity, place["due_at"])
    return ports.queue.compare_lease(record, Change({**place, "queue": lane.partition, "queue_order": order}))


def _overdue(ports: ReviewPorts, unsorted: Iterable[Record], now: str) -> int:
    in_lanes = sum(ports.queue.overdue(lane.partition, lane.severity, now) for lane in ports.queue.lanes())
    late = (record for record in ports.queue.returning(_ALWAYS, _AT_ONCE) if _is_late(record, now))
    return in_lanes + sum(_is_late(record, now) for record in unsorted) + sum(_waits(ports, one) for one in late)


def _waits(ports: ReviewPorts, listed: Record) -> bool:
    """Tell if an item that is leased or parked waits for a decision, and isn't only looked at again or blind."""
    record = listed if listed.verdict == "review" else ports.verdicts.get(listed.image)
    try:
        return record is not None and (record.verdict == "review" or bool(open_reports(record)))
    except UNREADABLE:
        return True


def _is_late(record: Record, now: str) -> bool:
    """Tell if an item is overdue; one whose deadline can't be read is, so that it is looked at."""
    try:
        due = moment_of(record.due_at or due_by_default(record.created_at))
    except UNREADABLE:
        return True
    return due is None or utc(due) < now


def _unseen(ports: ReviewPorts, unsorted: Iterable[Record]) -> int:
    people = [person for person in ports.people.everybody() if may(person, "next")]
    if not people:
        return 0
    hidden = [lane for lane in ports.queue.lanes() if not any(may_see_lane(person, lane) for person in people)]
    in_lanes = sum(ports.queue.overdue(lane.partition, lane.severity, _ALWAYS) for lane in hidden)
    return in_lanes + sum(not _is_seen(people, record) for record in unsorted)


def _is_seen(people: Iterable[Person], record: Record) -> bool:
    """Tell if an item is in anybody's scope; one that can't be read is in nobody's."""
    try:
        return any(may_see(person, record) for person in people)
    except UNREADABLE:
        return False
