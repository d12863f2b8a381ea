"""Write down a person's decision, which comes into force ten seconds later."""

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from moderation.domain.image_ref import ImageRef
from moderation.domain.people import Person
from moderation.domain.policy import Pack
from moderation.domain.record import Change, Record, utc
from moderation.domain.reports import check_answerer
from moderation.domain.review import (
    PENDING_FOR,
    Pending,
    alike_id,
    decided_for_now,
    pending_of,
    taken_back,
    was_counted,
    was_sent,
)
from moderation.domain.vouch import is_vouched
from moderation.errors import ModerationError, RequestRefused, UnknownCategory
from moderation.usecases.find_policy import find_policy_shown
from moderation.usecases.review.ports_of import ReviewPorts, changed, item_of, note_down


@dataclass(frozen=True)
class Choice:
    """Decision of a person, on what `screen` (`domain.review.screen_of`); `categories` are empty for `safe`.

    `seen` and `this_copy` are those of `usecases.decide.PersonDecision`; what wasn't revealed wasn't seen. `batch`
    names the batch that it is part of. `reply` is what those are told who appealed or sent a notice. `press` names the
    press of a key, if whoever asks tells: sent again, it is the same decision even after its end.
    """

    verdict: Literal["safe", "unsafe"]
    categories: tuple[str, ...]
    note: str
    screen: str
    seen: bool = False
    this_copy: bool = False
    batch: str = ""
    reply: str = ""
    press: str = ""


def decide_pending(ports: ReviewPorts, person: Person, image: ImageRef, choice: Choice, now: datetime) -> Pending:
    """Return the decision, pending on the record; until it is in force, nothing is tagged or published.

    It comes into force only if the person's voucher vouches for it; if that fails, it is taken back. One that is sent
    again while it is pending is the same one, and by its press also once it is in force. Raises NothingPending
    where its press was taken back, LeaseLost, ItemChanged, HeldBySomeone, AppealRefused, UnknownCategory, OutOfScope,
    NotVouched, and the errors of the ports.
    """
    record = item_of(ports, person, image, "decide")
    pending = Pending(
        id=alike_id([image], person.id, choice.press or utc(now)),
        verdict=choice.verdict,
        categories=tuple(dict.fromkeys(choice.categories)),
        note=choice.note,
        who=person.id,
        at=utc(now),
        until=utc(now + PENDING_FOR),
        screen=choice.screen,
        seen=choice.seen,
        this_copy=choice.this_copy,
        batch=choice.batch,
        reply=choice.reply,
        press=choice.press,
    )
    if not was_sent(record, pending):
        check_categories(find_policy_shown(ports.work, ports.policies, record, blind=bool(record.blind)), choice)
        record = _written(ports, person, record, pending, now)
    if was_counted(record, pending.id):
        return replace(pending, until=utc(now))
    _vouch(ports, person, record, now)
    return pending_of(record) or pending


def _written(ports: ReviewPorts, person: Person, record: Record, pending: Pending, now: datetime) -> Record:
    """Return the record with the decision, which another sending of it may have written meanwhile."""

    def change_of(standing: Record) -> Change:
        check_answerer(standing, person.id)
        return decided_for_now(standing, pending, now)

    change_of(record)
    said = {"verdict": pending.verdict, "decision": pending.id, "batch": pending.batch}
    note_down(ports, person, "decide", record, now, **said, revealed=" ".join(record.revealed))
    try:
        return changed(ports, record, change_of)
    except RequestRefused:
        standing = ports.verdicts.get(record.image)
        if standing is None or not was_sent(standing, pending):
            raise
        return standing


def _vouch(ports: ReviewPorts, person: Person, made: Record, now: datetime) -> None:
    """Let the person's voucher vouch for what is pending; otherwise take that back, unless it stands all the same."""
    if is_vouched(made):
        return
    try:
        ports.voucher.vouch(made)
    except ModerationError:
        if not _stands(ports, made):
            _take_back(ports, person, made, now)
            raise


def _take_back(ports: ReviewPorts, person: Person, made: Record, now: datetime) -> None:
    pending_id = str(made.pending_id)
    with suppress(ModerationError):  # otherwise the item waits again once its time is over
        changed(ports, made, lambda standing: taken_back(standing, person.id, pending_id, now))
        note_down(ports, person, "undo", made, now, decision=pending_id)  # it may not be undone and yet in force
    with suppress(ModerationError):  # perhaps only the answer was lost
        ports.voucher.withdraw(made.image, pending_id)


def _stands(ports: ReviewPorts, made: Record) -> bool:
    """Tell if a decision is vouched for all the same, or in force: by another sending, or only the answer was lost."""
    standing, pending_id = ports.verdicts.get(made.image), str(made.pending_id)
    if standing is None:
        return False
    return was_counted(standing, pending_id) or (standing.pending_id == pending_id and is_vouched(standing))


def check_categories(pack: Pack | None, choice: Choice) -> None:
    """Check that a decision has categories if its verdict needs them, and that the pack has those.

    Raises UnknownCategory.
    """
    if (choice.verdict == "unsafe") != bool(choice.categories):
        raise UnknownCategory("Name at least one category if the picture is unsafe, and none if it is safe.")
    unknown = [name for name in choice.categories if pack and name not in pack.category_names]
    if pack and unknown:
        raise UnknownCategory(
            f"{unknown[0]!r} isn't a category of the policy {pack.name}: use one of {', '.join(pack.category_names)}."
        )
