"""Appeals and notices: what somebody outside says about an image, until a person has answered it.

All reports of an image are one item of the review queue. Their texts are for people: no model is asked with them.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from moderation.domain.lanes import LEASED, PARKED, PENDING, filed, order_of
from moderation.domain.limits import MAX_REPORTED_BYTES
from moderation.domain.people import supported_categories
from moderation.domain.policy import Pack
from moderation.domain.record import Change, Record, known_to, name_of, overflows, utc
from moderation.errors import AppealRefused, ReportRefused

LONGEST_TEXT = 2000
MOST_OPEN = 20  # of an image and a kind: nobody's notices keep a trusted flagger's, or an appeal, from it
_REPLY_BYTES = 4000  # of the longest reply, which each open report gets
_SCHEMES = "https?|ftps?|mailto|javascript|vbscript|data|file|tel|sms|magnet"  # which need no slashes
_LINK = re.compile(rf"(?:[a-z][a-z0-9+.-]*://|www\.|\b(?:{_SCHEMES}):(?=\S))\S*|\b[\w-]+(?:\.[\w-]+)+/\S*", re.I)
_SHOWN = "[link]"

Kind = Literal["appeal", "notice", "trusted_flagger"]


@dataclass(frozen=True)
class Manner:
    """Rank of a kind of report among severities, and the time within which a person answers it."""

    severity: int
    within: timedelta


MANNERS: Mapping[str, Manner] = {
    "appeal": Manner(6, timedelta(hours=72)),
    "notice": Manner(7, timedelta(hours=24)),
    "trusted_flagger": Manner(8, timedelta(hours=12)),
}


@dataclass(frozen=True)
class Report:
    """Report as a record stores it. `app` is a pseudonym, `notifier` a digest.

    Once a person decided on the image it has an `outcome`, "reversed" or "upheld" as the verdict was, and their reply.
    """

    id: str
    kind: Kind
    app: str
    notifier: str
    text: str
    at: str
    due_at: str
    outcome: str = ""
    reply: str = ""
    answered_at: str = ""


def report_of(id: str, kind: Kind, app: str, notifier: str, text: str, now: datetime) -> Report:
    """Return a new report, its text without anything that misleads who reads it."""
    return Report(id, kind, app, notifier, plain_text(text), utc(now), utc(now + MANNERS[kind].within))


def plain_text(text: str) -> str:
    """Return a text without links, controls and characters that turn its direction, cut to `LONGEST_TEXT`."""
    seen = "".join(letter for letter in text if letter == "\n" or unicodedata.category(letter) not in _UNSEEN)
    return _LINK.sub(_SHOWN, seen).strip()[:LONGEST_TEXT]


def says_something(text: str) -> bool:
    """Tell if a plain text has more than links, spaces and punctuation."""
    return any(unicodedata.category(letter)[0] not in "CPZ" for letter in text.replace(_SHOWN, ""))


_UNSEEN = {"Cc", "Cf", "Co", "Cs"}
_ENOUGH = "As many reports of this image as it can have wait for an answer already: a person will see it."


def reports_of(record: Record) -> list[Report]:
    """Return all reports of a record, the oldest first."""
    return [Report(**known_to(Report, stored)) for stored in record.reports]


def open_reports(record: Record) -> list[Report]:
    """Return the reports that wait for an answer."""
    return [report for report in reports_of(record) if not report.outcome]


def duplicate_of(record: Record, report: Report) -> Report | None:
    """Return the open report of the same kind and notifier, if there is one."""
    same = (report.kind, report.notifier)
    return next((one for one in open_reports(record) if (one.kind, one.notifier) == same), None)


def check_report(record: Record, kind: Kind) -> None:
    """Raise AppealRefused or ReportRefused for a report that changes nothing, whatever a person decides."""
    if kind != "appeal":
        if record.verdict not in ("safe", "review"):
            raise ReportRefused("This image is restricted already, or there is no verdict yet: nothing is to be done.")
    elif record.verdict != "unsafe":
        raise AppealRefused("Only an image that was found unsafe can be appealed against, and this one wasn't.")
    elif any(report.kind == "appeal" and report.answered_at == record.decided_at for report in reports_of(record)):
        raise AppealRefused("The verdict in force is the answer to an appeal: it can't be appealed against again.")
    if sum(report.kind == kind for report in open_reports(record)) >= MOST_OPEN:
        raise ReportRefused(_ENOUGH)


def place_of(record: Record, pack: Pack | None) -> dict[str, Any]:
    """Attributes by which a record is sorted into the queue: the gravest and the earliest of review and reports."""
    place = filed(supported_categories(record), pack, record.created_at)
    waiting = open_reports(record)
    if not waiting:
        return place
    due = [report.due_at for report in waiting] + ([place["due_at"]] if record.verdict == "review" else [])
    severity = max(place["severity"], *(MANNERS[report.kind].severity for report in waiting))
    return {**place, "severity": severity, "due_at": min(due)}


def with_report(record: Record, report: Report) -> Record:
    """Return a record with one more report, not yet in the queue.

    Answers to earlier decisions give way, the oldest first, where the record would leave no room for a decision.
    Raises ReportRefused if there is none all the same.
    """
    reports = [*record.reports, asdict(report)]
    past = [one for one in record.reports if one.get("outcome") and one.get("answered_at") != record.decided_at]
    while _is_full(made := record.with_change(Change({"reports": reports, "report_id": report.id}))):
        if not past:
            raise ReportRefused(_ENOUGH)
        reports.remove(past.pop(0))
    return made


def _is_full(record: Record) -> bool:
    return overflows(record.attributes(), MAX_REPORTED_BYTES - _REPLY_BYTES * len(open_reports(record)))


def queued(record: Record, place: Mapping[str, Any], partition: str) -> Change:
    """Change that lets a reported record wait in a partition; one that somebody is at work on returns there."""
    order = order_of(place["severity"], place["due_at"])
    is_away = str(record.other.get("queue") or "").startswith((LEASED, PARKED, PENDING))
    names = ("home_queue", "home_order") if is_away else ("queue", "queue_order")
    reports = {"reports": list(record.reports), "report_id": record.report_id}
    return Change({**reports, **place, **dict(zip(names, (partition, order), strict=True))})


def may_answer(record: Record, who: str) -> bool:
    """Tell if a person may decide on a record: an appeal goes to somebody else than who decided, in whatever role."""
    appealed = any(report.kind == "appeal" for report in open_reports(record))
    return not (appealed and record.decided_by == "person" and name_of(str(record.decider)) == name_of(who))


def check_answerer(record: Record, who: str) -> None:
    """Raise AppealRefused for a person who may not decide on a record (`may_answer`)."""
    if not may_answer(record, who):
        raise AppealRefused("You made the decision that the appeal is about: somebody else must decide on the appeal.")


def answered(record: Record, verdict: str, reply: str, now: str, who: str) -> list[dict[str, Any]]:
    """Return the stored reports of a record after a person's decision.

    It answers the open ones. Without any, whoever turns a decision of their own answers anew those that it answered.
    """
    outcome = "upheld" if verdict == record.verdict else "reversed"
    turned = {report.id for report in _turned(record, verdict, who)}
    reports = []
    for stored in record.reports:
        said = {"reply": plain_text(reply), "answered_at": now}
        if not stored.get("outcome"):
            reports.append({**stored, **said, "outcome": outcome})
        elif stored["id"] in turned:
            reports.append({**stored, **said, "outcome": "upheld" if stored["outcome"] == "reversed" else "reversed"})
        else:
            reports.append(dict(stored))
    return reports


def source_of(record: Record, verdict: str, who: str) -> str:
    """Return which notice led to a restriction (`domain.transparency_terms.SOURCES`); empty on one's own initiative.

    One that is decided on again, such as upon an appeal, was led to by the same notice as before; so was one by which
    a person turns their own answer.
    """
    if verdict != "unsafe":
        return ""
    turned = _turned(record, verdict, who)
    kinds = {report.kind for report in (*open_reports(record), *turned)}
    stands = record.verdict == "unsafe" and record.decided_by == "person" and not record.as_of
    restricted = [entry for entry in record.history if entry.get("verdict") == "unsafe"] if stands or turned else []
    before = str(restricted[-1].get("source") or "") if restricted else ""
    return next((kind for kind in ("trusted_flagger", "notice") if kind in kinds), before)


def upholds_appeal(record: Record, verdict: str) -> bool:
    """Tell if a decision turns a verdict that is appealed against."""
    appealed = any(report.kind == "appeal" for report in open_reports(record))
    return appealed and (record.verdict, verdict) == ("unsafe", "safe")


def answers_of(record: Record) -> Sequence[Report]:
    """Return the reports that the verdict in force answered."""
    return [report for report in reports_of(record) if report.outcome and report.answered_at == record.decided_at]


def _turned(record: Record, verdict: str, who: str) -> Sequence[Report]:
    """Return the reports that a person answered with the verdict in force, if they turn it now and none is open."""
    is_own = record.decider == who and verdict != record.verdict and not open_reports(record)
    return answers_of(record) if is_own else ()
