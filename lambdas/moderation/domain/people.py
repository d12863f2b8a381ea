"""People who use the console: their rights by role, and the records that are in their scope."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from moderation.domain.record import Record

# Right → the roles that have it. A route without a right, or a right that isn't here, is refused.
RIGHTS: dict[str, frozenset[str]] = {
    "next": frozenset({"reviewer", "lead"}),
    "claim": frozenset({"reviewer", "lead"}),
    "decide": frozenset({"reviewer", "lead"}),
    "undo": frozenset({"reviewer", "lead"}),
    "reveal": frozenset({"reviewer", "lead"}),
    "original": frozenset({"lead"}),  # reviewers by their own setting
    "escalate": frozenset({"reviewer", "lead"}),
    "escalated": frozenset({"lead"}),
    "release": frozenset({"lead"}),
    "golden": frozenset({"lead"}),
    "others-decisions": frozenset({"lead"}),
    "read-policies": frozenset({"reviewer", "lead", "policy-author", "auditor"}),
    "read-policy-log": frozenset({"lead", "policy-author", "auditor"}),
    "push-policies": frozenset({"policy-author"}),
    "own-metrics": frozenset({"reviewer", "lead", "auditor"}),
    "metrics": frozenset({"lead", "auditor"}),
    "audit": frozenset({"lead", "auditor"}),
    "read-verdicts": frozenset({"app"}),
    "report": frozenset({"app"}),
}
REPORTS_A_DAY = 20  # of each of an app's users, unless an administrator says otherwise
ROLES = frozenset[str]().union(*RIGHTS.values())


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody with rights: `id` is the subject of their token, or their ARN; the audit names the pseudonym alone.

    `categories` are those that they are limited to, None for all. Keys must begin with one of the prefixes, "" being
    the start of every key: without a prefix nothing is in scope. `graphic_an_hour` limits the pictures that they may
    reveal in an hour, None without a limit. An app's users may each send `reports_a_day` appeals and notices;
    `trusted_flaggers` are those of them whose notices have priority.
    """

    id: str
    pseudonym: str
    roles: frozenset[str]
    categories: frozenset[str] | None = None
    prefixes: tuple[str, ...] = ("",)
    opted_out: frozenset[str] = frozenset()
    graphic_an_hour: int | None = None
    originals: bool = False
    reports_a_day: int = REPORTS_A_DAY
    trusted_flaggers: frozenset[str] = frozenset()


def may(person: Person, right: str) -> bool:
    """Tell if a person has a right; none has a right that isn't in the table."""
    if right == "original" and person.originals and "reviewer" in person.roles:
        return True
    return not person.roles.isdisjoint(RIGHTS.get(right, frozenset()))


def may_see(person: Person, record: Record) -> bool:
    """Tell if a record is in a person's scope: by its key, and by every category that anything in it supports.

    An escalated one is in a lead's alone. Needs the whole record: an index holds no evidence, so a category that a
    person opted out of may be missing there.
    """
    if record.is_escalated and not may(person, "escalated"):
        return False
    if not record.image.key.startswith(person.prefixes):
        return False
    supported = supported_categories(record)
    wanted = person.categories is None or not supported.isdisjoint(person.categories)
    return wanted and supported.isdisjoint(person.opted_out)


def supported_categories(record: Record) -> frozenset[str]:
    """Return the categories that a record's verdict, judge or answers speak for: over a threshold, or near it."""
    judged = (record.judgement or {}).get("category")
    named = {*record.all_categories, *record.supports, record.other_category, judged}
    found = (finding.get("categories", ()) for finding in record.evidence or () if finding.get("near"))
    return frozenset(name for name in named if name).union(*found)


def app_id(signer: str) -> str:
    """Return the id of the app that a signer's ARN stands for: their role's, whatever its session, or a user's own."""
    account, assumed, role = signer.partition(":assumed-role/")
    return f"{account}{assumed}{role.partition('/')[0]}"


def person_data(person: Person) -> dict[str, Any]:
    """Return plain data that `read_person` reads back."""
    return {
        name: sorted(value) if isinstance(value, frozenset) else list(value) if isinstance(value, tuple) else value
        for name, value in asdict(person).items()
    }


def read_person(data: Mapping[str, Any]) -> Person:
    """Read a person. Raises ValueError, TypeError or KeyError for what isn't one."""
    person = Person(
        id=data["id"],
        pseudonym=data["pseudonym"],
        roles=_names(data["roles"]),
        categories=None if data.get("categories") is None else _names(data["categories"]),
        prefixes=tuple(_texts(data["prefixes"])),
        opted_out=_names(data.get("opted_out", ())),
        graphic_an_hour=data.get("graphic_an_hour"),
        originals=data.get("originals", False) is True,
        reports_a_day=data.get("reports_a_day", REPORTS_A_DAY),
        trusted_flaggers=_names(data.get("trusted_flaggers", ())),
    )
    _texts([person.id, person.pseudonym])
    if unknown := person.roles - ROLES:
        raise ValueError(f"{json.dumps(min(unknown))} is no role: choose from {', '.join(sorted(ROLES))}")
    if person.graphic_an_hour is not None and not (type(person.graphic_an_hour) is int and person.graphic_an_hour >= 0):
        raise ValueError(f"graphic_an_hour is {person.graphic_an_hour!r}: use a whole number from 0, or null")
    if type(person.reports_a_day) is not int or person.reports_a_day < 0:
        raise ValueError(f"reports_a_day is {person.reports_a_day!r}: use a whole number from 0")
    return person


def _names(values: Any) -> frozenset[str]:
    return frozenset(_texts(values))


def _texts(values: Any) -> list[str]:
    if isinstance(values, str) or not all(isinstance(value, str) for value in values):
        raise ValueError(f"{values!r} isn't a list of texts")
    return list(values)
