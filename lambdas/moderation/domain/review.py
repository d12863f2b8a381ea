"""Work of people on the review queue: leases, and decisions that are pending for a moment before they are in force.

Each function returns the change of a record, to be written on the condition that nobody else has changed it since it
was read (`LEASE`). Times are ISO-8601 UTC, as `domain.record.utc` writes them, and sort by time.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from moderation.domain.image_ref import ImageRef
from moderation.domain.lanes import LEASED, PARKED, PENDING, WAITING, away
from moderation.domain.record import AT_WORK, DECISION, NOT_IN_FORCE, Change, Record, known_to, queue_keys, utc
from moderation.domain.reports import open_reports
from moderation.domain.vouch import is_vouched
from moderation.errors import HeldBySomeone, ItemChanged, LeaseLost, NothingPending, NotVouched, SkipRefused

LEASE_FOR = timedelta(seconds=120)
PENDING_FOR = timedelta(seconds=10)
LONGEST_REQUEST = timedelta(seconds=30)  # as long as API Gateway waits for the function that decides
LONGEST_PARKING = timedelta(days=7)
MOST_SKIPS = 3  # of an item, each by another person
# What an item raises whose decision or report isn't one: those who may write it on a record may write anything there.
UNREADABLE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
# What differs in a decision that is sent again. `seen` is the person's own word, and stored only if it is true.
_OF_THE_MOMENT = frozenset({"id", "at", "until", "seen", "seconds", "press"})
_JUST_DECIDED = (
    "You have just decided on this item: decide the same again to take it back, or take the item again in ten seconds."
)
# Attributes that must be as they were read when a person's work on a record is written. Each decision has another time,
# so the verdict needn't be one of them: the API's role may write no other attributes than those that it names.
_DECIDED = ("owner", "decided_at", "escalated_at", "pending_id", "report_id")
LEASE = (*_DECIDED, "lease_holder", "lease_until", "queue", "queue_order")


@dataclass(frozen=True)
class Pending:
    """A person's decision that isn't in force yet: what they decided, on what `screen`, and until when it waits.

    `batch` names the batch that it belongs to; it is empty for a decision on one item. `reply` answers the reports.
    `seen` is the person's own word, and stored only of a picture that was revealed to them.
    `seconds` have passed since the item was taken. `press` names the press of a key that it came by, however often that
    was sent; its `id` comes from it then, else from the time.
    """

    id: str
    verdict: Literal["safe", "unsafe"]
    categories: tuple[str, ...]
    note: str
    who: str
    at: str
    until: str
    screen: str
    seen: bool = False
    this_copy: bool = False
    batch: str = ""
    reply: str = ""
    seconds: int | None = None
    press: str = ""


def screen_of(record: Record) -> str:
    """Identify what a person sees of a record, 16 hex digits: a new verdict, run, report or escalation is another."""
    reported = [record.report_id] if record.report_id else []
    return _digest([getattr(record, name) for name in DECISION] + reported)


def pending_of(record: Record) -> Pending | None:
    """Return the decision that is pending on a record, if there is one."""
    if record.pending is None or record.pending_id is None:
        return None
    stored = known_to(Pending, record.pending)
    return Pending(**{**stored, "categories": tuple(stored["categories"])})


def is_free(record: Record, now: str) -> bool:
    """Tell if a record waits for a person, and nobody is at work on it."""
    waits = record.verdict == "review" or bool(open_reports(record))
    return waits and _queue(record).startswith((WAITING, LEASED, PARKED)) and not _held(record, now)


def is_held_by(record: Record, who: str, now: str) -> bool:
    """Tell if a person holds a lease on a record."""
    return record.lease_holder == who and str(record.lease_until) > now


def claimed(record: Record, who: str, now: datetime) -> Change:
    """Change that leases a record to a person, or renews their lease. Raises HeldBySomeone, ItemChanged.

    A record that a person decided on can be leased as well: to reverse the decision.
    """
    if record.pending_id:
        raise HeldBySomeone("A decision on this item is about to come into force: wait ten seconds, then look again.")
    if _held(record, utc(now)) and record.lease_holder != who:
        raise HeldBySomeone(f"Somebody else has been at work on this item, until {record.lease_until} at least.")
    if not _queue(record):
        raise ItemChanged("This item waits for nobody any more: take the next one.")
    until = utc(now + LEASE_FOR)
    is_renewed = is_held_by(record, who, utc(now))
    lease = {"lease_holder": who, "lease_until": until, "leased_at": record.leased_at if is_renewed else utc(now)}
    gone = frozenset() if is_renewed else frozenset({"blind", "revealed"})
    return Change({**_away(record, LEASED, until), **lease}, gone)


def renewed(record: Record, who: str, now: datetime) -> Change:
    """Change that renews a lease. Raises LeaseLost."""
    _check_lease(record, who, utc(now))
    return claimed(record, who, now)


def released(record: Record, who: str, now: datetime) -> Change:
    """Change that ends a lease: the item waits where it was before. Raises LeaseLost, HeldBySomeone."""
    _check_leaving(record, who, utc(now))
    return _home(record)


def parked(record: Record, who: str, until: datetime, now: datetime) -> Change:
    """Change that lets an item wait until a time, at most `LONGEST_PARKING` away.

    Raises LeaseLost, HeldBySomeone, ValueError.
    """
    _check_leaving(record, who, utc(now))
    if not now < until <= now + LONGEST_PARKING:
        raise ValueError(f"An item waits until a time to come, {LONGEST_PARKING.days} days from now at most")
    gone = frozenset({"lease_holder", "lease_until", "revealed"})
    return Change(_away(record, PARKED, utc(until)), gone)


def skipped(record: Record, who: str, now: datetime) -> Change:
    """Change that leaves an item to other people. Raises LeaseLost, HeldBySomeone, SkipRefused."""
    _check_leaving(record, who, utc(now))
    if len(record.skipped_by) >= MOST_SKIPS:
        raise SkipRefused(f"{MOST_SKIPS} people passed this item on already: decide, park it, or escalate it.")
    home = _home(record)
    skippers = list(dict.fromkeys([*record.skipped_by, who]))
    return Change({**home.attributes, "skipped_by": skippers}, home.removed - {"skipped_by"})


def decided_for_now(record: Record, pending: Pending, now: datetime) -> Change:
    """Change that makes a decision pending. It is of a picture that was seen only if one was revealed under the lease.

    Raises NothingPending for one that was taken back or counted before, LeaseLost, ItemChanged, HeldBySomeone.
    """
    if _last_undone(record) == pending.id:
        raise NothingPending("You have taken this decision back: look at the item again, then decide.")
    if was_counted(record, pending.id):
        raise NothingPending("This decision was counted before: look at the item again, then decide.")
    _check_lease(record, pending.who, utc(now))
    if record.pending_id:
        raise HeldBySomeone(_JUST_DECIDED)
    if screen_of(record) != pending.screen:
        raise ItemChanged("This item has changed since it came on your screen: look at it again, then decide.")
    known = {"seen": pending.seen and bool(record.revealed), "seconds": _seconds(record, now)}
    stored = {**asdict(pending), "categories": list(pending.categories), **known}
    return Change({**_away(record, PENDING, pending.until), "pending": stored, "pending_id": pending.id})


def is_repeated(record: Record, pending: Pending) -> bool:
    """Tell if a decision is pending already, because it was sent before and the answer was lost."""
    stored = _pending_in(record)
    again = {name: value for name, value in asdict(pending).items() if name not in _OF_THE_MOMENT}
    made = {name: stored.get(name) for name in again}
    return record.pending_id == stored.get("id") and made == again | {"categories": list(pending.categories)}


def was_sent(record: Record, pending: Pending) -> bool:
    """Tell if a decision was sent before, and is pending or was counted."""
    return is_repeated(record, pending) or any(_is_made(pending, made) for made in _made_on(record))


def was_counted(record: Record, pending_id: str) -> bool:
    """Tell if a decision came into force, or was noted as an answer, whatever was decided since."""
    return any(made.get("id") == pending_id for made in _made_on(record))


def was_taken_back(record: Record, who: str, pending_id: str, now: str) -> bool:
    """Tell if a person's decision is neither pending nor counted, and its item is leased to them as it was before."""
    is_free_of_it = record.pending_id is None and not was_counted(record, pending_id)
    return is_free_of_it and is_held_by(record, who, now)


