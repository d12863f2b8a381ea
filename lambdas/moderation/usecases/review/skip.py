"""Pass an item on to other people."""

from datetime import datetime

from moderation.domain.image_ref import ImageRef
from moderation.domain.people import Person
from moderation.domain.record import Record, utc
from moderation.domain.review import skipped
from moderation.errors import SkipRefused
from moderation.usecases.review.ports_of import ReviewPorts, changed, item_of, note_down

MOST_A_DAY = 20  # by one person


def skip(ports: ReviewPorts, person: Person, image: ImageRef, now: datetime) -> Record:
    """Leave an item that a person holds to others; they don't get it again.

    Raises LeaseLost, HeldBySomeone while their decision is pending, SkipRefused after `MOST_A_DAY` items of a person
    and `MOST_SKIPS` people of an item, OutOfScope, and the errors of the ports.
    """
    record = item_of(ports, person, image, "claim")
    skipped(record, person.id, now)
    note_down(ports, person, "skip", record, now)
    if not ports.queue.count_skip(person.id, utc(now)[:10], MOST_A_DAY):
        raise SkipRefused(f"You passed on {MOST_A_DAY} items today: decide on this one, park it, or escalate it.")
    return changed(ports, record, lambda standing: skipped(standing, person.id, now))
