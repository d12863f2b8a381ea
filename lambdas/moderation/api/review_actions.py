"""Actions of a review's routes. Each names its item by what the deployment signed, and answers as plain data."""

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from moderation.api.api_ports import ApiPorts
from moderation.api.bodies import BadRequest
from moderation.api.items import described, image_of
from moderation.api.request import Request
from moderation.domain.record import Record
from moderation.errors import ItemChanged
from moderation.usecases.review.claim import claim, release, renew
from moderation.usecases.review.count_waiting import count_waiting
from moderation.usecases.review.decide_pending import Choice, decide_pending
from moderation.usecases.review.next_item import next_item
from moderation.usecases.review.park import park
from moderation.usecases.review.ports_of import item_of
from moderation.usecases.review.reveal import mark_shown, reveal
from moderation.usecases.review.skip import skip
from moderation.usecases.review.undo import undo

_BLIND_ONE_IN = 8  # items: a person can't tell which
_LOTS = 10_000


def take_next(ports: ApiPorts, request: Request) -> dict[str, Any]:
    after = request.given.get("after", "")
    blind_first = not after and secrets.randbelow(_BLIND_ONE_IN) == 0
    lot = secrets.randbelow(_LOTS) / _LOTS
    found = next_item(ports.review, request.person, _now(), blind_first=blind_first, after=after, lot=lot)
    item = described(ports, request.person, found.record) if found.record else None
    return {"item": item, "after": found.after or None}


def read_queue(ports: ApiPorts, request: Request) -> dict[str, Any]:
    found = count_waiting(ports.review, request.person, _now())
    return {
        "waiting": found.waiting,
        "overdue": found.overdue,
        "counted_all": found.is_all,
        "next_due_at": found.next_due_at,
    }


def claim_item(ports: ApiPorts, request: Request) -> dict[str, Any]:
    return _item(ports, request, claim(ports.review, request.person, image_of(ports, request), _now()))


def renew_lease(ports: ApiPorts, request: Request) -> dict[str, Any]:
    record = renew(ports.review, request.person, image_of(ports, request), _now())
    return {"held_until": record.lease_until}


def free_item(ports: ApiPorts, request: Request) -> dict[str, Any]:
    release(ports.review, request.person, image_of(ports, request), _now())
    return {}


def reveal_item(ports: ApiPorts, request: Request) -> dict[str, Any]:
    shown = reveal(ports.reveal, request.person, image_of(ports, request), _now())
    return {"pictures": [{"view": view.name, "url": view.url} for view in shown]}


def show_original(ports: ApiPorts, request: Request) -> dict[str, Any]:
    image = image_of(ports, request)
    jpeg = ports.original(image, request.person.id)
    mark_shown(ports.reveal, request.person, image, ["upload"], _now())
    return {"pictures": [{"view": "upload", "url": f"data:image/jpeg;base64,{jpeg}"}]}


def decide_item(ports: ApiPorts, request: Request) -> dict[str, Any]:
    now, choice = _now(), choice_of(request.given)
    pending = decide_pending(ports.deciding(request), request.person, image_of(ports, request), choice, now)
    ends_in = (datetime.fromisoformat(pending.until) - now).total_seconds()
    return {"pending": pending.id, "ends_in": max(0, ends_in)}


def choice_of(given: Mapping[str, Any]) -> Choice:
    """Return the decision that a body asks for; a batch has the screen of each item instead of one."""
    verdict, categories = given["verdict"], given.get("categories", ())
    return Choice(
        verdict=verdict,
        categories=categories,
        note=given.get("note") or _note(verdict, categories),
        screen=given.get("screen", ""),
        seen=given.get("seen", False),
        this_copy=given.get("this_copy", False),
        reply=given.get("reply", ""),
        press=given.get("press", ""),
    )


def undo_decision(ports: ApiPorts, request: Request) -> dict[str, Any]:
    undone = undo(ports.deciding(request), request.person, image_of(ports, request), request.given["pending"], _now())
    return {**_item(ports, request, undone.record), "reversal": undone.reversal}


def finish_decision(ports: ApiPorts, request: Request) -> dict[str, Any]:
    refused = ports.finish(image_of(ports, request), request.given["pending"])
    if refused:
        raise ItemChanged(refused)
    return {}


def skip_item(ports: ApiPorts, request: Request) -> dict[str, Any]:
    skip(ports.review, request.person, image_of(ports, request), _now())
    return {}


def park_item(ports: ApiPorts, request: Request) -> dict[str, Any]:
    try:
        park(ports.review, request.person, image_of(ports, request), request.given["until"], _now())
    except ValueError as error:
        raise BadRequest(f"{error}.") from error
    return {}


def escalate_item(ports: ApiPorts, request: Request) -> dict[str, Any]:
    record = item_of(ports.review, request.person, image_of(ports, request), "escalate")
    ports.escalate(record.image, request.person.pseudonym)
    return {}


def _item(ports: ApiPorts, request: Request, record: Record) -> dict[str, Any]:
    return {"item": described(ports, request.person, record)}


def _note(verdict: str, categories: tuple[str, ...]) -> str:
    return f"A reviewer decided that it is {verdict}{': ' if categories else ''}{', '.join(categories)}."


def _now() -> datetime:
    return datetime.now(UTC)
