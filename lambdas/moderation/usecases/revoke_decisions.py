"""Take back what a person decided since a time: nothing of it sticks, and its images wait for another person."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from moderation.domain.record import Change, Record, name_of, overruled, utc
from moderation.domain.sticky_decision import StickyDecision
from moderation.ports import DecisionStore, ImageStore, Publisher, VerdictStore
from moderation.usecases.notify import notify, topics_of
from moderation.usecases.tag_image import tag_image


@dataclass(frozen=True)
class RevokePorts:
    """`bucket` is the intake's."""

    bucket: str
    images: ImageStore
    verdicts: VerdictStore
    decisions: DecisionStore
    publisher: Publisher


@dataclass(frozen=True)
class Revocable:
    """Decisions of a person since a time: those that stick, and the records that rest on any of them."""

    sticky: tuple[StickyDecision, ...]
    records: tuple[Record, ...]


@dataclass(frozen=True)
class Requeued:
    """A record; `requeued` is False where it changed meanwhile and was left alone."""

    record: Record
    requeued: bool


def find_revocable(ports: RevokePorts, who: str, since: datetime) -> Revocable:
    """Find the decisions of a person, by their ARN or its last part, since a time. Raises the errors of the ports."""
    first = utc(since)
    sticky = tuple(made for made in ports.decisions.made_since(ports.bucket, first) if _is_by(who, made.decided_by))
    images = [image for image in ports.verdicts.decided_by_people(first) if image.bucket == ports.bucket]
    records = (ports.verdicts.get(image) for image in images)  # the index lags behind
    return Revocable(sticky, tuple(record for record in records if record and _rests_on(record, who, first)))


def withdraw(ports: RevokePorts, sticky: Sequence[StickyDecision]) -> int:
    """Withdraw decisions that stick; returns the number of those that weren't changed meanwhile.

    An execution that is about to record one of them then ends in a failure instead. Raises the errors of the ports.
    """
    return sum(ports.decisions.withdraw(made) for made in sticky)


def requeue(ports: RevokePorts, records: Sequence[Record], who: str) -> Iterator[Requeued]:
    """Put records back into the queue of people, in the name of `who` (ARN), and publish that as a reversal.

    Raises the errors of the ports.
    """
    for record in records:
        change = _requeued(ports, record, who)
        done = ports.verdicts.compare_and_set(record, change)
        if done:
            tag_image(ports.images, ports.verdicts, record.image, "review")
            notify(ports.verdicts, ports.publisher, record.with_change(change))
        yield Requeued(record, done)


def _requeued(ports: RevokePorts, record: Record, who: str) -> Change:
    note = f"The decision of {name_of(str(record.decider))} was revoked: another person must decide."
    change = overruled(record, "review", (), note, who, utc(datetime.now(UTC)))
    told = any(ports.publisher.has_topic(topic) for topic in topics_of(ports.publisher, record.with_change(change)))
    added = {"notified": False} if told else {}
    return replace(change, attributes={**change.attributes, **added}, removed=change.removed - set(added))


def _rests_on(record: Record, who: str, since: str) -> bool:
    """Tell if a record's verdict is a decision of a person, made since a time."""
    if record.decided_by != "person" or record.verdict not in ("safe", "unsafe"):
        return False
    return _is_by(who, str(record.decider)) and str(record.as_of or record.decided_at) >= since


def _is_by(who: str, decider: str) -> bool:
    return who in (decider, name_of(decider))
