"""Put an item aside until a time."""

from datetime import datetime

from moderation.domain.image_ref import ImageRef
from moderation.domain.people import Person
from moderation.domain.record import Record, utc
from moderation.domain.review import parked
from moderation.usecases.review.ports_of import ReviewPorts, changed, item_of, note_down


def park(ports: ReviewPorts, person: Person, image: ImageRef, until: datetime, now: datetime) -> Record:
    """Let an item that a person holds wait until a time.

    Raises LeaseLost, HeldBySomeone while their decision is pending, OutOfScope, ValueError for a time that is too far
    away or past, and the errors of the ports.
    """
    record = item_of(ports, person, image, "claim")
    parked(record, person.id, until, now)
    note_down(ports, person, "park", record, now, until=utc(until))
    return changed(ports, record, lambda standing: parked(standing, person.id, until, now))
