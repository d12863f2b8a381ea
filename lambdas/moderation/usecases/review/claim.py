"""Lease an item to a person, and renew or end the lease."""

from datetime import datetime

from moderation.domain.blind import claims_blind, has_answered, leased_blind, upload_shown
from moderation.domain.image_ref import ImageRef
from moderation.domain.people import Person, may
from moderation.domain.record import Record, utc
from moderation.domain.reports import check_answerer, open_reports
from moderation.domain.review import claimed, released, renewed
from moderation.errors import NothingPending, OutOfScope
from moderation.usecases.decision_keys import chance_of
from moderation.usecases.find_policy import policy_in_force
from moderation.usecases.review.ports_of import ReviewPorts, changed, item_of


def claim(ports: ReviewPorts, person: Person, image: ImageRef, now: datetime) -> Record:
    """Lease an item to a person for two minutes, or renew their lease.

    One that people decided on can be leased, to reverse the decision, by who made it and by a lead; once it is
    reported, by anybody, and an appeal by anybody else. One that they see blind stays so. Raises OutOfScope,
    NothingPending where they have decided and it isn't theirs to reverse, AppealRefused, HeldBySomeone, ItemChanged,
    and the errors of the ports.
    """
    record = item_of(ports, person, image, "claim")
    lead = may(person, "others-decisions")
    if claims_blind(record, person.id, utc(now), lead=lead):
        pack, chance = policy_in_force(ports.policies, record), chance_of(ports.work, image)
        uploaded_at = upload_shown(record, pack, None, now, chance)
        return changed(ports, record, lambda standing: leased_blind(standing, person.id, now, uploaded_at))
    made_by_other = record.decided_by == "person" and record.verdict != "review" and record.decider != person.id
    if made_by_other and not open_reports(record) and not lead:
        if has_answered(record, person.id):
            raise NothingPending("Your decision has been counted, and can't be taken back.")
        raise OutOfScope("There is no such item, or it isn't in your scope.")
    check_answerer(record, person.id)
    return changed(ports, record, lambda standing: claimed(standing, person.id, now))


def renew(ports: ReviewPorts, person: Person, image: ImageRef, now: datetime) -> Record:
    """Renew a lease. Raises LeaseLost, OutOfScope, and the errors of the ports."""
    return changed(ports, item_of(ports, person, image, "claim"), lambda standing: renewed(standing, person.id, now))


def release(ports: ReviewPorts, person: Person, image: ImageRef, now: datetime) -> Record:
    """End a lease: the item waits as before.

    Raises LeaseLost, HeldBySomeone while their decision is pending, OutOfScope, and the errors of the ports.
    """
    return changed(ports, item_of(ports, person, image, "claim"), lambda standing: released(standing, person.id, now))
