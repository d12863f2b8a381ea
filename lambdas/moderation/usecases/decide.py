"""Overrule a verdict by a person's decision, which no automatic verdict overwrites."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal

from moderation.domain.policy import Pack, pack_data
from moderation.domain.record import Change, Record, overruled, utc
from moderation.domain.work_files import pack_file
from moderation.errors import DecidedMeanwhile, NoSuchRecord, UnknownCategory
from moderation.ports import ImageStore, PolicyStore, Publisher, VerdictStore, WorkStore
from moderation.usecases.find_policy import find_policy
from moderation.usecases.notify import notify
from moderation.usecases.tag_image import tag_image

_ATTEMPTS = 3  # an execution may record its verdict meanwhile


@dataclass(frozen=True)
class DecidePorts:
    """`notified_verdicts` are those that have a topic."""

    images: ImageStore
    work: WorkStore
    policies: PolicyStore
    verdicts: VerdictStore
    publisher: Publisher
    notified_verdicts: frozenset[str]


@dataclass(frozen=True)
class PersonDecision:
    """`categories` are empty for `safe`; `who` is the person's ARN; the note becomes the record's reason.

    The first category is the main one.
    """

    verdict: Literal["safe", "unsafe"]
    categories: tuple[str, ...]
    note: str
    who: str


@dataclass(frozen=True)
class DecisionResult:
    """The record as decided; `tagging` is `tagged`, `gone` or `full`; `topics` names those it was published on."""

    record: Record
    tagging: str
    topics: tuple[str, ...]

    @property
    def notified(self) -> bool:
        return bool(self.topics)


def decide(ports: DecidePorts, record: Record, decision: PersonDecision) -> DecisionResult:
    """Record the decision, tag the object version and publish it; repeating a decision changes nothing.

    Raises UnknownCategory, DecidedMeanwhile where another person decided since `record` was read, and the errors of
    the ports.
    """
    standing = _record(ports, record, decision)
    tagging = tag_image(ports.images, ports.verdicts, standing.image, decision.verdict)
    topics = _topics(ports, standing)
    if topics:  # the decision may be older than the topic
        notify(ports.verdicts, ports.publisher, replace(standing, notified=bool(standing.notified)))
    return DecisionResult(standing, tagging, topics)


def _topics(ports: DecidePorts, record: Record) -> tuple[str, ...]:
    """Return the verdicts whose topics carry the record: the one it reverses, and its own."""
    return tuple(v for v in (record.reversal_to, record.verdict) if v and v in ports.notified_verdicts)


def _record(ports: DecidePorts, record: Record, decision: PersonDecision) -> Record:
    for _ in range(_ATTEMPTS):
        if _is_decided_so(record, decision):
            return record
        change = _change(ports, record, decision)
        if ports.verdicts.compare_and_set(record, change):
            return record.with_change(change)
        before, record = record, _read_again(ports, record)
        if record.decided_by == "person" and record.decided_at != before.decided_at:
            break
    raise DecidedMeanwhile(
        f"{record.image.key} was just decided by someone else: check it with `moderate show`, then decide again."
    )


def _read_again(ports: DecidePorts, record: Record) -> Record:
    standing = ports.verdicts.get(record.image)
    if standing is None:
        raise NoSuchRecord(f"The record of {record.image.key} was just erased.")
    return standing


def _change(ports: DecidePorts, record: Record, decision: PersonDecision) -> Change:
    pack = find_policy(ports.work, ports.policies, record)
    categories = tuple(dict.fromkeys(_named_category(pack, category) for category in decision.categories))
    now = utc(datetime.now(UTC))
    change = overruled(record, decision.verdict, categories, decision.note, decision.who, now)
    added: dict[str, object] = {}
    if pack and not record.policy:
        ports.work.put_if_absent(pack_file(pack.digest), pack_data(pack))
        added["policy"] = {"name": pack.name, "digest": pack.digest}
    if _topics(ports, record.with_change(change)):
        added["notified"] = False
    return replace(change, attributes={**change.attributes, **added}, removed=change.removed - set(added))


def _is_decided_so(record: Record, decision: PersonDecision) -> bool:
    """Tell if the decision is only being repeated."""
    same = record.decided_by == "person" and (record.verdict, record.reason) == (decision.verdict, decision.note)
    return same and _folded(record.all_categories) == _folded(decision.categories) and _who(record) == decision.who


def _who(record: Record) -> object:
    return record.history[-1]["who"]


def _named_category(pack: Pack | None, category: str) -> str:
    """Return the category as the policy spells it; unchecked if the policy is unknown."""
    if pack is None:
        return category
    for name in pack.category_names:
        if name.casefold() == category.casefold():
            return name
    raise UnknownCategory(
        f"{category!r} isn't a category of the policy {pack.name}: use one of {', '.join(pack.category_names)}."
    )


def _folded(names: Sequence[str]) -> list[str]:
    return [name.casefold() for name in names]