def taken_back(record: Record, who: str, pending_id: str, now: datetime) -> Change:
    """Change that takes a pending decision back and leases the item to its decider again. Raises NothingPending."""
    pending = pending_of(record)
    own = pending is not None and (record.pending_id, pending.id, pending.who) == (pending_id, pending_id, who)
    if not own or is_in_force(record):
        raise NothingPending("This decision isn't pending any more: it is in force, or was taken back.")
    until = utc(now + LEASE_FOR)
    attributes = {**_away(record, LEASED, until), "lease_holder": who, "lease_until": until}
    return Change(attributes, frozenset({"pending", "pending_id"}))


def undone(record: Record, who: str, pending_id: str, now: datetime) -> Change:
    """Change as by `taken_back`, after which a late request of the same press doesn't decide. Raises NothingPending."""
    change = taken_back(record, who, pending_id, now)
    if not _pending_in(record).get("press"):
        return change
    return Change({**change.attributes, "pending": {"id": pending_id}}, change.removed - {"pending"})


def check_ending(record: Record, pending_id: str, now: datetime) -> Pending:
    """Return the decision that is to come into force. Raises NothingPending, LeaseLost, ItemChanged, NotVouched."""
    pending = pending_of(record)
    if pending is None or record.pending_id != pending_id:
        raise NothingPending("This decision isn't pending any more: it is in force, or was taken back.")
    if is_in_force(record):
        if not _stands(record):
            raise ItemChanged("This decision came into force, and the item was judged anew since: it waits again.")
        return pending
    if pending.id != pending_id or pending.id != alike_id([record.image], pending.who, pending.press or pending.at):
        raise NotVouched("This decision was made on another item or by somebody else: the item waits again.")
    if was_counted(record, pending_id):
        raise NotVouched("This decision was counted before, and another since: the item waits again.")
    if utc(now) < pending.until:
        raise NothingPending(f"This decision can be taken back until {pending.until}: end it then.")
    if record.lease_holder != pending.who:
        raise LeaseLost("The item was leased to somebody else than who decided: it waits again.")
    if screen_of(record) != pending.screen:
        raise ItemChanged("The item has changed since it was decided on: it waits again.")
    if not is_vouched(record):
        raise NotVouched("Nobody has vouched that this decision is of the person whom it names: the item waits again.")
    return pending


