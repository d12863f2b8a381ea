"""Lease the next item of the review queue to a person."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from heapq import merge
from itertools import chain, groupby, islice

from moderation.contract import SHARDS
from moderation.domain.blind import leased_blind, may_look, may_settle, upload_shown
from moderation.domain.lanes import UNSORTED, Lane
from moderation.domain.people import Person, may, may_see
from moderation.domain.record import (
    CONTESTED_QUEUE,
    GOLDEN_QUEUE,
    SAMPLE_QUEUE,
    SECOND_QUEUE,
    Change,
    Record,
    moment_of,
    utc,
)
from moderation.domain.reports import may_answer
from moderation.domain.review import UNREADABLE, claimed, is_free
from moderation.errors import OutOfScope
from moderation.usecases.decision_keys import chance_of
from moderation.usecases.find_policy import policy_in_force
from moderation.usecases.review.ports_of import ReviewPorts
from moderation.usecases.review.reveal import preview

_PUT_BACK = 10  # of those whose time is over, by each who asks
# One request costs so much at most: an item that is listed 1, and its record, which is a request of its own, 10.
_MOST = 400
# … and the first one, before it looks where items for the person were found lately.
_AT_FIRST = 100
_READ = 10
# Items of each purpose that are listed for one request, and records that are read.
_MOST_LISTED = 100
_MOST_BLIND = 10


@dataclass(frozen=True)
class Found:
    """Item that was leased to a person. Without one, `after` is the place that was come to, "" at the queue's end."""

    record: Record | None = None
    after: str = ""


def next_item(
    ports: ReviewPorts,
    person: Person,
    now: datetime,
    blind_first: bool = False,
    after: str = "",
    lot: float = 0.0,
) -> Found:
    """Lease the gravest item in a person's scope, the one that is due first, to them.

    Items whose lease or parking is over go back first. Those that the person passed on, and appeals against their
    decisions, are left to others. Only so many are looked at: where the person may have none of them, it is one that
    `list_ahead` found for them, and without any the search goes on `after` the place that it came to. Raises OutOfScope
    for a person who may not, and the errors of the ports.

    Where nothing waits, and with `blind_first` in the place of what does, it is an item that they see blind; golden
    ones come only so. Leads get what two people differ on in their place. `lot`, from 0 to 1, says where in time these
    begin.
    """
    if not may(person, "next"):
        raise OutOfScope("You may not take items from the review queue: ask an administrator.")
    if not after:
        for over in ports.queue.returning(utc(now), _PUT_BACK):
            ports.queue.put_back(over)
    blind = (SECOND_QUEUE, GOLDEN_QUEUE, SAMPLE_QUEUE) if blind_first else (SECOND_QUEUE, SAMPLE_QUEUE)
    taking = _Taking(ports, person, now, blind, lot, instead=blind_first)
    found = _search(taking, after)
    if found.after and not after and (record := _take_ahead(taking)):
        return Found(record)
    if found.record or found.after:
        return found
    return Found(_take_blind(ports, person, now, blind, lot))


@dataclass
class _Taking:
    """Takes an item that waits, or once, with `instead`, one that a person sees blind in its place."""

    ports: ReviewPorts
    person: Person
    now: datetime
    blind: Sequence[str]
    lot: float
    instead: bool

    def take(self, listed: Record) -> Record | None:
        """Return what was taken; None if the person may not have the item, or somebody else was faster.

        One that can't be read is passed over: `list_ahead` names it.
        """
        with suppress(*UNREADABLE):
            record = self.ports.verdicts.get(listed.image)
            if record is None or not may_have(self.person, record, self.now):
                return None
            if self.instead:
                self.instead = False
                if blind := _take_blind(self.ports, self.person, self.now, self.blind, self.lot, record):
                    return blind
            return _taken(self.ports, record, claimed(record, self.person.id, self.now))
        return None


def _search(taking: _Taking, after: str) -> Found:
    """Take the first item of the queue that a person may have, as far as a request goes."""
    ports, person = taking.ports, taking.person
    cost, place, most = 0, after, _MOST if after else _AT_FIRST
    for listed in _waiting(ports, person, after):
        if cost >= most and _order(listed) != place:  # in one place there may be several
            return Found(after=place)
        place, cost = _order(listed), cost + 1
        if not may_be_seen(person, listed):
            continue
        cost += _READ
        if record := taking.take(listed):
            return Found(record)
    return Found()


def _take_ahead(taking: _Taking) -> Record | None:
    places = taking.ports.queue.at(taking.ports.queue.ahead(taking.person.id))
    each = (one for one in places if may_be_seen(taking.person, one))
    return next(filter(None, map(taking.take, each)), None)


