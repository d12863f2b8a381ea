"""Actions of the logs' routes: the audit log and that of policies, which can only be read."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from moderation.api.bodies import BadRequest
from moderation.api.request import Request
from moderation.domain.audit import Checked
from moderation.ports import AuditReader, PeopleStore, PolicyLog
from moderation.usecases.browse_audit import SeenEntry, Wanted, browse_audit, place_of
from moderation.usecases.check_audit import last_check

_CHANGES = 100


@dataclass(frozen=True)
class LogPorts:
    """Both logs, and who may read them; `audit` is made for a request, which may take a role of its own."""

    people: PeopleStore
    audit: Callable[[], AuditReader]
    policies: PolicyLog


def read_audit(ports: LogPorts, request: Request) -> dict[str, Any]:
    given, audit = request.given, ports.audit()
    try:
        before = place_of(given["before"]) if given.get("before") else None
    except ValueError as error:
        raise BadRequest(f"before {error}.") from error
    page = browse_audit(audit, request.person, Wanted(given.get("image", ""), given.get("person", "")), before)
    checked = last_check(audit)
    return {
        "entries": [_entry(seen) for seen in page.entries],
        "read": page.read,
        "older": page.older,
        "checked": _result(checked) if checked else None,
    }


def read_policy_log(ports: LogPorts, request: Request) -> dict[str, Any]:
    return {"changes": [asdict(change) for change in ports.policies.newest(_CHANGES)]}


def _result(checked: Checked) -> dict[str, Any]:
    """Return what the page shows of a result: the command names the faults."""
    inner = {"found", "explained", "explanation", "unnamed", "sealed", "seal"}
    return {name: value for name, value in asdict(checked).items() if name not in inner}


def _entry(seen: SeenEntry) -> dict[str, Any]:
    return {"key": seen.key, "event": asdict(seen.event) if seen.event else None, "withheld": seen.withheld}
