"""Actions of the other routes: who a person is, an item by its link, policies and metrics."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

from moderation.api import shapes
from moderation.api.api_ports import ApiPorts
from moderation.api.bodies import BadRequest
from moderation.api.items import described, image_of
from moderation.api.refusals import NotFound
from moderation.api.request import Request
from moderation.domain.people import RIGHTS, may
from moderation.domain.policy import routes_data
from moderation.domain.record import utc
from moderation.errors import InvalidPolicy
from moderation.usecases.measure import measure
from moderation.usecases.review.ports_of import item_of

_MEASURED = timedelta(days=30)
_DAY = timedelta(days=1)
_LONGEST = timedelta(days=92)  # each day is read by itself, and API Gateway waits for half a minute


def who_am_i(ports: ApiPorts, request: Request) -> dict[str, Any]:
    person = request.person
    return {
        "pseudonym": person.pseudonym,
        "roles": sorted(person.roles),
        "rights": sorted(right for right in RIGHTS if may(person, right)),
        "opted_out": sorted(person.opted_out),
        "graphic_an_hour": person.graphic_an_hour,
    }


def read_item(ports: ApiPorts, request: Request) -> dict[str, Any]:
    record = item_of(ports.review, request.person, image_of(ports, request), "next")
    return described(ports, request.person, record)


def list_policies(ports: ApiPorts, request: Request) -> dict[str, Any]:
    routes = ports.policies.routes()
    return {"routes": routes_data(routes), "packs": [_listed(ports, name) for name in routes.pack_names]}


def read_policy(ports: ApiPorts, request: Request) -> dict[str, Any]:
    name = request.path["pack"]
    if name not in ports.policies.routes().pack_names:
        raise NotFound
    return shapes.listed_pack(ports.policies.pack(name))


def read_metrics(ports: ApiPorts, request: Request) -> dict[str, Any]:
    now = datetime.now(UTC)
    until = request.given.get("until", now)
    since = request.given.get("since", until - _MEASURED)
    if not timedelta() <= until - since <= _LONGEST:
        raise BadRequest(f"until must be at most {_LONGEST.days} days after since: use `moderate metrics` for more.")
    since, until = _day(since), min(now, _day(min(now, until)) + _DAY)
    routes = ports.policies.routes()
    review = ports.review
    found = measure(review.verdicts, ports.reveal.counts, review.bucket, routes, utc(since), utc(until))
    return asdict(found) | {"since": utc(since), "until": utc(until), "reviewed_is_biased": True}


def _day(moment: datetime) -> datetime:
    """Return the start of a day: the figures of a minute would tell a verdict to who sees its upload blind."""
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _listed(ports: ApiPorts, name: str) -> dict[str, Any]:
    try:
        pack = ports.policies.pack(name)
    except InvalidPolicy as error:
        return {"name": name, "fault": str(error)}
    return {"name": name, "digest": pack.digest, "description": pack.description}
