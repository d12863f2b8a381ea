"""Actions of the routes of batches: list the identical items, try, decide and take back as one."""

from datetime import UTC, datetime
from typing import Any

from moderation.api.api_ports import ApiPorts
from moderation.api.bodies import BadRequest
from moderation.api.items import image_by, image_of, name_of, preview_in
from moderation.api.request import Request
from moderation.api.review_actions import choice_of
from moderation.domain.blind import blinded, claims_blind, hides
from moderation.domain.image_ref import ImageRef
from moderation.domain.people import may
from moderation.domain.record import Record, utc
from moderation.domain.review import is_free, is_held_by, screen_of
from moderation.usecases.decide_copies import MOST_ALONE
from moderation.usecases.decision_keys import chance_of
from moderation.usecases.find_policy import policy_in_force
from moderation.usecases.review.decide_batch import Batch, decide_batch, identical_items, preview_batch, undo_batch
from moderation.usecases.review.ports_of import item_of


def list_identical(ports: ApiPorts, request: Request) -> dict[str, Any]:
    """List an item that can be decided and those of its bytes; only itself if the person sees it blind."""
    person, now = request.person, _now()
    record = item_of(ports.review, person, image_of(ports, request), "decide")
    others = identical_items(ports.review, person, record.image, now)
    is_mine, lead = is_held_by(record, person.id, utc(now)), may(person, "others-decisions")
    if hides(record, person.id, utc(now), lead=lead):
        can_be = is_mine or claims_blind(record, person.id, utc(now), lead=lead)
        pack, chance = policy_in_force(ports.review.policies, record), chance_of(ports.review.work, record.image)
        return {"items": [_listed(ports, record, blinded(record, pack, now, chance))] if can_be else []}
    found = [*([record] if is_mine or is_free(record, utc(now)) else []), *others]
    return {"items": [_listed(ports, each, each) for each in found[:MOST_ALONE]]}


def try_batch(ports: ApiPorts, request: Request) -> dict[str, Any]:
    choice, now = choice_of(request.given), _now()
    return _said(ports, preview_batch(ports.review, request.person, _with_each(ports, request, "screens"), choice, now))


def decide_items(ports: ApiPorts, request: Request) -> dict[str, Any]:
    choice, confirmed = choice_of(request.given), request.given["confirmed"]
    screens = _with_each(ports, request, "screens")
    return _said(ports, decide_batch(ports.deciding(request), request.person, screens, choice, confirmed, _now))


def undo_items(ports: ApiPorts, request: Request) -> dict[str, Any]:
    pending = _with_each(ports, request, "pending")
    return _said(ports, undo_batch(ports.deciding(request), request.person, pending, _now()))


def _with_each(ports: ApiPorts, request: Request, name: str) -> dict[ImageRef, str]:
    """Return the images that a body names, with what another list says of each."""
    items, said = request.given["items"], request.given[name]
    if len(items) != len(said):
        raise BadRequest(f"There are {len(items)} items and {len(said)} {name}: send one of {name} for each item.")
    return {image_by(ports, item): each for item, each in zip(items, said, strict=True)}


def _now() -> datetime:
    return datetime.now(UTC)


def _listed(ports: ApiPorts, record: Record, shown: Record) -> dict[str, Any]:
    return {
        "item": name_of(ports, record.image),
        "key": record.image.key,
        "uploaded_at": shown.created_at,
        "categories": list(shown.all_categories),
        "screen": screen_of(record),
        "preview": preview_in(ports.review, record),
    }


def _said(ports: ApiPorts, batch: Batch) -> dict[str, Any]:
    return {
        "batch": batch.id,
        "items": [{"item": name_of(ports, image), "pending": batch.pending.get(image)} for image in batch.items],
        "left_alone": [{"item": name_of(ports, image), "why": why} for image, why in batch.left_alone.items()],
    }
