"""Count the items of the review queue that are late."""

from datetime import datetime

from moderation.domain.people import Person
from moderation.domain.record import utc
from moderation.usecases.review.next_item import may_see_lane
from moderation.usecases.review.ports_of import ReviewPorts


def count_overdue(ports: ReviewPorts, person: Person, now: datetime) -> int:
    """Return how many waiting items of the lanes in a person's scope were due before. Raises the errors of the port."""
    lanes = [lane for lane in ports.queue.lanes() if lane.bucket == ports.bucket and may_see_lane(person, lane)]
    return sum(ports.queue.overdue(lane.partition, lane.severity, utc(now)) for lane in lanes)
