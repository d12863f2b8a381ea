"""Take a decision back."""

from dataclasses import dataclass
from datetime import datetime

from moderation.domain.image_ref import ImageRef
from moderation.domain.people import Person
from moderation.domain.record import Record, utc
from moderation.domain.reports import check_answerer
from moderation.domain.review import claimed, taken_back, was_taken_back
from moderation.errors import NothingPending
from moderation.usecases.review.ports_of import ReviewPorts, changed, item_of, note_down


@dataclass(frozen=True)
class Undone:
    """The record, leased to its decider. If it is a `reversal`, the decision stands until they decide otherwise."""

    record: Record
    reversal: bool


def undo(ports: ReviewPorts, person: Person, image: ImageRef, pending_id: str, now: datetime) -> Undone:
    """Take a pending decision back, of which nothing is left; one that is in force can be decided anew by who made it.

    One that is taken back already is so once more. Raises NothingPending, HeldBySomeone, AppealRefused, OutOfScope,
    NotVouched, and the errors of the ports.
    """
    # First, whatever the record says, for that could be written again. It is noted down once it can't fail any more.
    ports.voucher.withdraw(image, pending_id)
    record = item_of(ports, person, image, "undo")
    if record.pending_id is None and record.decided_by == "person" and record.decider == person.id:
        check_answerer(record, person.id)
        note_down(ports, person, "reverse", record, now, decision=record.history[-1].get("id"))
        return Undone(changed(ports, record, lambda standing: claimed(standing, person.id, now)), reversal=True)
    if was_taken_back(record, person.id, pending_id, utc(now)):
        return Undone(record, reversal=False)
    taken_back(record, person.id, pending_id, now)
    note_down(ports, person, "undo", record, now, decision=pending_id)
    try:
        return Undone(
            changed(ports, record, lambda standing: taken_back(standing, person.id, pending_id, now)), reversal=False
        )
    except NothingPending:  # it came into force meanwhile
        standing = item_of(ports, person, image, "undo")
        if standing.decided_by != "person" or standing.decider != person.id:
            raise
        note_down(ports, person, "reverse", standing, now, decision=pending_id)
        return Undone(changed(ports, standing, lambda again: claimed(again, person.id, now)), reversal=True)
