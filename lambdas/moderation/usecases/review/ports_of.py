"""Ports of the review's use cases, and what each of them does first and last."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from moderation.domain.audit import AuditEvent
from moderation.domain.image_ref import ImageRef
from moderation.domain.people import Person, may, may_see
from moderation.domain.record import Change, Record, utc
from moderation.errors import HeldBySomeone, ItemChanged, NotVouched, OutOfScope
from moderation.ports import (
    AuditLog,
    ImageStore,
    PeopleStore,
    PolicyStore,
    ReviewQueue,
    VerdictStore,
    Voucher,
    WorkStore,
)

OUT_OF_SCOPE = "There is no such item, or it isn't in your scope."
_NOBODY = "Nobody can decide here: nothing says who asks."
_ATTEMPTS = 3  # the same person's other tab may write meanwhile


class NoVoucher:
    """Vouches for nothing."""

    def vouch(self, record: Record) -> None:
        """Raise NotVouched."""
        raise NotVouched(_NOBODY)

    def withdraw(self, image: ImageRef, pending_id: str) -> None:
        """Raise NotVouched."""
        raise NotVouched(_NOBODY)


@dataclass(frozen=True)
class ReviewPorts:
    """`bucket` is the intake's; `voucher` is that of the person who asks."""

    bucket: str
    verdicts: VerdictStore
    queue: ReviewQueue
    people: PeopleStore
    audit: AuditLog
    images: ImageStore
    work: WorkStore
    policies: PolicyStore
    voucher: Voucher = field(default_factory=NoVoucher)


def item_of(ports: ReviewPorts, person: Person, image: ImageRef, right: str) -> Record:
    """Return the record of an item. Raises OutOfScope, also where there is none, and the errors of the port."""
    record = ports.verdicts.get(image) if image.bucket == ports.bucket and may(person, right) else None
    if record is None or not may_see(person, record):
        raise OutOfScope(OUT_OF_SCOPE)
    return record


def changed(ports: ReviewPorts, record: Record, change_of: Callable[[Record], Change]) -> Record:
    """Return the record after a change, which is computed again as often as the record changes meanwhile.

    Raises ItemChanged, HeldBySomeone, OutOfScope for one that was escalated, what `change_of` raises, and the errors of
    the port.
    """
    for _ in range(_ATTEMPTS):
        change = change_of(record)
        if ports.queue.compare_lease(record, change):
            return record.with_change(change)
        standing = ports.verdicts.get(record.image)
        if standing is None:
            raise ItemChanged("This item was erased: take the next one.")
        if standing.is_escalated and not record.is_escalated:
            raise OutOfScope(OUT_OF_SCOPE)
        record = standing
    raise HeldBySomeone("This item keeps changing: somebody else is at work on it.")


def note_down(
    ports: ReviewPorts, person: Person, action: str, record: Record, now: datetime, **facts: str | int | bool | None
) -> None:
    """Add to the audit log what a person is about to do. Raises the errors of the port."""
    event = AuditEvent(action=action, who=person.pseudonym, at=utc(now), image=record.image.id, facts=facts)
    ports.audit.append(event)
