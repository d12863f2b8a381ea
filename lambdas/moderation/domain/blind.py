"""Items that people see blind, without knowing it: second opinions, golden items and samples of the machine's verdicts.

A second opinion and an answer on a golden item are noted and have no effect; where the second opinion differs from the
decision, a lead decides. An answer on a sample is an ordinary decision.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from moderation.domain.audit import AuditEvent
from moderation.domain.ground_truth import said_by_machine
from moderation.domain.lanes import due_by_default
from moderation.domain.people import Person, may
from moderation.domain.record import (
    CONTESTED_QUEUE,
    GOLDEN_QUEUE,
    PERSON_QUEUE,
    SAMPLE_QUEUE,
    SECOND_QUEUE,
    Change,
    Record,
    known_to,
    utc,
)
from moderation.domain.review import Pending, claimed, is_held_by, sent_home

PURPOSES = (SECOND_QUEUE, GOLDEN_QUEUE, SAMPLE_QUEUE)
MOST_OPINIONS = 50  # of one item: the oldest go
_SECOND_OF = 10  # of so many decisions on reviews, one gets a second opinion
_RECENT_MINUTES = 360
# Deeds upon images that are in no queue from then on.
_OPEN_TO_ALL = ("escalate", "sign release", "release")


@dataclass(frozen=True)
class Opinion:
    """Answer of a person on an item that they saw blind, and `first`, the decision before it.

    `id` is that of the decision as which it was pending; answers of earlier releases have none.
    """

    purpose: str
    verdict: Literal["safe", "unsafe"]
    categories: tuple[str, ...]
    who: str
    at: str
    first_verdict: str
    first_categories: tuple[str, ...]
    id: str = ""

    @property
    def agrees(self) -> bool:
        return self.verdict == self.first_verdict and set(self.categories) == set(self.first_categories)


def opinions_of(record: Record) -> list[Opinion]:
    """Return the opinions, the oldest first."""
    lists = ("categories", "first_categories")
    stored = [known_to(Opinion, opinion) for opinion in record.opinions]
    return [Opinion(**{**one, **{name: tuple(one[name]) for name in lists}}) for one in stored]


def purpose_of(record: Record) -> str:
    """Return for which purpose a record waits, or will again; empty for an ordinary item, and for one that is done."""
    kind = str(record.home_queue or record.other.get("queue") or "").partition("#")[0]
    return kind if kind in PURPOSES else ""


def may_look(record: Record, who: str, now: str) -> bool:
    """Tell if a record waits for the blind answer of a person: they neither decided on it nor answered before."""
    known = {opinion.who for opinion in opinions_of(record)} | {record.decider, *record.skipped_by}
    held = record.lease_holder is not None and str(record.lease_until) > now
    return bool(purpose_of(record)) and not held and not record.pending_id and who not in known


def claims_blind(record: Record, who: str, now: str, *, lead: bool) -> bool:
    """Tell if a person who names a record leases it for its purpose, as if they took it; not once they answered."""
    answered = who in {opinion.who for opinion in opinions_of(record)}
    return bool(purpose_of(record)) and hides(record, who, now, lead=lead) and not answered


def has_answered(record: Record, who: str) -> bool:
    """Tell if a person decided on a record, or answered on it, whatever was decided since."""
    return who in {opinion.who for opinion in opinions_of(record)} | {made.get("who") for made in record.history}


def may_settle(record: Record, who: str, now: str) -> bool:
    """Tell if a lead may decide where two people differ: who isn't one of them."""
    known = {opinion.who for opinion in opinions_of(record)} | {record.decider}
    is_contested = str(record.other.get("queue")).startswith(CONTESTED_QUEUE)
    held = record.lease_holder is not None and str(record.lease_until) > now
    return is_contested and not held and not record.pending_id and who not in known


def leased_blind(record: Record, who: str, now: datetime) -> Change:
    """Change that leases a record to a person for its purpose. Raises HeldBySomeone, ItemChanged."""
    change = claimed(record, who, now)
    uploaded_at = (record.blind or {}).get("uploaded_at") or _recent(record, now)
    blind = {"purpose": purpose_of(record), "uploaded_at": uploaded_at}
    return Change({**change.attributes, "blind": blind}, change.removed - {"blind"})


