"""Release an escalated image: two people sign, and the copies' hold and the denial of the picture end."""

from dataclasses import dataclass
from datetime import datetime

from moderation.domain.audit import AuditEvent
from moderation.domain.image_ref import ImageRef
from moderation.domain.quarantine import RELEASERS
from moderation.domain.record import utc
from moderation.errors import NoSuchRecord
from moderation.ports import AuditLog, Quarantine


@dataclass(frozen=True)
class ReleasePorts:
    quarantine: Quarantine
    audit: AuditLog


def release_escalated(ports: ReleasePorts, image: ImageRef, who: str, user_id: str, now: datetime) -> bool:
    """Sign the release in one's own name; the second person's signature ends the hold and the denial.

    `who` is a pseudonym, `user_id` the `aws:userid` under which alone somebody can sign. Returns False while others
    must sign. The record stays out of all reports, and the copies are deleted after 30 days. Raises NoSuchRecord if
    nothing is held, and the errors of the ports, without effect if it can't be written down.
    """
    if not ports.quarantine.holds(image):
        raise NoSuchRecord(f"{image.key}, version {image.version}, isn't in quarantine.")
    ports.audit.append(AuditEvent(action="sign release", who=who, at=utc(now), image=image.id))
    ports.quarantine.sign(image, user_id, {"at": utc(now)})
    if len(ports.quarantine.signers(image)) < RELEASERS:
        return False
    ports.audit.append(AuditEvent(action="release", who=who, at=utc(now), image=image.id))
    ports.quarantine.release(image)
    return True