def _take_blind(
    ports: ReviewPorts,
    person: Person,
    now: datetime,
    purposes: Sequence[str],
    lot: float,
    before: Record | None = None,
) -> Record | None:
    """Take an item that a person sees blind: one that isn't out of order before an ordinary one, if there is one."""
    for purpose in (*((CONTESTED_QUEUE,) if may(person, "others-decisions") else ()), *purposes):
        listed = islice(_of_purpose(ports, purpose, now, lot), _MOST_LISTED)
        left = [one for one in listed if may_be_seen(person, one)]
        for _ in range(_MOST_BLIND):
            if not left:
                break
            with suppress(*UNREADABLE):  # passed over, as in `_Taking.take`
                record = _whole(ports, person, left.pop(0))
                if record is None:
                    continue
                if may_settle(record, person.id, utc(now)):
                    change = claimed(record, person.id, now)
                elif not may_look(record, person.id, utc(now)):
                    continue
                elif preview(ports.verdicts, ports.work, record) is None:  # expired, as older uploads' have
                    newer = [one for one in left if one.created_at > record.created_at]
                    left = newer[len(newer) // 2 :]  # those that are kept are soon found so
                    continue
                elif at := _upload_shown(ports, record, before, now):
                    change = leased_blind(record, person.id, now, at)
                else:
                    continue
                if taken := _taken(ports, record, change):
                    return taken
    return None


def _upload_shown(ports: ReviewPorts, record: Record, before: Record | None, now: datetime) -> str:
    pack = policy_in_force(ports.policies, record)
    return upload_shown(record, pack, before, now, chance_of(ports.work, record.image))


def _of_purpose(ports: ReviewPorts, purpose: str, now: datetime, lot: float) -> Iterator[Record]:
    """Yield the items of a purpose from a moment between the oldest and now on, then from the oldest on.

    So what a person may not look at, however much it is, hides the others from them only now and then.
    """
    partitions = [f"{purpose}#{shard}" for shard in range(SHARDS)]
    oldest_first = iter(ports.queue.waiting(partitions))
    later: Iterable[Record] = ()
    oldest = []
    for one in islice(oldest_first, _MOST_LISTED):
        oldest.append(one)
        if begun := moment_of(_order(one)):  # whoever may write a place may write anything there
            later = ports.queue.waiting(partitions, utc(begun + lot * (now - begun))) if lot else ()
            break
    yield from chain(later, oldest, oldest_first)


def may_have(person: Person, record: Record, now: datetime) -> bool:
    """Tell if a person may be given an item that waits, as its whole record says."""
    is_left = person.id in record.skipped_by or not may_answer(record, person.id)
    return may_see(person, record) and is_free(record, utc(now)) and not is_left


def may_be_seen(person: Person, listed: Record) -> bool:
    """Tell if an item may be in a person's scope, as far as an index knows it; if that can't be read, it may."""
    with suppress(*UNREADABLE):
        return listed.image.key.startswith(person.prefixes) and person.opted_out.isdisjoint(listed.all_categories)
    return True


def _whole(ports: ReviewPorts, person: Person, listed: Record) -> Record | None:
    """Return the whole record of an item in a person's scope: an index lags behind, and lacks the evidence."""
    record = ports.verdicts.get(listed.image)
    return record if record is not None and may_see(person, record) else None


def _taken(ports: ReviewPorts, record: Record, change: Change) -> Record | None:
    return record.with_change(change) if ports.queue.compare_lease(record, change) else None


def lanes_of(ports: ReviewPorts, person: Person) -> list[Lane]:
    """Return the lanes whose items may be in a person's scope. Raises the errors of the port."""
    return [lane for lane in ports.queue.lanes() if may_see_lane(person, lane)]


def may_see_lane(person: Person, lane: Lane) -> bool:
    """Tell if items of a lane may be in a person's scope."""
    categories = frozenset(lane.categories)
    wanted = person.categories is None or not categories.isdisjoint(person.categories)
    within = any(lane.is_wide or _may_hold(lane.folder, prefix) for prefix in person.prefixes)
    return within and wanted and categories.isdisjoint(person.opted_out)


def _may_hold(folder: str, prefix: str) -> bool:
    """Tell if keys of a first folder may begin with a prefix; those without a folder have no slash."""
    return folder.startswith(prefix) or prefix.startswith(folder) if folder else "/" not in prefix


def _waiting(ports: ReviewPorts, person: Person, after: str) -> Iterator[Record]:
    """Yield the waiting items of the lanes in a person's scope, and the unsorted ones, in the queue's order."""
    in_lanes = _by_severity(ports, lanes_of(ports, person), after)
    return merge(in_lanes, ports.queue.waiting(UNSORTED, after), key=_order)


def _by_severity(ports: ReviewPorts, lanes: Iterable[Lane], after: str) -> Iterator[Record]:
    """Yield the items of lanes; the lanes of a lower severity are read only when those of a higher are empty."""
    ordered = sorted(lanes, key=lambda lane: -lane.severity)
    for _, alike in groupby(ordered, key=lambda lane: lane.severity):
        yield from ports.queue.waiting([lane.partition for lane in alike], after)


def _order(record: Record) -> str:
    return str(record.other.get("queue_order"))