def is_opinion(record: Record) -> bool:
    """Tell if a decision on a record, as it is leased, has no effect."""
    return (record.blind or {}).get("purpose") in (SECOND_QUEUE, GOLDEN_QUEUE)


def opined(record: Record, pending: Pending, now: str) -> Change:
    """Change that notes an opinion; the item returns to its place, or waits for a lead if two people differ."""
    opinion = Opinion(
        purpose=(record.blind or {})["purpose"],
        verdict=pending.verdict,
        categories=pending.categories,
        who=pending.who,
        at=now,
        first_verdict=str(record.verdict),
        first_categories=record.all_categories,
        id=pending.id,
    )
    home = sent_home(record)
    attributes = {**home.attributes, "opinions": [*record.opinions, asdict(opinion)][-MOST_OPINIONS:]}
    if str(attributes["queue"]).startswith(SECOND_QUEUE):
        attributes["queue"] = _moved(attributes["queue"], PERSON_QUEUE if opinion.agrees else CONTESTED_QUEUE)
    return Change(attributes, home.removed)


def wants_second(record: Record) -> bool:
    """Tell if a decision that came into force gets a second opinion: a fixed tenth of the items that were reviews."""
    made = record.history[-1] if record.history else {}
    is_plain = not any(made.get(name) for name in ("this_copy", "appeal", "golden", "source", "same_bytes"))
    was_review = said_by_machine(record).get("verdict") == "review"
    is_new = record.decided_by == "person" and not record.opinions and not record.sample and not record.is_escalated
    return is_new and is_plain and was_review and int(record.image.id, 16) // 16 % _SECOND_OF == 0


def for_second(change: Change) -> Change:
    """Return the change that sends a decided record home, as one that lets it wait for a second opinion."""
    return Change({**change.attributes, "queue": _moved(str(change.attributes["queue"]), SECOND_QUEUE)}, change.removed)


def hides(record: Record, who: str, now: str, *, lead: bool) -> bool:
    """Tell if a person must see a record blind: whoever holds it for its purpose, and all but its decider and leads."""
    if record.blind and is_held_by(record, who, now):
        return True
    return bool(purpose_of(record) or record.blind) and not lead and record.decider != who


def blinded(record: Record) -> Record:
    """Return a record as it was before people decided on it, or as if the machine hadn't; its upload looks recent."""
    machine = said_by_machine(record)
    was_review = machine.get("verdict") == "review"
    said = dict(machine) if was_review else {}
    hidden: Mapping[str, Any] = {
        "verdict": "review",
        "category": said.get("category"),
        "reason": said.get("reason"),
        "decided_by": said.get("decided_by", "judge"),
        "created_at": (uploaded := str((record.blind or {}).get("uploaded_at", record.created_at))),
        "decided_at": uploaded,
        "due_at": due_by_default(uploaded),
    }
    gone = {
        "categories",
        "history",
        "shadow",
        "opinions",
        "sample",
        "reports",
        "top_finding",
        "other_category",
    }
    if not was_review:
        gone |= {"row", "judgement"}
    return record.with_change(Change(hidden, frozenset(gone)))


def audited(event: AuditEvent, reader: Person) -> AuditEvent:
    """Return an entry of the audit log as a person may see it.

    Any image may come to a person who reviews, blind, so of others' deeds they don't learn the image or its facts.
    """
    if not may(reader, "next") or event.who == reader.pseudonym or event.action in _OPEN_TO_ALL:
        return event
    return replace(event, image=None, facts={})


def _recent(record: Record, now: datetime) -> str:
    """Return a time of the last hours, at which the upload of an ordinary item might have been."""
    return utc(now - timedelta(minutes=1 + int(record.image.id, 16) % _RECENT_MINUTES))


def _moved(partition: str, kind: str) -> str:
    """Return a partition of another kind, with the same shard."""
    return f"{kind}#{partition.partition('#')[2]}"
