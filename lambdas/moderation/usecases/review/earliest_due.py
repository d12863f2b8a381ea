"""Tell by when the next item of the review queue is due."""

from datetime import datetime

from moderation.domain.people import Person
from moderation.domain.record import utc
from moderation.usecases.review.next_item import may_see_lane
from moderation.usecases.review.ports_of import ReviewPorts


def earliest_due(ports: ReviewPorts, person: Person, now: datetime) -> str | None:
    """Return the earliest deadline of waiting items in a person's scope that isn't over; None if nothing waits.

    The first item of each lane is the one that is due first; a lane with overdue items is left out, since they are
    counted. Raises the errors of the port.
    """
    lanes = [lane for lane in ports.queue.lanes() if lane.bucket == ports.bucket and may_see_lane(person, lane)]
    first = [next(iter(ports.queue.waiting([lane.partition])), None) for lane in lanes]
    due = [str(record.other.get("queue_order")).partition("#")[2] for record in first if record]
    return min((each for each in due if each > utc(now)), default=None)
