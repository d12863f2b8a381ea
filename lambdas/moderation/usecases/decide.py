"""Overrule a verdict by a person's decision, which no automatic verdict overwrites."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from enum import Enum
from typing import Literal

from moderation.domain.manifest import manifest_from_json
from moderation.domain.policy import Pack, pack_data
from moderation.domain.record import Change, Record, name_of, overruled, utc
from moderation.domain.reports import answered, open_reports, source_of
from moderation.domain.review import put_into_force
from moderation.domain.sticky_decision import Sticking, StickyDecision
from moderation.domain.work_files import Workspace, pack_file
from moderation.errors import (
    AppealRefused,
    DecidedMeanwhile,
    InvalidPolicy,
    Misconfigured,
    NoSuchRecord,
    UnknownCategory,
)
from moderation.ports import DecisionStore, ImageStore, PolicyStore, Publisher, VerdictStore, WorkStore
from moderation.usecases.decision_keys import key_under
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
    decisions: DecisionStore
    publisher: Publisher
    notified_verdicts: frozenset[str]


@dataclass(frozen=True)
class PersonDecision:
    """`categories` are empty for `safe`; `who` is the person's ARN; the note becomes the record's reason.

    The first category is the main one. `seen` says that the person saw the picture: a `safe` sticks to the bytes only
    then. With `this_copy` the decision is bound to the context of this upload (a notice, rights, a test of reviewers,
    a first of two opinions), neither sticks nor changes what does. `appeal` says that it upholds an appeal, `golden`
    that the picture is a golden item, against which packs and models are measured whatever its age. `source` names
    the notice that led to it (`domain.transparency_terms.SOURCES`), and is empty if the record says it itself.
    `pending` is the id of the pending decision that this ends: it comes into force only while that is pending.
    `reply` is told to those who appealed or sent a notice, which every decision answers.
    `seconds` is the time that it took, if that was measured.
    """

    verdict: Literal["safe", "unsafe"]
    categories: tuple[str, ...]
    note: str
    who: str
    seen: bool = False
    this_copy: bool = False
    appeal: bool = False
    golden: bool = False
    source: str = ""
    pending: str = ""
    reply: str = ""
    seconds: int | None = None


class Stickiness(Enum):
    """The reason why a decision sticks to the bytes, or why it doesn't."""

    STICKS = "sticks"
    OTHER_RULES = "other rules"  # it sticks under the route and rules of the record, and others are in force
    THIS_COPY = "this copy"
    UNSEEN = "unseen"
    UNKNOWN = "unknown"
    SWITCHED_OFF = "switched off"


@dataclass(frozen=True)
class DecisionResult:
    """The record as decided; `tagging` is `tagged`, `gone` or `full`; `topics` names those it was published on.

    `withdrawn` tells that an earlier decision on the same bytes no longer sticks, and none is in its place; `upheld`
    that this decision doesn't stick, but an earlier one with the same verdict does.
    """

    record: Record
    tagging: str
    topics: tuple[str, ...]
    stickiness: Stickiness
    withdrawn: bool = False
    upheld: bool = False

    @property
    def notified(self) -> bool:
        return bool(self.topics)


@dataclass(frozen=True)
class _Plan:
    """Changes that a decision takes; `change` is None where nothing is to be written."""

    change: Change | None
    sticking: Sticking | None
    stickiness: Stickiness

    @property
    def withdraws(self) -> bool:
        return self.sticking is not None and self.sticking.standing is not None and self.sticking.wanted is None

    @property
    def upholds(self) -> bool:
        return self.stickiness is Stickiness.UNSEEN and self.sticking is not None and self.sticking.wanted is not None


def decide(ports: DecidePorts, record: Record, decision: PersonDecision) -> DecisionResult:
    """Record the decision, tag the object version and publish it; repeating a decision changes nothing.

    The record and the sticky decision on its bytes change together. Raises UnknownCategory, AppealRefused,
    DecidedMeanwhile where another person decided since `record` was read, and the errors of the ports.
    """
    standing, plan = _record(ports, _with_bytes(ports, record), decision)
    tagging = tag_image(ports.images, ports.verdicts, standing.image, decision.verdict)
    topics = _topics(ports, standing)
    if topics:  # the decision may be older than the topic
        notify(ports.verdicts, ports.publisher, replace(standing, notified=bool(standing.notified)))
    return DecisionResult(standing, tagging, topics, plan.stickiness, plan.withdraws, plan.upholds)