def is_in_force(record: Record) -> bool:
    """Tell if the pending decision is the record's verdict already, and only its tag or its message may be missing."""
    return bool(record.history) and record.pending_id is not None and record.history[-1].get("id") == record.pending_id


def was_ended(record: Record, pending_id: str) -> bool:
    """Tell if a decision is the last one in force, or an answer was noted, and nothing of it is pending any more."""
    made = [*record.history[-1:], *record.opinions]
    return record.pending_id != pending_id and any(one.get("id") == pending_id for one in made)


def is_away_pending(record: Record) -> bool:
    """Tell if a record is listed among those with a pending decision."""
    return _queue(record) == away(PENDING)


def check_left_behind(record: Record, now: datetime) -> None:
    """Check that a record listed as pending has a decision that ends, and that its page hasn't ended.

    The page of a batch ends its decisions together, ten seconds after the last one was made: until then they are taken
    back as one. One that nobody has vouched for may be vouched for until its request ends. Raises NothingPending while
    either may be, ValueError, KeyError, TypeError.
    """
    pending = pending_of(record)
    if pending is None or pending.until > utc(now + PENDING_FOR):
        raise ValueError("An item that is listed as pending has no decision that will end.")
    may_change = pending.batch or not (is_vouched(record) or is_in_force(record))
    if may_change and pending.until > utc(now - LONGEST_REQUEST):
        raise NothingPending("The batch of this decision can still be taken back, or nobody has vouched for it yet.")


def stray_home(record: Record) -> Change:
    """Change that ends work on a record that can't be read: it waits where it did, or unsorted if that isn't known."""
    home = _home(record)
    removed = home.removed | {"pending", "vouched"}
    if not all(isinstance(key, str) and key for key in (record.home_queue, record.home_order)):
        return Change(queue_keys(record), removed)
    return Change(home.attributes, removed)


