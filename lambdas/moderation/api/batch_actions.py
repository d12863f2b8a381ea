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
from moderation.usecases.find_policy import policy_in_force
from moderation.usecases.review.decide_batch import Batch, decide_batch, identical_items, preview_batch, undo_batch
from moderation.usecases.review.ports_of import item_of


def list_identical(ports: ApiPorts, request: Request) -> dict[str, Any]:
    """List an item that can be decided and those of its bytes; only itself if the person sees it blind."""
    person, now = request.person, datetime.now(UTC)
    record = item_of(ports.review, person, image_of(ports, request), "decide")
    others = identical_items(ports.review, person, record.image, now)
    is_mine, lead = is_held_by(record, person.id, utc(now)), may(person, "others-decisions")
    if hides(record, person.id, utc(now), lead=lead):
        can_be = is_mine or claims_blind(record, person.id, utc(now), lead=lead)
        pack = policy_in_force(ports.review.policies, record)
        return {"items": [_listed(ports, record, blinded(record, pack, now))] if can_be else []}
    found = [*([record] if is_mine or is_free(record, utc(now)) else []), *others]
    return {"items": [_listed(ports, each, each) for each in found[:MOST_ALONE]]}


def try_batch(ports: ApiPorts, request: Request) -> dict[str, Any]:
    choice, now = choice_of(request.given), datetime.now(UTC)
    return _said(ports, preview_batch(ports.review, request.person, _screens(ports, request), choice, now))


def decide_items(ports: ApiPorts, request: Request) -> dict[str, Any]:
    choice, confirmed, now = choice_of(request.given), request.given["confirmed"], datetime.now(UTC)
    return _said(
        ports,
        decide_batch(ports.deciding(request), request.person, _screens(ports, request), choice, confirmed, now),
    )


def undo_items(ports: ApiPorts, request: Request) -> dict[str, Any]:
    images = [image_by(ports, name) for name in request.given["items"]]
    return _said(
        ports,
        undo_batch(ports.deciding(request), request.person, images, request.given["batch"], datetime.now(UTC)),
    )


def _screens(ports: ApiPorts, request: Request) -> dict[ImageRef, str]:
    names, screens = request.given["items"], request.given["screens"]
    if len(names) != len(screens):
        raise BadRequest(f"There are {len(names)} items and {len(screens)} screens: send one screen for each item.")
    return {image_by(ports, name): screen for name, screen in zip(names, screens, strict=True)}


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
