"""Put a pending decision into force: record it, tag the object version, publish it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from moderation.domain.blind import for_second, is_opinion, opined, wants_second
from moderation.domain.image_ref import ImageRef
from moderation.domain.people import Person, may, may_see
from moderation.domain.record import Record, utc
from moderation.domain.reports import upholds_appeal
from moderation.domain.review import (
    UNREADABLE,
    Pending,
    check_ending,
    check_left_behind,
    is_away_pending,
    is_in_force,
    pending_of,
    sent_home,
    stray_home,
    was_ended,
)
from moderation.errors import (
    ItemChanged,
    ModerationError,
    NothingPending,
    OutOfScope,
    RequestRefused,
    StoreUnavailable,
)
from moderation.usecases.decide import DecidePorts, DecisionResult, PersonDecision, decide
from moderation.usecases.decision_keys import chance_of
from moderation.usecases.review.ports_of import ReviewPorts, note_down

_ATTEMPTS = 3  # another attempt, or a report, may come in between


@dataclass(frozen=True)
class Ended:
    """End of a pending decision: its `result`, or why it was `refused`, upon which the item waits again.

    `error` names the class of that refusal.

    An answer without effect has neither, and what was ended before hasn't even the decision.
    """

    pending: Pending | None = None
    result: DecisionResult | None = None
    refused: str = ""
    error: str = ""


@dataclass(frozen=True)
class Straggler:
    """A decision that nobody had ended; `error` names what prevented it, so that it is tried again."""

    image: ImageRef
    ended: Ended | None
    error: str = ""


def finalise(ports: ReviewPorts, deciding: DecidePorts, image: ImageRef, pending_id: str, now: datetime) -> Ended:
    """Put a pending decision into force if its time is over and who made it still may; otherwise the item waits again.

    One that was ended before is left as it is. Raises NothingPending, StoreUnavailable where the item keeps changing,
    and the errors of the ports, after which it can be tried again.
    """
    for _ in range(_ATTEMPTS):
        if ended := _judged(ports, deciding, image, pending_id, now):
            return ended
    raise StoreUnavailable("The item kept changing while its decision was put into force.")


def _judged(ports: ReviewPorts, deciding: DecidePorts, image: ImageRef, pending_id: str, now: datetime) -> Ended | None:
    """End a decision; None where another attempt changed the item meanwhile, so that it must be judged anew."""
    record = ports.verdicts.get(image) if image.bucket == ports.bucket else None
    if record and was_ended(record, pending_id):
        return Ended()
    pending = pending_of(record) if record else None
    if record is None or pending is None:
        raise NothingPending("This decision isn't pending any more: it is in force, or was taken back.")
    try:
        check_ending(record, pending_id, now)
        if not is_in_force(record):
            if is_opinion(record):
                return _note_opinion(ports, record, pending, now)
            person = _decider(ports, record, pending)
            note_down(ports, person, "in-force", record, now, verdict=pending.verdict, decision=pending.id)
        result = decide(deciding, record, _decision_of(record, pending))
    except NothingPending:
        raise
    except RequestRefused as refusal:
        is_home = ports.queue.compare_lease(record, sent_home(record))
        if not is_home and _is_to_be_ended(ports, image, pending_id):
            return None
        return Ended(pending, refused=str(refusal), error=type(refusal).__name__)
    _send_home(ports, image, pending_id)
    return Ended(pending, result)


def _is_to_be_ended(ports: ReviewPorts, image: ImageRef, pending_id: str) -> bool:
    """Tell if a decision is pending still, perhaps in force by another attempt by now, or was ended by that."""
    standing = ports.verdicts.get(image)
    return standing is not None and (standing.pending_id == pending_id or was_ended(standing, pending_id))


def finalise_stragglers(ports: ReviewPorts, deciding: DecidePorts, now: datetime) -> Iterator[Straggler]:
    """End the decisions whose time is over, one by one; an error of one leaves the others.

    A batch is left to its page for longer. An item whose decision can't be read waits for a person again. Raises the
    errors of the queue.
    """
    for listed in ports.queue.pending(utc(now)):
        try:
            ended = _end(ports, deciding, listed.image, now)
        except NothingPending:
            continue
        except (ModerationError, *UNREADABLE) as error:
            yield Straggler(listed.image, None, type(error).__name__)
        else:
            yield Straggler(listed.image, ended)


def _end(ports: ReviewPorts, deciding: DecidePorts, image: ImageRef, now: datetime) -> Ended:
    record = ports.verdicts.get(image)
    if record is None or not is_away_pending(record):
        raise NothingPending("This decision isn't pending any more: the index lags behind.")
    try:
        check_left_behind(record, now)
        return finalise(ports, deciding, image, str(record.pending_id), now)
    except UNREADABLE:
        if not is_in_force(record):  # else its tag may be another, which a person must see
            ports.queue.compare_lease(record, stray_home(record))
        raise


def _decider(ports: ReviewPorts, record: Record, pending: Pending) -> Person:
    person = ports.people.find(pending.who)
    if person is None or not may(person, "decide") or not may_see(person, record):
        raise OutOfScope("Who decided on this item may not any more: it waits again.")
    return person


def _decision_of(record: Record, pending: Pending) -> PersonDecision:
    if is_in_force(record):
        return _in_force_on(record)
    return PersonDecision(
        verdict=pending.verdict,
        categories=pending.categories,
        note=pending.note,
        who=pending.who,
        seen=pending.seen,
        this_copy=pending.this_copy,
        pending=pending.id,
        appeal=upholds_appeal(record, pending.verdict),
        reply=pending.reply,
        seconds=pending.seconds,
    )


def _in_force_on(record: Record) -> PersonDecision:
    """Return the decision that is in force as it is on the record, whatever is written there of a pending one."""
    made = record.history[-1]
    return PersonDecision(
        verdict="unsafe" if record.verdict == "unsafe" else "safe",
        categories=tuple(record.all_categories),
        note=str(record.reason),
        who=str(record.decider),
        seen=bool(made.get("seen")),
        this_copy=record.is_bound_to_context,
        pending=str(made["id"]),
        source=made.get("source", ""),
    )


def _note_opinion(ports: ReviewPorts, record: Record, pending: Pending, now: datetime) -> Ended:
    """Note an answer that has no effect: nothing is tagged, published or remembered for the bytes."""
    person = _decider(ports, record, pending)
    note_down(ports, person, "opinion", record, now, verdict=pending.verdict, decision=pending.id)
    if not ports.queue.compare_lease(record, opined(record, pending, utc(now))):
        raise ItemChanged("The item has changed since it was decided on: it waits again.")
    return Ended(pending)


def _send_home(ports: ReviewPorts, image: ImageRef, pending_id: str) -> None:
    """End the work on an item that was decided on, if nobody has yet; some wait for another person."""
    record = ports.verdicts.get(image)
    if record is None or record.pending_id != pending_id:
        return

    home = sent_home(record)
    again = wants_second(record, chance_of(ports.work, image))
    ports.queue.compare_lease(record, for_second(home) if again else home)
