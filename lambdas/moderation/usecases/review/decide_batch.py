"""Decide alike on several items at once: first as a dry run, then confirmed by their number, and undone as one."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice

from moderation.domain.blind import claims_blind
from moderation.domain.image_ref import ImageRef
from moderation.domain.people import Person, may, may_see
from moderation.domain.record import Record, utc
from moderation.domain.review import UNREADABLE, alike_id, batch_of, claimed, is_free, screen_of
from moderation.errors import ItemChanged, ModerationError, NotConfirmed, RequestRefused
from moderation.usecases.decide_copies import MOST_ALONE, is_left_alone
from moderation.usecases.find_policy import find_policy_shown
from moderation.usecases.review.claim import claim
from moderation.usecases.review.decide_pending import Choice, decide_pending, named
from moderation.usecases.review.ports_of import ReviewPorts, item_of
from moderation.usecases.review.undo import undo_pending


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
    which a port fails, is left alone. One that is sent again while it is pending is the same one. Raises NotConfirmed
    and the errors of the ports, without any effect.
    """
    now = clock()
    if again := _sent_again(ports, person, screens, choice, now):
        return again
    found = preview_batch(ports, person, screens, choice, now)
    if len(found.items) != confirmed:
        raise NotConfirmed(f"You confirmed {confirmed} items, and {len(found.items)} can be decided: look again.")
    batch, left_alone = alike_id(found.items, person.id, utc(clock())), dict(found.left_alone)
    pending: dict[ImageRef, str] = {}
    for image in found.items:
        now = clock()
        try:
            claim(ports, person, image, now)
            made = decide_pending(ports, person, image, replace(choice, screen=screens[image], batch=batch), now)
            pending[image] = str(made.pending_id)
        except ModerationError as error:  # the others may be pending already, and whoever decided must know which
            left_alone[image] = str(error)
    return Batch(batch, tuple(pending), left_alone, pending)


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
            left_alone[image] = "What is pending on this item can't be read."
    return Batch("", tuple(done), left_alone)


def _sent_again(
    ports: ReviewPorts, person: Person, screens: Mapping[ImageRef, str], choice: Choice, now: datetime
) -> Batch | None:
    """Return the batch as it is pending, if it was sent before and its answer was lost; None if it wasn't."""
    records = {image: ports.verdicts.get(image) for image in screens}
    before = {image: batch_of(record, person.id) for image, record in records.items() if record}
    batch = next(filter(None, before.values()), "")
    if not batch:
        return None
    pending: dict[ImageRef, str] = {}
    left_alone = {image: "This item wasn't decided: try again." for image in screens if before.get(image) != batch}
    for image in (each for each in screens if each not in left_alone):
        try:
            made = decide_pending(ports, person, image, replace(choice, screen=screens[image], batch=batch), now)
            pending[image] = str(made.pending_id)
        except ModerationError as error:
            left_alone[image] = str(error)
    return Batch(batch, tuple(pending), left_alone, pending) if pending else None


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
        named(find_policy_shown(ports.work, ports.policies, record, blind=blind or bool(record.blind)), choice)
    except RequestRefused as refusal:
        return str(refusal)
    return ""
