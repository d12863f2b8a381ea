"""What each route does: one use case, and its answer as plain data. The functions have the names in `api.table`."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from moderation.api import shapes
from moderation.api.refusals import NotFound
from moderation.api.table import ROUTES
from moderation.domain.image_ref import ImageRef
from moderation.domain.item_name import image_named, item_name
from moderation.domain.people import RIGHTS, Person, may, may_see
from moderation.domain.policy import Pack, routes_data
from moderation.domain.record import Record, utc
from moderation.errors import InvalidPolicy
from moderation.usecases.decision_keys import deployment_secret
from moderation.usecases.find_policy import find_policy
from moderation.usecases.find_siblings import find_siblings
from moderation.usecases.measure import measure
from moderation.usecases.with_evidence import with_evidence
from moderation.wiring import ApiPorts

_MEASURED = timedelta(days=30)


@dataclass(frozen=True)
class Request:
    """A request that was checked: who sent it, the names in its path, and the fields of its body and query."""

    person: Person
    path: Mapping[str, str]
    given: Mapping[str, Any]


Action = Callable[[ApiPorts, Request], dict[str, Any]]


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
    return described(ports, request.person, record_named(ports, request))


def list_policies(ports: ApiPorts, request: Request) -> dict[str, Any]:
    routes = ports.policies.routes()
    return {"routes": routes_data(routes), "packs": [_listed(ports, name) for name in routes.pack_names]}


def read_policy(ports: ApiPorts, request: Request) -> dict[str, Any]:
    name = request.path["pack"]
    if name not in ports.policies.routes().pack_names:
        raise NotFound
    return shapes.listed_pack(ports.policies.pack(name))


def read_metrics(ports: ApiPorts, request: Request) -> dict[str, Any]:
    until = request.given.get("until", datetime.now(UTC))
    since = request.given.get("since", until - _MEASURED)
    found = measure(ports.verdicts, ports.bucket, ports.policies.routes(), utc(since), utc(until))
    return asdict(found) | {"since": utc(since), "until": utc(until), "reviewed_is_biased": True}


def record_named(ports: ApiPorts, request: Request) -> Record:
    """Return the record of the item in the path. Raises NotFound also where it is out of the person's scope."""
    image = image_named(deployment_secret(ports.work), ports.bucket, request.path["item"])
    found = ports.verdicts.get(image) if image else None
    if found is None:
        raise NotFound
    record = with_evidence(ports.work, found)
    if not may_see(request.person, record):
        raise NotFound
    return record


def described(ports: ApiPorts, person: Person, record: Record) -> dict[str, Any]:
    """Return an item as a person sees it, with the uploads of the same bytes that are in their scope."""
    said = shapes.item(record, find_policy(ports.work, ports.policies, record), _in_force(ports, record))
    siblings = find_siblings(ports.verdicts, record)
    same = [
        {"item": name_item(ports, copy.image), "verdict": copy.verdict, "decided_by": copy.decided_by}
        for copy in siblings.differing
        if may_see(person, copy)
    ]
    return {"item": name_item(ports, record.image), **said, "same_bytes": same, "same_bytes_unread": siblings.unread}


def name_item(ports: ApiPorts, image: ImageRef) -> str:
    return item_name(deployment_secret(ports.work), image)


def _in_force(ports: ApiPorts, record: Record) -> Pack | None:
    try:
        return ports.policies.for_key(record.image.key).enforce
    except InvalidPolicy:
        return None


def _listed(ports: ApiPorts, name: str) -> dict[str, Any]:
    try:
        pack = ports.policies.pack(name)
    except InvalidPolicy as error:
        return {"name": name, "fault": str(error)}
    return {"name": name, "digest": pack.digest, "description": pack.description}


ACTIONS: dict[str, Action] = {route.name: globals()[route.name] for route in ROUTES}
