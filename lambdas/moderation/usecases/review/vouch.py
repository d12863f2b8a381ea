"""Vouch for a person's pending decision, or no longer."""

from dataclasses import dataclass

from moderation.domain.image_ref import ImageRef
from moderation.domain.people import may, may_see
from moderation.domain.record import Record
from moderation.domain.review import pending_of
from moderation.domain.vouch import digest_of, vouched
from moderation.errors import NotVouched
from moderation.ports import PeopleStore, VerdictStore, Vouches


@dataclass(frozen=True)
class VouchPorts:
    """`bucket` is the intake's."""

    bucket: str
    verdicts: VerdictStore
    vouches: Vouches
    people: PeopleStore


@dataclass(frozen=True)
class Voucher:
    """Vouches for the decisions of `who`, whose name is beyond doubt."""

    ports: VouchPorts
    who: str

    def vouch(self, record: Record) -> None:
        """Vouch for what is pending on `record`. Raises NotVouched, and the errors of the ports."""
        vouch(self.ports, record.image, str(record.pending_id), digest_of(record), self.who)

    def withdraw(self, image: ImageRef, pending_id: str) -> None:
        """Vouch no longer for that decision. Raises the errors of the ports."""
        withdraw(self.ports, image, pending_id, self.who)


def vouch(ports: VouchPorts, image: ImageRef, pending_id: str, digest: str, who: str) -> None:
    """Vouch that a person made the decision that is pending on an item, with that content.

    `digest` is that of what they were asked to confirm, so that nobody exchanges it on the way. Raises NotVouched, and
    the errors of the ports.
    """
    record = _decided_by(ports, image, pending_id, who)
    if record is None or digest_of(record) != digest:
        raise NotVouched("What is pending on this item isn't what you decided: look at it again, then decide.")
    person = ports.people.find(who)
    if person is None or not may(person, "decide") or not may_see(person, record):
        raise NotVouched("You may not decide on this item.")
    if not ports.vouches.put(image, vouched(record)):
        raise NotVouched("This item was erased: take the next one.")
    if _decided_by(ports, image, pending_id, who) is None:  # this may have taken longer than anybody waited for it
        withdraw(ports, image, pending_id, who)
        raise NotVouched("This decision was taken back: look at the item again, then decide.")


def withdraw(ports: VouchPorts, image: ImageRef, pending_id: str, who: str) -> None:
    """Vouch no longer for a person's decision, which they take back. Raises the errors of the ports.

    It goes by the voucher alone: what else is on the record, others may have written.
    """
    if image.bucket == ports.bucket:
        ports.vouches.remove(image, pending_id, who)


def _decided_by(ports: VouchPorts, image: ImageRef, pending_id: str, who: str) -> Record | None:
    """Return the record on which that decision of that person is pending."""
    record = ports.verdicts.get(image) if image.bucket == ports.bucket else None
    pending = pending_of(record) if record else None
    return record if pending and (pending.id, pending.who) == (pending_id, who) else None