def put_into_force(change: Change) -> Change:
    """Return the change of a decision as one that stays pending until the object is tagged and the verdict published.

    So a function that dies in between leaves something for the next attempt.
    """
    keys = {"queue": "home_queue", "queue_order": "home_order"}
    attributes = {keys.get(name, name): value for name, value in change.attributes.items()}
    return Change(attributes, change.removed - {"pending", "pending_id", *keys.values()})


def sent_home(record: Record) -> Change:
    """Change that ends all work on a record: it waits where it was before."""
    home = _home(record)
    return Change(home.attributes, home.removed | set(NOT_IN_FORCE) - {"skipped_by"})


def alike_id(images: Sequence[ImageRef], who: str, at: str) -> str:
    """Id of a batch, or of one decision: 32 hex digits."""
    return _digest([[image.id for image in images], who, at], 32)


def _stands(record: Record) -> bool:
    """Tell if the last decision in force is the record's verdict still."""
    made = record.history[-1]
    by_person = record.decided_by == "person" and not record.as_of
    return (
        by_person and (record.verdict, record.reason) == (made["verdict"], made["note"]) and record.verdict != "review"
    )


def _digest(content: Sequence[Any], digits: int = 16) -> str:
    return hashlib.sha256(json.dumps(content, default=str).encode()).hexdigest()[:digits]


def batch_of(record: Record, who: str) -> str:
    """Return the id of the batch of a person's that is pending on a record, empty for none."""
    stored = _pending_in(record)
    return str(stored.get("batch") or "") if stored.get("who") == who else ""


def _pending_in(record: Record) -> Mapping[str, Any]:
    """Return what is stored of a pending decision, whatever else may have been written there."""
    is_pending = record.pending_id is not None and isinstance(record.pending, Mapping)
    return record.pending or {} if is_pending else {}


def _made_on(record: Record) -> Iterator[Mapping[str, Any]]:
    """Yield the decisions that came into force, and the answers that were noted."""
    return (made for made in (*record.history, *record.opinions) if isinstance(made, Mapping))


def _is_made(pending: Pending, made: Mapping[str, Any]) -> bool:
    """Tell if a decision or an answer on a record is one that was pending."""
    if made.get("id") != pending.id:
        return False
    categories = tuple(made.get("categories") or (made.get("category"),))
    return (made.get("verdict"), categories) == (pending.verdict, pending.categories or (None,))


def _last_undone(record: Record) -> object:
    """Return the id of the decision that was taken back last, until there is another one."""
    is_left = record.pending_id is None and isinstance(record.pending, Mapping)
    return (record.pending or {}).get("id") if is_left else None


def _check_lease(record: Record, who: str, now: str) -> None:
    if not is_held_by(record, who, now):
        raise LeaseLost("This item is no longer yours: it was idle for two minutes, or has changed. Take it again.")


def _check_leaving(record: Record, who: str, now: str) -> None:
    """Check that a person holds a lease, and has decided nothing: that would be lost, or come into force never."""
    _check_lease(record, who, now)
    if record.pending_id:
        raise HeldBySomeone(_JUST_DECIDED)


def _held(record: Record, now: str) -> bool:
    return bool(record.pending_id) or (record.lease_holder is not None and str(record.lease_until) > now)


def _queue(record: Record) -> str:
    return str(record.other.get("queue") or "")


def _order(record: Record) -> str:
    return str(record.other.get("queue_order") or "")


def _seconds(record: Record, now: datetime) -> int | None:
    return round((now - datetime.fromisoformat(record.leased_at)).total_seconds()) if record.leased_at else None


def _away(record: Record, kind: str, until: str) -> dict[str, Any]:
    """Keys of a partition that an item waits in for a time, and those to which it returns."""
    home = {"home_queue": record.home_queue or _queue(record), "home_order": record.home_order or _order(record)}
    return {"queue": away(kind), "queue_order": until, **home}


def _home(record: Record) -> Change:
    keys = {"queue": record.home_queue or _queue(record), "queue_order": record.home_order or _order(record)}
    return Change(keys, frozenset(AT_WORK) - {"skipped_by", "blind", "pending"})
