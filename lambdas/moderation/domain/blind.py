"""Items that people see blind, without knowing it: second opinions, golden items and samples of the machine's verdicts.

A second opinion and an answer on a golden item are noted and have no effect; where the second opinion differs from the
decision, a lead decides. An answer on a sample is an ordinary decision.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from moderation.domain.audit import AuditEvent
from moderation.domain.ground_truth import said_by_machine
from moderation.domain.judgement import NO_ANSWER
from moderation.domain.lanes import Standing, due_by_default, filed, order_of
from moderation.domain.people import Person, may, supported_categories
from moderation.domain.policy import Pack
from moderation.domain.record import (
    CONTESTED_QUEUE,
    GOLDEN_QUEUE,
    PERSON_QUEUE,
    SAMPLE_QUEUE,
    SECOND_QUEUE,
    Change,
    Record,
    known_to,
    moment_of,
    utc,
)
from moderation.domain.review import Pending, claimed, is_held_by, sent_home

PURPOSES = (SECOND_QUEUE, GOLDEN_QUEUE, SAMPLE_QUEUE)
MOST_OPINIONS = 50  # of one item: the oldest go
_SECOND_OF = 10  # of so many decisions on reviews, one gets a second opinion
_TENS = 10
_MOMENTS = 600  # seconds, of which one is the age of an upload that nothing else waits beside
_JUDGED_IN = timedelta(seconds=5)  # where a record doesn't say how long it took
_LONGEST_JUDGED = timedelta(hours=1)
_QUARTER = timedelta(minutes=15)
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


def leased_blind(record: Record, who: str, now: datetime, uploaded_at: str) -> Change:
    """Change that leases a record to a person for its purpose, as if its upload were of another time.

    To who had it before, that time is the same again. Raises HeldBySomeone, ItemChanged.
    """
    change = claimed(record, who, now)
    before = record.blind or {}
    at = before["uploaded_at"] if before.get("who") == who else uploaded_at
    blind = {"purpose": purpose_of(record), "uploaded_at": at, "who": who}
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
    done = frozenset() if purpose_of(record) == GOLDEN_QUEUE else frozenset({"blind"})
    return Change(attributes, home.removed | done)


def wants_second(record: Record, chance: int) -> bool:
    """Tell if a decision that came into force gets a second opinion: a fixed tenth of the items that were reviews.

    `chance` is the item's (`usecases.decision_keys.chance_of`): nobody can tell beforehand.
    """
    made = record.history[-1] if record.history else {}
    is_plain = not any(made.get(name) for name in ("this_copy", "appeal", "golden", "source", "same_bytes"))
    was_review = said_by_machine(record).get("verdict") == "review"
    is_new = record.decided_by == "person" and not record.opinions and not record.sample and not record.is_escalated
    return is_new and is_plain and was_review and chance % _SECOND_OF == 0


def for_second(change: Change) -> Change:
    """Return the change that sends a decided record home, as one that lets it wait for a second opinion."""
    return Change({**change.attributes, "queue": _moved(str(change.attributes["queue"]), SECOND_QUEUE)}, change.removed)


def hides(record: Record, who: str, now: str, *, lead: bool) -> bool:
    """Tell if a person must see a record blind: whoever holds it for its purpose, and all but its decider.

    A lead sees it once they answered: before, it may still come to them.
    """
    if record.blind and is_held_by(record, who, now):
        return True
    if lead and who in {opinion.who for opinion in opinions_of(record)}:
        return False
    return bool(purpose_of(record) or (record.blind and not lead)) and record.decider != who


def blinded(record: Record, pack: Pack | None, now: datetime, chance: int) -> Record:
    """Return a record as it was before people decided on it, or as if the judge had said nothing.

    Its upload looks recent by `chance`, the item's, and `pack`, the one in force, is the policy behind it.
    """
    said = _said_for_review(record)
    uploaded_at = (record.blind or {}).get("uploaded_at") or upload_shown(record, pack, None, _hour(now), chance)
    decided_at = utc(datetime.fromisoformat(uploaded_at) + _took(record))
    hidden: Mapping[str, Any] = {"verdict": "review", "created_at": uploaded_at, "decided_at": decided_at, **said}
    gone = {"categories", "history", "shadow", "opinions", "sample", "reports", "top_finding", "other_category"}
    shown = record.with_change(Change(hidden, frozenset(gone - set(said))))
    due_at = filed(supported_categories(shown), pack, uploaded_at)["due_at"]
    policy = {"policy": {"name": pack.name, "digest": pack.digest}} if pack else {}
    return shown.with_change(Change({"due_at": due_at, **policy}))


def upload_shown(record: Record, pack: Pack | None, before: Record | None, now: datetime, chance: int) -> str:
    """Return the time of upload to show of a blind item that comes before an ordinary one, or while none waits.

    It would be due a moment before that one; a graver one, and one without any, came a moment ago. How long that is
    depends on `chance`, the item's. Empty for one that is less grave, which would be out of order.
    """
    shown = record.with_change(Change({"verdict": "review", **_said_for_review(record)}))
    place = filed(supported_categories(shown), pack, utc(now))
    moment = chance // _SECOND_OF  # the rest tells which items get a second opinion
    latest = now - _took(record) - timedelta(seconds=20 + moment % _MOMENTS)
    if before is None:
        return _as_event(latest, record)
    rank, others = order_of(place["severity"], "")[0], str(before.other.get("queue_order"))[0]
    if rank > others:
        return ""
    if rank < others:
        return _as_event(latest, record)
    allowed = datetime.fromisoformat(place["due_at"]) - now
    due = datetime.fromisoformat(before.due_at or due_by_default(before.created_at))
    earlier = min(timedelta(seconds=1 + moment % 60), (due - now) / 2 if due > now else timedelta.max)
    return _as_event(min(latest, due - earlier - allowed), record)


def told(standing: Standing) -> Standing:
    """Return what people are told of the queue's length: in tens, so that no single item changes it visibly.

    What waits is rounded down, so that something may always come, and what is late rounded up. When the next is due is
    told of a long queue alone, and to a quarter of an hour.
    """
    due, is_short = moment_of(standing.next_due_at), standing.waiting < _TENS
    return replace(
        standing,
        waiting=standing.waiting // _TENS * _TENS,
        overdue=-(-standing.overdue // _TENS) * _TENS,
        next_due_at=None if due is None or is_short else utc(_begun(due, _QUARTER)),
    )


def audited(event: AuditEvent, reader: Person) -> AuditEvent:
    """Return an entry of the audit log as a person may see it.

    Any image may come to a person who reviews, blind, so of others' deeds they don't learn the image or its facts.
    """
    if not may(reader, "next") or event.who == reader.pseudonym or event.action in _OPEN_TO_ALL:
        return event
    return replace(event, image=None, facts={})


def _said_for_review(record: Record) -> dict[str, Any]:
    """Return what the machine said as it handed a record to a person, or what it says where the judge is silent."""
    own = record.decided_by != "person"
    machine: Mapping[str, Any] = record.attributes() if own else said_by_machine(record)
    if machine.get("verdict") == "review":
        return {name: machine.get(name) for name in ("category", "reason", "decided_by")}
    near = [one for one in record.evidence or () if one.get("near") and one.get("categories") and one.get("score")]
    strongest = max(near, key=lambda one: one["score"] - one["threshold"], default={"categories": (None,)})
    silent = {"judgement": None, "cause": None, "row": "no_judgement"}
    return {"category": strongest["categories"][0], "reason": NO_ANSWER, "decided_by": "failure", **silent}


def _took(record: Record) -> timedelta:
    """Return the time from a record's upload to what the machine said of it."""
    made = [one for one in record.history if one.get("decided_by") != "person"]
    at = made[-1].get("at") if record.decided_by == "person" and made else record.decided_at
    took = datetime.fromisoformat(at) - datetime.fromisoformat(record.created_at) if at else timedelta()
    return took if timedelta() < took < _LONGEST_JUDGED else _JUDGED_IN


def _as_event(moment: datetime, record: Record) -> str:
    """Return a time as the events of this deployment have it: mostly of whole seconds."""
    return utc(moment.replace(microsecond=datetime.fromisoformat(record.created_at).microsecond))


def _hour(now: datetime) -> datetime:
    return _begun(now, timedelta(hours=1))


def _begun(moment: datetime, span: timedelta) -> datetime:
    """Return the beginning of the span of time that a moment is in."""
    return moment - (moment - datetime.min.replace(tzinfo=UTC)) % span


def _moved(partition: str, kind: str) -> str:
    """Return a partition of another kind, with the same shard."""
    return f"{kind}#{partition.partition('#')[2]}"
