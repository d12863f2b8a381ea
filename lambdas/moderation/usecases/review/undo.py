"""Take a decision back."""

from dataclasses import dataclass
from datetime import datetime

from moderation.domain.image_ref import ImageRef
from moderation.domain.people import Person
from moderation.domain.record import Record, utc
from moderation.domain.reports import check_answerer
from moderation.domain.review import claimed, undone, was_taken_back
from moderation.errors import NothingPending
from moderation.usecases.review.ports_of import ReviewPorts, changed, item_of, note_down


@dataclass(frozen=True)
class Undone:
    """The record, leased to its decider. If it is a `reversal`, the decision stands until they decide otherwise."""

    record: Record
    reversal: bool


def undo(ports: ReviewPorts, person: Person, image: ImageRef, pending_id: str, now: datetime) -> Undone:
    """Take a pending decision back, without any effect; one that is in force can be decided anew by who made it.

    One that is taken back already is so once more. Raises NothingPending, HeldBySomeone, AppealRefused, OutOfScope,
    NotVouched, and the errors of the ports.
    """
    record = _vouched_for_no_longer(ports, person, image, pending_id)
    if was_taken_back(record, person.id, pending_id, utc(now)):
        return Undone(record, reversal=False)
    if record.pending_id is None and _is_decider(person, record):
        check_answerer(record, person.id)
        return _opened_again(ports, person, record, record.history[-1].get("id"), now)
    undone(record, person.id, pending_id, now)
    try:
        return Undone(_taken_back(ports, person, record, pending_id, now), reversal=False)
    except NothingPending:  # it came into force meanwhile
        standing = item_of(ports, person, image, "undo")
        if not _is_decider(person, standing):
            raise
        return _opened_again(ports, person, standing, pending_id, now)


def undo_pending(ports: ReviewPorts, person: Person, image: ImageRef, pending_id: str, now: datetime) -> Record:
    """Take a pending decision back, without any effect; one that is in force stays.

    One that is taken back already is so once more. Raises NothingPending, OutOfScope, NotVouched, and the errors of the
    ports.
    """
    record = _vouched_for_no_longer(ports, person, image, pending_id)
    if was_taken_back(record, person.id, pending_id, utc(now)):
        return record
    undone(record, person.id, pending_id, now)
    return _taken_back(ports, person, record, pending_id, now)


def _vouched_for_no_longer(ports: ReviewPorts, person: Person, image: ImageRef, pending_id: str) -> Record:
    """Return the record, on which nobody vouches for a decision any more.

    That comes first, whatever the record says, for it could be written again; and is noted down once it can't fail.
    """
    ports.voucher.withdraw(image, pending_id)
    return item_of(ports, person, image, "undo")


def _taken_back(ports: ReviewPorts, person: Person, record: Record, pending_id: str, now: datetime) -> Record:
    note_down(ports, person, "undo", record, now, decision=pending_id)
    try:
        return changed(ports, record, lambda standing: undone(standing, person.id, pending_id, now))
    except NothingPending:
        standing = item_of(ports, person, record.image, "undo")
        if not was_taken_back(standing, person.id, pending_id, utc(now)):
            raise
        return standing  # by this request, whose answer was lost, or by another sending of it


def _is_decider(person: Person, record: Record) -> bool:
    return record.decided_by == "person" and record.decider == person.id


def _opened_again(ports: ReviewPorts, person: Person, record: Record, pending_id: str | None, now: datetime) -> Undone:
    note_down(ports, person, "reverse", record, now, decision=pending_id)
    return Undone(changed(ports, record, lambda standing: claimed(standing, person.id, now)), reversal=True)
