"""Count what waits in the review queue."""

from datetime import datetime

from moderation.domain.blind import told
from moderation.domain.lanes import Standing
from moderation.domain.people import Person
from moderation.domain.record import utc
from moderation.usecases.review.next_item import lanes_of
from moderation.usecases.review.ports_of import ReviewPorts


def count_waiting(ports: ReviewPorts, person: Person, now: datetime) -> Standing:
    """Return about how much waits in the lanes of a person's scope. Raises the errors of the port."""
    return told(ports.queue.standing(lanes_of(ports, person), utc(now)))
