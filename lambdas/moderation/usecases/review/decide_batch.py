"""Decide alike on several items at once: first as a dry run, then confirmed by their number, and undone as one."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice

from moderation.domain.blind import claims_blind
from moderation.domain.image_ref import ImageRef
from moderation.domain.people import Person, may, may_see
from moderation.domain.record import Record, utc
from moderation.domain.reports import check_answerer
from moderation.domain.review import UNREADABLE, Pending, alike_id, batch_of, claimed, is_free, screen_of, was_counted
from moderation.errors import HeldBySomeone, ItemChanged, ModerationError, NotConfirmed, RequestRefused
from moderation.usecases.decide_copies import MOST_ALONE, is_left_alone
from moderation.usecases.find_policy import find_policy_shown
from moderation.usecases.review.claim import claim
from moderation.usecases.review.decide_pending import Choice, check_categories, decide_pending
from moderation.usecases.review.ports_of import ReviewPorts, item_of
from moderation.usecases.review.undo import undo_pending

_UNREAD = "This item's record can't be read: it waits for whoever operates the deployment."


@dataclass(frozen=True)
class Batch:
    """Items that a batch decides, or takes back, and why it leaves others alone; `id` is that of one that decided.

    `pending` are the ids of the decisions that it made.
    """

    id: str
    items: tuple[ImageRef, ...]
    left_alone: Mapping[ImageRef, str] = field(default_factory=dict)
    pending: Mapping[ImageRef, str] = field(default_factory=dict)


def identical_items(ports: ReviewPorts, person: Person, image: ImageRef, now: datetime) -> list[Record]:
    """Return the free items of the same bytes in a person's scope, newest first, at most as many as a batch may have.

    Raises OutOfScope, and the errors of the ports.
    """
    record = item_of(ports, person, image, "decide")
    if not record.sha256:
        return []
    others = (other for other in ports.verdicts.of_same_bytes(ports.bucket, record.sha256) if other != image)
    return list(islice(_free(ports, person, others, now), MOST_ALONE))


def preview_batch(
    ports: ReviewPorts, person: Person, screens: Mapping[ImageRef, str], choice: Choice, now: datetime
) -> Batch:
    """Tell on which items a batch would decide; nothing is changed. `screens` says what was seen of each.

    Raises NotConfirmed for more items than a batch may have, and the errors of the ports.
    """
    if len(screens) > MOST_ALONE:
        raise NotConfirmed(f"A batch has at most {MOST_ALONE} items, and this one {len(screens)}: make it smaller.")
    why = {image: _obstacle(ports, person, image, screen, choice, now) for image, screen in screens.items()}
    ready = tuple(image for image, reason in why.items() if not reason)
    return Batch("", ready, {image: reason for image, reason in why.items() if reason})


def decide_batch(
    ports: ReviewPorts,
    person: Person,
    screens: Mapping[ImageRef, str],
    choice: Choice,
    confirmed: int,
    clock: Callable[[], datetime],
) -> Batch:
    """Decide alike on all items on which the dry run would, if it finds as many as were confirmed.

    The decisions are pending like any other, each from its own moment on. An item that changes at this moment, or at
    which a port fails, is left alone. One that is sent again is the same one while it is pending, and by its press also
    once it is in force. Raises NotConfirmed and the errors of the ports, without any effect.
    """
    part, now = replace(choice, batch=_id_of(person, screens, choice)), clock()
    found = preview_batch(ports, person, screens, choice, now)
    before = [image for image in found.left_alone if _was_sent(ports, person, image, part)]
    ready = [*before, *found.items]
    left_alone = {image: why for image, why in found.left_alone.items() if image not in before}
    if before:
        ready = ready[:confirmed]
    elif len(ready) != confirmed:
        raise NotConfirmed(f"You confirmed {confirmed} items, and {len(ready)} can be decided: look again.")
    pending: dict[ImageRef, str] = {}
    for image in ready:
        now = clock()
        try:
            pending[image] = _decided(ports, person, image, replace(part, screen=screens[image]), now).id
        except ModerationError as error:  # the others may be pending already, and whoever decided must know which
            left_alone[image] = str(error)
        except UNREADABLE:
            left_alone[image] = _UNREAD
    return Batch(part.batch, tuple(pending), left_alone, pending)


def undo_batch(ports: ReviewPorts, person: Person, pending: Mapping[ImageRef, str], now: datetime) -> Batch:
    """Take back those decisions of a batch that are still pending; `pending` are its images with their ids.

    Which they are isn't read from the records: others may have written there. Raises the errors of the ports.
    """
    left_alone, done = {}, []
    for image, pending_id in pending.items():
        try:
            undo_pending(ports, person, image, pending_id, now)
            done.append(image)
        except RequestRefused as refusal:
            left_alone[image] = str(refusal)
        except UNREADABLE:  # nobody vouches for it any more: it waits again once its time is over
            left_alone[image] = _UNREAD
    return Batch("", tuple(done), left_alone)


def _decided(ports: ReviewPorts, person: Person, image: ImageRef, part: Choice, now: datetime) -> Pending:
    """Decide on an item of a batch, which may have been sent before and be at work on it still."""
    try:
        if not _was_sent(ports, person, image, part):
            claim(ports, person, image, now)
    except HeldBySomeone:
        if not _was_sent(ports, person, image, part):  # else it was sent twice at once
            raise
    return decide_pending(ports, person, image, part, now)


def _id_of(person: Person, screens: Mapping[ImageRef, str], choice: Choice) -> str:
    """Return the id of a batch, the same one if it is sent again because its answer was lost."""
    return alike_id(list(screens), person.id, f"{choice} {list(screens.values())}")


def _was_sent(ports: ReviewPorts, person: Person, image: ImageRef, part: Choice) -> bool:
    """Tell if a batch was sent before, and its decision on an item is pending or was counted."""
    record = ports.verdicts.get(image)
    if record is None:
        return False
    try:
        is_counted = bool(part.press) and was_counted(record, alike_id([image], person.id, part.press))
        return is_counted or batch_of(record, person.id) == part.batch
    except UNREADABLE:
        return False


def _free(ports: ReviewPorts, person: Person, images: Iterator[ImageRef], now: datetime) -> Iterator[Record]:
    for record in map(ports.verdicts.get, images):
        if record and is_free(record, utc(now)) and may_see(person, record) and not record.is_escalated:
            yield record


def _obstacle(ports: ReviewPorts, person: Person, image: ImageRef, screen: str, choice: Choice, now: datetime) -> str:
    """Return why a batch can't decide on an item, empty if it can."""
    try:
        record = item_of(ports, person, image, "decide")
        claimed(record, person.id, now)
        blind = claims_blind(record, person.id, utc(now), lead=may(person, "others-decisions"))
        waits = blind or record.verdict == "review"
        if record.is_escalated or not waits or (not blind and is_left_alone(record, choice.verdict)):
            return "This item is decided by itself alone: open it."
        if screen_of(record) != screen:
            raise ItemChanged("This item has changed since it came on your screen: look at it again, then decide.")
        pack = find_policy_shown(ports.work, ports.policies, record, blind=blind or bool(record.blind))
        check_categories(pack, choice)
        check_answerer(record, person.id)
    except RequestRefused as refusal:
        return str(refusal)
    except UNREADABLE:
        return _UNREAD
    return ""