def route_of(policies: PolicyStore, record: Record) -> str | None:
    """Return the prefix of the route under which a record was judged, else of that in force; None if it is broken."""
    if record.route is not None:
        return record.route
    try:
        return policies.for_key(record.image.key).route
    except InvalidPolicy:
        return None


def _with_bytes(ports: DecidePorts, record: Record) -> Record:
    """Return the record with the SHA-256 that its execution found, which the workflow's own failures don't have."""
    if record.sha256:
        return record
    try:
        manifest = ports.work.get_json(Workspace.of(record.image, record.execution or record.owner).manifest)
    except Misconfigured:  # it was never prepared, or so long ago that its files have expired
        return record
    facts = manifest_from_json(manifest).facts
    return replace(record, sha256=facts.sha256)


def _topics(ports: DecidePorts, record: Record) -> tuple[str, ...]:
    """Return the verdicts whose topics carry the record: the one it reverses, and its own."""
    return tuple(v for v in (record.reversal_to, record.verdict) if v and v in ports.notified_verdicts)


def _record(ports: DecidePorts, record: Record, decision: PersonDecision) -> tuple[Record, _Plan]:
    for _ in range(_ATTEMPTS):
        plan = _plan(ports, record, decision)
        if plan.change is None:
            return record, plan
        if ports.verdicts.compare_and_set(record, plan.change, plan.sticking):
            return record.with_change(plan.change), plan
        before, record = record, _with_bytes(ports, _read_again(ports, record))
        if record.decided_by == "person" and record.decided_at != before.decided_at:
            break
        if decision.pending and (record.pending_id, record.report_id) != (decision.pending, before.report_id):
            break
    raise DecidedMeanwhile(
        f"{record.image.key} was just decided by someone else: check it with `moderate show`, then decide again."
    )


def _read_again(ports: DecidePorts, record: Record) -> Record:
    standing = ports.verdicts.get(record.image)
    if standing is None:
        raise NoSuchRecord(f"The record of {record.image.key} was just erased.")
    return standing


def _plan(ports: DecidePorts, record: Record, decision: PersonDecision) -> _Plan:
    is_repeated = _is_decided_so(record, decision)
    if is_repeated and (decision.this_copy or not record.sha256):
        return _Plan(None, None, Stickiness.THIS_COPY if decision.this_copy else Stickiness.UNKNOWN)
    pack = find_policy(ports.work, ports.policies, record)
    categories = tuple(dict.fromkeys(_named_category(pack, category) for category in decision.categories))
    named, now = replace(decision, categories=categories), utc(datetime.now(UTC))
    stickiness, sticking = _sticking(ports, record, pack, named, now)
    if is_repeated:
        return _Plan(_repeated(record, decision, sticking), sticking, stickiness)
    if decision.appeal:
        _check_appeal(record, decision)
    return _Plan(_change(ports, record, pack, named, now, sticking), sticking, stickiness)


def _sticking(
    ports: DecidePorts, record: Record, pack: Pack | None, decision: PersonDecision, now: str
) -> tuple[Stickiness, Sticking | None]:
    """Return if the decision sticks, and what becomes of the one that stands: none that contradicts it stays."""
    if decision.this_copy:
        return Stickiness.THIS_COPY, None
    route = route_of(ports.policies, record)
    if pack is None or route is None or not record.sha256:
        return Stickiness.UNKNOWN, None
    key = key_under(ports.work, record.image.bucket, record.sha256, route, pack)
    standing = ports.decisions.find(key)
    if not pack.sticky_decisions or (decision.verdict == "safe" and not decision.seen):
        agrees = standing is not None and standing.verdict == decision.verdict
        why = Stickiness.UNSEEN if pack.sticky_decisions else Stickiness.SWITCHED_OFF
        return why, Sticking(key, standing, standing if agrees else None)
    wanted = StickyDecision(key, route, decision.verdict, decision.categories, decision.note, decision.who, now)
    why = Stickiness.STICKS if _is_applied(ports, record, route, pack) else Stickiness.OTHER_RULES
    return why, Sticking(key, standing, standing if wanted.says_the_same(standing) else wanted)


