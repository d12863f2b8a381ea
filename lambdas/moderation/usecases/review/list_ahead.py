"""List for each person where the items that they may have lie in the review queue.

So what is hidden from somebody, however much is due before theirs, is searched once in a while, and not at each of
their requests. A list is a hint: `next_item` looks at the queue's start first, and reads the record of what it finds.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from itertools import islice

from moderation.domain.image_ref import ImageRef
from moderation.domain.lanes import UNSORTED, Lane, Place
from moderation.domain.people import Person, may
from moderation.domain.record import Record
from moderation.domain.review import UNREADABLE
from moderation.usecases.review.next_item import may_be_seen, may_have, may_see_lane
from moderation.usecases.review.ports_of import ReviewPorts

_MOST = 40  # places of each person, more than one works through until the next list
_MOST_READ = 200  # records of each person
_MOST_LISTED = 100_000  # items


@dataclass(frozen=True)
class Listed:
    """Number of places that were listed, and the images of items that can't be read: nobody is given them."""

    places: int
    unreadable: tuple[ImageRef, ...]


@dataclass
class _Ahead:
    """The list of one person, whose items are in some partitions; `tried` records were read for it.

    `unreadable` are those of which nobody can say who may have them.
    """

    person: Person
    partitions: frozenset[str]
    places: list[Place] = field(default_factory=list)
    tried: int = 0
    unreadable: set[ImageRef] = field(default_factory=set)

    def is_complete(self) -> bool:
        return len(self.places) == _MOST or self.tried == _MOST_READ

    def look(self, listed: Record, read: Callable[[ImageRef], Record | None], now: datetime) -> None:
        place = Place(str(listed.other["queue"]), str(listed.other["queue_order"]))
        if place.partition not in self.partitions or not may_be_seen(self.person, listed):
            return
        self.tried += 1
        try:
            record = read(listed.image)
            if record is not None and may_have(self.person, record, now):
                self.places.append(place)
        except UNREADABLE:
            self.unreadable.add(listed.image)


def list_ahead(ports: ReviewPorts, now: datetime) -> Listed:
    """List the first items of each person who works through the queue.

    Raises the errors of the ports.
    """
    lanes = ports.queue.lanes()
    people = [person for person in ports.people.everybody() if may(person, "next")]
    lists = [_Ahead(person, _partitions(person, lanes)) for person in people]
    partitions = sorted(frozenset[str]().union(*(each.partitions for each in lists)))
    read = cache(ports.verdicts.get)  # what several people may have is read once
    incomplete = lists
    for listed in islice(ports.queue.waiting(partitions), _MOST_LISTED):
        if not incomplete:
            break
        for each in incomplete:
            each.look(listed, read, now)
        incomplete = [each for each in incomplete if not each.is_complete()]
    for each in lists:
        ports.queue.list_ahead(each.person.id, each.places, now)
    unreadable = frozenset[ImageRef]().union(*(each.unreadable for each in lists))
    return Listed(sum(len(each.places) for each in lists), tuple(sorted(unreadable, key=lambda image: image.id)))


def _partitions(person: Person, lanes: Iterable[Lane]) -> frozenset[str]:
    return frozenset((*UNSORTED, *(lane.partition for lane in lanes if may_see_lane(person, lane))))
