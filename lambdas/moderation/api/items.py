"""Items: which image a request names, and what a person sees of it."""

from datetime import UTC, datetime
from typing import Any

from moderation.api import shapes
from moderation.api.api_ports import ApiPorts
from moderation.api.refusals import NotFound
from moderation.api.request import Request
from moderation.domain.blind import blinded, hides
from moderation.domain.image_ref import ImageRef
from moderation.domain.item_name import image_named, item_name
from moderation.domain.people import Person, may, may_see
from moderation.domain.record import Record, utc
from moderation.domain.review import is_free, is_held_by, screen_of
from moderation.usecases.decision_keys import chance_of, deployment_secret
from moderation.usecases.find_policy import find_policy_shown, policy_in_force
from moderation.usecases.find_siblings import Siblings, find_siblings
from moderation.usecases.review.ports_of import ReviewPorts
from moderation.usecases.review.reveal import preview as preview_of
from moderation.usecases.with_evidence import with_evidence


def image_of(ports: ApiPorts, request: Request) -> ImageRef:
    """Return the image that the path names. Raises NotFound for a name that this deployment didn't make."""
    return image_by(ports, request.path["item"])


def image_by(ports: ApiPorts, name: str) -> ImageRef:
    """Return the image of a name. Raises NotFound for a name that this deployment didn't make."""
    image = image_named(deployment_secret(ports.review.work), ports.review.bucket, name)
    if image is None:
        raise NotFound
    return image


def described(ports: ApiPorts, person: Person, found: Record) -> dict[str, Any]:
    """Return an item as a person sees it, with the uploads of the same bytes in their scope.

    Those are the ones with another verdict, and the ones that people decided; escalated ones aren't among them.
    """
    review, moment = ports.review, datetime.now(UTC)
    now = utc(moment)
    record = with_evidence(review.work, found)
    blind = hides(record, person.id, now, lead=may(person, "others-decisions"))
    pack = find_policy_shown(review.work, review.policies, record, blind=blind)
    shown = blinded(record, pack, moment, chance_of(review.work, record.image)) if blind else record
    siblings = find_siblings(review.verdicts, record)  # also where they aren't shown: it takes its time
    if blind:
        siblings = Siblings()
    by_people = [copy for copy in siblings.agreeing if copy.decided_by == "person"]
    same = [
        {"item": name_of(ports, copy.image), "decided_at": copy.decided_at, **shapes.verdict_of(copy)}
        for copy in (*siblings.differing, *by_people)
        if _may_be_shown(person, copy, now)
    ]
    return {
        "item": name_of(ports, record.image),
        **shapes.item(shown, pack, policy_in_force(review.policies, record)),
        "screen": screen_of(record),
        "preview": preview_in(review, record),
        "due_at": shown.due_at,
        "held": record.pending_id is not None or str(record.lease_until or "") > now,
        "held_by_you": is_held_by(record, person.id, now) and record.pending_id is None,
        "same_bytes": same,
        "same_bytes_unread": siblings.unread,
        "identical": sum(is_free(copy, now) and may_see(person, copy) for copy in siblings.agreeing),
    }


def _may_be_shown(person: Person, copy: Record, now: str) -> bool:
    """Tell if the verdict on another upload of the same bytes may be shown to a person."""
    is_hidden = copy.is_escalated or hides(copy, person.id, now, lead=may(person, "others-decisions"))
    return may_see(person, copy) and not is_hidden


def preview_in(review: ReviewPorts, record: Record) -> str | None:
    """Return the preview of an item as the address of a picture."""
    found = preview_of(review.verdicts, review.work, record)
    return f"data:image/png;base64,{found}" if found else None


def name_of(ports: ApiPorts, image: ImageRef) -> str:
    return item_name(deployment_secret(ports.review.work), image)