def _is_applied(ports: DecidePorts, record: Record, route: str, pack: Pack) -> bool:
    """Tell if a decision under a route and a pack's rules holds for what is uploaded under the record's key now."""
    try:
        policies = ports.policies.for_key(record.image.key)
    except InvalidPolicy:
        return False
    enforced = policies.enforce
    return enforced.sticky_decisions and (policies.route, enforced.rules_digest) == (route, pack.rules_digest)


def _repeated(record: Record, decision: PersonDecision, sticking: Sticking | None) -> Change | None:
    """Return the change of a record that stands as decided: what sticks, and that the person saw the picture by now."""
    *earlier, made = record.history
    attributes: dict[str, object] = {}
    if decision.seen and not made.get("seen"):
        attributes["history"] = [*earlier, {**made, "seen": True}]
    if sticking and sticking.wanted != sticking.standing and sticking.wanted:
        attributes["decision"] = asdict(sticking.wanted.key)
    if not attributes and (sticking is None or sticking.wanted == sticking.standing):
        return None
    return Change({"status": "decided", **attributes}, _gone(sticking))


def _gone(sticking: Sticking | None) -> frozenset[str]:
    """Return the attribute of a record that names the sticky decision, if none stands any more."""
    return frozenset({"decision"} if sticking and not sticking.wanted else ())


def _check_appeal(record: Record, decision: PersonDecision) -> None:
    if (record.verdict, decision.verdict) != ("unsafe", "safe"):
        raise AppealRefused(
            f"An appeal that is upheld turns unsafe into safe; {record.image.key} is {record.verdict or 'undecided'}."
        )
    if record.decided_by == "person" and name_of(str(record.decider)) == name_of(decision.who):
        raise AppealRefused("You made the decision that the appeal is about: somebody else must decide on the appeal.")


def _change(
    ports: DecidePorts,
    record: Record,
    pack: Pack | None,
    decision: PersonDecision,
    now: str,
    sticking: Sticking | None,
) -> Change:
    change = overruled(
        record,
        decision.verdict,
        decision.categories,
        decision.note,
        decision.who,
        now,
        sticking.wanted.key if sticking and sticking.wanted else None,
        seen=decision.seen,
        this_copy=decision.this_copy,
        appeal=decision.appeal,
        golden=decision.golden,
        source=decision.source or source_of(record, decision.verdict, decision.who),
        id=decision.pending,
        seconds=decision.seconds or 0,
    )
    if decision.pending:
        change = put_into_force(change)
    added: dict[str, object] = {}
    if pack and not record.policy:
        ports.work.put_if_absent(pack_file(pack.digest), pack_data(pack))
        added["policy"] = {"name": pack.name, "digest": pack.digest}
    if record.reports:
        added["reports"] = answered(record, decision.verdict, decision.reply, now, decision.who)
    if record.sha256:
        added["sha256"] = record.sha256
    if _topics(ports, record.with_change(change)):
        added["notified"] = False
    removed = (change.removed | _gone(sticking)) - set(added)
    return replace(change, attributes={**change.attributes, **added}, removed=removed)


def _is_decided_so(record: Record, decision: PersonDecision) -> bool:
    """Tell if the decision is only being repeated, on the upload itself."""
    if record.decided_by != "person" or record.as_of or record.is_bound_to_context != decision.this_copy:
        return False
    if decision.golden and not record.is_golden:
        return False
    is_ended = bool(decision.pending) and record.history[-1].get("id") == decision.pending
    if open_reports(record) and not is_ended:
        return False
    if decision.source and record.history[-1].get("source") != decision.source:
        return False
    same = (record.verdict, record.reason) == (decision.verdict, decision.note)
    return same and _folded(record.all_categories) == _folded(decision.categories) and record.decider == decision.who


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
