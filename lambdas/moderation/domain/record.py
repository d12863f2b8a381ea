"""The record of one object version in the verdict table, and its life cycle.

An execution claims it, a verdict is recorded (`decided`), a person may overrule it any number of times (`overruled`),
a redrive may reopen a failure (`reopened`), and an erasure deletes it. Each function returns the attributes that the
transition sets and removes; attributes that this code doesn't know stay in the item until it is reopened.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime, timedelta
from typing import Any

from moderation.contract import SHARDS
from moderation.domain.image_ref import ImageRef
from moderation.domain.lanes import RANK, UNSORTED, order_of
from moderation.domain.limits import MAX_ITEM_BYTES
from moderation.domain.sticky_decision import DecisionKey, StickyDecision

SCHEMA_VERSION = 1
# Owner of a claim that a redrive reopened after its execution ended: the next execution may take it over.
REDRIVEN = "redrive"
# Status of a record that a shadow run left: no verdict, and free to be claimed by another execution.
SHADOWED = "shadowed"
# Attributes by which a verdict has an effect, or is found.
_IN_FORCE = {"verdict", "notified", "queue", "queue_order", "sha256", "cache_key", "reference", "uploader"}
# Partitions of the queue's index that list people's decisions.
PERSON_QUEUE = "person"
# … and those that list what people decided as golden items.
GOLDEN_QUEUE = "golden"
# … those of decisions that wait for a second opinion, and of those that two people differ on.
SECOND_QUEUE = "second"
CONTESTED_QUEUE = "contested"
# … and those that list the verdicts which were drawn into a sample and wait for a person, beside the review queue.
SAMPLE_QUEUE = "sample"
# Partitions of the index by verdict that list escalated images, whatever their verdict.
ESCALATED = "escalated"
# Attributes that distinguish one state of a record from the next.
DECISION = ("owner", "verdict", "decided_by", "decided_at", "escalated_at")
# … and a decision that is pending, or a report, which another decision may not overlook.
STATE = (*DECISION, "pending_id", "report_id")
# Attributes of an item that somebody is at work on: none of them outlives a decision.
AT_WORK = (
    *("lease_holder", "lease_until", "leased_at", "blind", "revealed"),
    *("pending", "pending_id", "home_queue", "home_order", "skipped_by"),
)
# … and what is written of a decision by whoever puts it into force alone.
NOT_IN_FORCE = (*AT_WORK, "vouched")
# Attributes of the judgement that another upload of the same bytes may reuse.
_JUDGEMENT = (
    "verdict",
    "category",
    "reason",
    "decided_by",
    "row",
    "judgement",
    "top_finding",
    "other_category",
    "evidence",
    "answers",
    "captions",
    "reading",
    "shadow",
    "models",
    "prompt_version",
    "shortened",
)
_KEPT_WHEN_REOPENED = {
    *("pk", "sk", "schema_version", "image", "created_at", "reference", "uploader", "expires_at"),
    "escalated_at",
    "reports",
    "report_id",
}


@dataclass(frozen=True, kw_only=True)
class Record:
    """One item of the verdict table. Missing attributes get their default; unknown ones are in `other`.

    `facts` are those of the uploaded object (SHA-256, size, format …), `evidence` the findings of the pack in
    force, `answers` every raw answer that any pack asked for, `reading` the text in the image, `looked_at` the views
    and frames that the models saw.
    `categories` is there only if a person named several, the main one first.
    `needs` is what a review waits for instead of a person: "reupload" (another upload) or "policy" (a corrected pack).
    `previous_verdict` is the one that the verdict replaced, `previous_notified` if a topic carried it.
    `decision` is the key of the sticky decision on its bytes that stood at its last change, even where the verdict
    doesn't rest on it, so that an erasure finds it; `as_of` is the time of a person's decision on
    another upload of the same bytes, and None if they decided on this one. `route` is the prefix of its policy's route.
    `escalated_at` is the time at which the image was escalated, which is never taken back.
    `severity` and `due_at` are those of a review, `supports` the categories that something speaks for (`domain.lanes`);
    it is leased to `lease_holder` since `leased_at` until `lease_until`, and
    returns to the partition `home_queue` under `home_order`; `revealed` are the views that its holder was shown.
    `pending` is a person's decision that isn't in force yet, `skipped_by` lists the people who passed the item on.
    `vouched` says whose decision that is, and of which content (`domain.vouch`).
    `reports` are the appeals and notices (`domain.reports`), `report_id` names the last one.
    `opinions` are the answers of people who saw the item `blind`, as it is leased then (`domain.blind`).
    `sample` says how the verdict was drawn into a sample (`domain.sample`); it stays when a person decides.
    If `evidence_in` names a file of the work bucket, evidence and answers are there. Times are ISO-8601 UTC;
    `created_at` is the upload's, `claimed_at` the start of the last execution (None in records of earlier releases).
    """

    image: ImageRef
    schema_version: int = SCHEMA_VERSION
    status: str = "claimed"
    owner: str = ""
    execution: str | None = None
    created_at: str = ""
    claimed_at: str | None = None
    decided_at: str | None = None
    verdict: str | None = None
    category: str | None = None
    categories: Sequence[str] = ()
    reason: str | None = None
    decided_by: str | None = None
    row: str | None = None
    judgement: Mapping[str, Any] | None = None
    cause: str | None = None
    needs: str | None = None
    notified: bool | None = None
    previous_verdict: str | None = None
    previous_notified: bool | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    sha256: str | None = None
    reference: str | None = None
    uploader: str | None = None
    policy: Mapping[str, str] | None = None
    route: str | None = None
    decision: Mapping[str, str] | None = None
    as_of: str | None = None
    preprocessing_version: str | None = None
    prompt_version: str | None = None
    models: Mapping[str, str] = field(default_factory=dict)
    cache_key: str | None = None
    reused_from: Mapping[str, str] | None = None
    looked_at: Mapping[str, Any] | None = None
    answers: Sequence[Mapping[str, Any]] | None = None
    captions: Sequence[Mapping[str, str]] = ()
    reading: Mapping[str, Any] | None = None
    evidence: Sequence[Mapping[str, Any]] | None = None
    evidence_in: str | None = None
    top_finding: Mapping[str, Any] | None = None
    other_category: str | None = None
    shadow: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    shortened: Sequence[str] = ()
    repairs: int = 0
    timings: Mapping[str, int] = field(default_factory=dict)
    history: Sequence[Mapping[str, Any]] = ()
    expires_at: int | None = None
    escalated_at: str | None = None
    sample: Mapping[str, Any] | None = None
    supports: Sequence[str] = ()
    severity: int | None = None
    due_at: str | None = None
    lease_holder: str | None = None
    lease_until: str | None = None
    leased_at: str | None = None
    revealed: Sequence[str] = ()
    pending: Mapping[str, Any] | None = None
    pending_id: str | None = None
    vouched: Mapping[str, str] | None = None
    home_queue: str | None = None
    home_order: str | None = None
    skipped_by: Sequence[str] = ()
    reports: Sequence[Mapping[str, Any]] = ()
    report_id: str | None = None
    opinions: Sequence[Mapping[str, Any]] = ()
    blind: Mapping[str, Any] | None = None
    other: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def from_attributes(cls, attributes: Mapping[str, Any]) -> "Record":
        """Read an item, or an index's projection of one. Raises KeyError if it has no key."""
        image = ImageRef.from_keys(attributes["pk"], attributes["sk"])
        facts = {k: v for k, v in (attributes.get("image") or {}).items() if k not in ("bucket", "key", "version")}
        known = {name: attributes[name] for name in _STORED if attributes.get(name) is not None}
        other = {name: value for name, value in attributes.items() if name not in _KNOWN}
        return cls(image=image, facts=facts, other=other, **known)

    def attributes(self) -> dict[str, Any]:
        """The item's attributes: the inverse of `from_attributes`."""
        named = {name: getattr(self, name) for name in _STORED}
        return {
            **self.other,
            **{name: value for name, value in named.items() if value not in (None, (), {})},
            "category": self.category,
            "pk": self.image.pk,
            "sk": self.image.version,
            "image": {**asdict(self.image), **self.facts},
        }

    def with_change(self, change: "Change") -> "Record":
        """Return the record after a change."""
        stored = {name: value for name, value in self.attributes().items() if name not in change.removed}
        return Record.from_attributes({**stored, **change.attributes})

    @property
    def findings(self) -> list[dict[str, Any]]:
        """The findings, each with the raw answer from which it was scored (`text`, `p_yes`, `p_blank`)."""
        raw = {(answer["view"], answer["question"]): answer for answer in self.answers or ()}
        return [{**raw.get((found["view"], found["question"]), {}), **found} for found in self.evidence or ()]

    @property
    def is_escalated(self) -> bool:
        """Tell if the image was escalated: it is in no report, sample, replay or evaluation."""
        return self.escalated_at is not None

    @property
    def reverses(self) -> str | None:
        """The earlier verdict, if the verdict is another one."""
        return self.previous_verdict if self.verdict and self.previous_verdict != self.verdict else None

    @property
    def reversal_to(self) -> str | None:
        """The earlier verdict whose topic has to carry the reversal, because it carried that verdict."""
        return self.reverses if self.previous_notified else None

    @property
    def decider(self) -> str | None:
        """The ARN of the person who decided, else what did."""
        return str(self.history[-1]["who"]) if self.decided_by == "person" else self.decided_by

    @property
    def is_bound_to_context(self) -> bool:
        """Tell if a person decided on this upload alone, whatever its bytes."""
        return self.decided_by == "person" and bool(self.history[-1].get("this_copy"))

    @property
    def is_prepared(self) -> bool:
        """Tell if the object passed the checks of its declared type and of its bytes."""
        return self.preprocessing_version is not None

    @property
    def is_golden(self) -> bool:
        """Tell if a person decided on it as a golden item, whose truth is known."""
        return self.decided_by == "person" and bool(self.history[-1].get("golden"))

    @property
    def last_claimed(self) -> str:
        """Start of the last execution, at which records of earlier releases were created."""
        return self.claimed_at or self.created_at

    @property
    def upload_order(self) -> tuple[str, str]:
        """Key that sorts records by upload; uploads of the same second by their executions."""
        return self.created_at, self.last_claimed

    @property
    def all_categories(self) -> tuple[str, ...]:
        """Categories of the verdict, the main one first."""
        return tuple(self.categories) or ((self.category,) if self.category else ())

    @property
    def failure(self) -> tuple[str, str] | None:
        """Name and message of the error behind a verdict by failure, without a Lambda's stack trace."""
        if self.decided_by != "failure" or not self.cause:
            return None
        cause = _parsed(self.cause)
        if "Error" not in cause:
            return "unknown error", self.cause
        return cause["Error"], _message(cause.get("Cause")) or str(cause.get("Cause") or "")


_STORED = tuple(f.name for f in fields(Record) if f.name not in ("image", "facts", "other"))
_KNOWN = {"pk", "sk", "image", *_STORED}


@dataclass(frozen=True)
class Change:
    """Attributes that a transition sets and removes; all others stay."""

    attributes: Mapping[str, Any]
    removed: frozenset[str] = frozenset()


def known_to(kind: type, stored: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a dataclass has of stored attributes: those that a later release added are ignored."""
    return {each.name: stored[each.name] for each in fields(kind) if each.name in stored}


def name_of(arn: str) -> str:
    """Return a person's name from their ARN: that of a role's session or of a user, whatever the role."""
    return arn.rpartition("/")[2]


def utc(moment: datetime) -> str:
    """Format a time as Step Functions does: ISO-8601, milliseconds, `Z`. Such texts sort by time."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def moment_of(text: object) -> datetime | None:
    """Read an ISO-8601 time with its offset; None for anything else."""
    try:
        moment = datetime.fromisoformat(text) if isinstance(text, str) else None
        return moment.astimezone(UTC) if moment and moment.tzinfo else None
    except (ValueError, OverflowError):
        return None


def shard_of(image: ImageRef, verdict: str, created_at: str) -> str:
    """Partition of the index by verdict: `<verdict>#<day>#<shard>`; `created_at` is ISO-8601 UTC."""
    return f"{verdict}#{created_at[:10]}#{_shard(image)}"


def upload_time(given: Mapping[str, Any], started_at: str) -> str:
    """Return the earliest time in an execution's input, at latest its start.

    The input of a dead letter has the upload's time in `uploaded_at`; one made by hand may hold anything.
    """
    times = (moment_of(given.get(name)) for name in ("uploaded_at", "time"))
    return min([started_at, *(utc(moment) for moment in times if moment)])


def earliest(uploaded_at: str, standing: Record | None) -> str:
    """Return the upload's time, which stands in a record already if this isn't the first execution."""
    return min(uploaded_at, standing.created_at) if standing and standing.created_at else uploaded_at


def waits_for_person(attributes: Mapping[str, Any]) -> bool:
    """Tell if the attributes of a verdict are those of a review that needs a person, and nothing else."""
    return attributes["verdict"] == "review" and "needs" not in attributes


def decided(
    attributes: Mapping[str, Any], image: ImageRef, created_at: str, now: str, size: int | None = None
) -> dict[str, Any]:
    """Complete the attributes of a verdict with its times and index keys; `size` is the object's in bytes.

    A review that `needs` something else than a person isn't in the queue of people.
    """
    verdict = attributes["verdict"]
    return {
        **attributes,
        "schema_version": SCHEMA_VERSION,
        "image": asdict(image) | ({} if size is None else {"size": size}) | attributes.get("image", {}),
        "status": "decided",
        "created_at": created_at,
        "decided_at": now,
        "verdict_shard": shard_of(image, verdict, created_at),
        **(_queue_keys(image, created_at, attributes) if waits_for_person(attributes) else {}),
        **(_person_keys(image, now) if attributes["decided_by"] == "person" else {}),
    }


def shadowed(attributes: Mapping[str, Any], image: ImageRef) -> dict[str, Any]:
    """Turn the attributes of a verdict (`decided`) into those of one without effect, listed as `shadow-<verdict>`."""
    kept = {name: value for name, value in attributes.items() if name not in _IN_FORCE}
    partition = shard_of(image, f"shadow-{attributes['verdict']}", attributes["created_at"])
    return {**kept, "status": SHADOWED, "verdict_shard": partition}


def rejected(error: str, cause: str, provenance: Mapping[str, Any]) -> dict[str, Any]:
    """Attributes of a `review` verdict for a permanent error: `error` is its class, `cause` Lambda's JSON.

    Images under an invalid policy wait for its correction and a redrive, outside the queue of people.
    """
    message = _message(cause)
    return {
        **provenance,
        "verdict": "review",
        "category": None,
        "reason": message or f"The moderation failed with {error}.",
        "decided_by": "failure",
        "cause": json.dumps({"Error": error, "Cause": message or ""}),
        **({"needs": "policy"} if error == "InvalidPolicy" else {}),
    }


def ended(status: str) -> dict[str, Any]:
    """Attributes of a `review` verdict for an execution that ended without its last Catch."""
    return {
        "verdict": "review",
        "category": None,
        "reason": f"The moderation ended as {status} before there was a verdict: a person must decide, "
        "or `moderate redrive` tries again.",
        "decided_by": "failure",
        "cause": json.dumps({"Error": status, "Cause": ""}),
        "notified": False,
    }


def overruled(
    record: Record,
    verdict: str,
    categories: Sequence[str],
    note: str,
    who: str,
    now: str,
    decision: DecisionKey | None = None,
    **circumstances: bool | str | int,
) -> Change:
    """Change for a person's decision; `now` is ISO-8601 UTC, `who` an ARN. The earlier verdict moves to the history.

    The first category is the main one. `decision` is the key of what sticks to the bytes now; without one, the record's
    stays. The circumstances that are true or named, such as `seen`, are noted in the history. An escalated image stays
    out of all partitions but its own.
    """
    said = _said(verdict, categories, note)
    noted = {name: value for name, value in circumstances.items() if value}
    queued = (
        _queue_keys(record.image, record.created_at, record.attributes())
        if verdict == "review"
        else _person_keys(record.image, now, GOLDEN_QUEUE if "golden" in noted else PERSON_QUEUE)
    )
    attributes = {
        **said,
        **_previous(record, verdict),
        **({"decision": asdict(decision)} if decision else {}),
        "status": "decided",
        "decided_at": now,
        "verdict_shard": shard_of(record.image, ESCALATED if record.is_escalated else verdict, record.created_at),
        "history": [*_with_history(record), said | {"at": now, "who": who, "note": note} | noted],
        **({} if record.is_escalated else queued),
    }
    optional = {"categories", "needs", "notified", "previous_verdict", "previous_notified", "as_of", *NOT_IN_FORCE}
    return Change(attributes, frozenset(optional - set(attributes)))


def escalated(record: Record, now: str) -> Change:
    """Change that escalates an image, `now` being ISO-8601 UTC: no report, sample or queue lists the record any more.

    Its verdict stays, and it no longer expires. Raises ValueError for a record without a verdict, whose execution
    would file it again.
    """
    if not record.verdict:
        raise ValueError(f"{record.image.key} has no verdict: it can't be escalated")
    partition = shard_of(record.image, ESCALATED, record.created_at)
    attributes = {"escalated_at": record.escalated_at or now, "verdict_shard": partition}
    return Change(attributes, frozenset({"queue", "queue_order", "expires_at", *NOT_IN_FORCE}))


def decided_before(decision: StickyDecision, standing: Record | None) -> dict[str, Any]:
    """Attributes of the verdict on bytes that a person decided on before; the history of a redriven record stays."""
    note = decision.reason or "A person decided so on a file with the same content."
    said = _said(decision.verdict, decision.categories, note)
    entry = said | {"at": decision.decided_at, "who": decision.decided_by, "note": note, "same_bytes": True}
    return {
        **said,
        "as_of": decision.decided_at,
        "decision": asdict(decision.key),
        "history": [*(standing.history if standing else ()), entry],
    }


def _said(verdict: str, categories: Sequence[str], note: str) -> dict[str, Any]:
    category = categories[0] if categories else None
    said: dict[str, Any] = {"verdict": verdict, "category": category, "reason": note, "decided_by": "person"}
    return said | ({"categories": list(categories)} if len(categories) > 1 else {})


def reopened(record: Record) -> Change:
    """Change that makes the record a claim for another execution; its verdict moves to the history.

    Not for escalated images: the execution would file its verdict like any other.
    """
    attributes = {
        "status": "claimed",
        "owner": REDRIVEN,
        **_previous(record, None),
        "verdict_shard": shard_of(record.image, "claimed", record.created_at),
        "history": _with_history(record),
    }
    # Also what is empty in the item, which a `Record` doesn't tell from what isn't there.
    return Change(attributes, frozenset((_KNOWN | set(record.other)) - set(attributes) - _KEPT_WHEN_REOPENED))


def filed_by_upload(record: Record) -> Change | None:
    """Change that files a failure under the day of its upload; None where it is, in a shadow run and once escalated.

    The workflow's own recording of a failure knows only the start of its execution, which a redrive puts days later.
    """
    if record.decided_by != "failure" or record.verdict is None or record.is_escalated:
        return None
    day = shard_of(record.image, record.verdict, record.created_at).rsplit("#", 1)[0]
    filed = str(record.other.get("verdict_shard") or day)
    if filed.startswith(day):
        return None
    queued = _queue_keys(record.image, record.created_at, {}) if record.other.get("queue") in UNSORTED else {}
    return Change({"verdict_shard": shard_of(record.image, record.verdict, record.created_at), **queued})


def drawn(record: Record, sample: Mapping[str, Any]) -> Change:
    """Change that draws a verdict into a sample, and lets it wait for a person; the verdict itself stays.

    One that a person decided on waits no longer, and one that is reported waits for its answer.
    """
    waits = record.decided_by != "person" and not record.other.get("queue")
    keys = {"queue": f"{SAMPLE_QUEUE}#{_shard(record.image)}", "queue_order": record.created_at}
    return Change({"sample": dict(sample), **(keys if waits else {})})


def is_reusable(record: Record, cache_key: str) -> bool:
    """Tell if the judgement may be reused: same cache key, decided by the models, and complete in the item."""
    return record.cache_key == cache_key and record.decided_by in ("judge", "evidence") and record.evidence is not None


def judgement_of(record: Record) -> dict[str, Any]:
    """The attributes that another upload of the same bytes takes over from the record."""
    taken = {name: getattr(record, name) for name in _JUDGEMENT if name != "reading" or record.reading}
    return taken | {"repairs": 0, "timings": {}}


def expiry(decided_at: str, days: int) -> int:
    """Expiry of a record decided at that time (as `utc` writes it), `days` later, in seconds since 1970."""
    return int((datetime.fromisoformat(decided_at) + timedelta(days=days)).timestamp())


def since_upload(uploaded: object, started_at: str, now: str) -> int:
    """Milliseconds to `now` from the upload's event, or from the execution's start if that time is invalid.

    All three are ISO-8601; an execution started by hand may hold anything as the time of its upload.
    """
    try:
        begun = datetime.fromisoformat(str(uploaded)).astimezone(UTC)
    except (ValueError, OverflowError):
        begun = datetime.fromisoformat(started_at)
    return max(0, round((datetime.fromisoformat(now) - begun).total_seconds() * 1000))


def overflows(attributes: Mapping[str, Any], most: int = MAX_ITEM_BYTES) -> bool:
    """Tell if an item is too long, which DynamoDB limits to 400 KB: evidence and answers must move out of it then."""
    return len(json.dumps(attributes, ensure_ascii=False).encode()) > most


def queue_keys(record: Record) -> dict[str, str]:
    """Keys of the queue's index under which a record is found, as if nobody had been at work on it."""
    if record.verdict == "review":
        return _queue_keys(record.image, record.created_at, {})
    return _person_keys(record.image, str(record.decided_at))


def _queue_keys(image: ImageRef, created_at: str, filed: Mapping[str, Any]) -> dict[str, str]:
    """Keys of the sparse index of the review queue, unsorted: the gravest first, then the one that is due first."""
    order = order_of(filed["severity"], filed["due_at"]) if "severity" in filed else f"{RANK}#{created_at}"
    return {"queue": UNSORTED[_shard(image)], "queue_order": order}


def _person_keys(image: ImageRef, decided_at: str, queue: str = PERSON_QUEUE) -> dict[str, str]:
    """Keys of the same index for what people decided, by time, so that their decisions can be found."""
    return {"queue": f"{queue}#{_shard(image)}", "queue_order": decided_at}


def _shard(image: ImageRef) -> int:
    return int(image.id, 16) % SHARDS


def _previous(record: Record, verdict: str | None) -> dict[str, Any]:
    """The earlier verdict of a record that gets another; None stands for one that isn't known yet.

    A reversal that wasn't published yet remains due: the topic carried nothing since.
    """
    if record.notified is False and record.reversal_to not in (None, verdict):
        return {"previous_verdict": record.reversal_to, "previous_notified": True}
    if record.verdict in (None, verdict):
        return {}
    return {"previous_verdict": record.verdict, **({"previous_notified": True} if record.notified else {})}


def _with_history(record: Record) -> list[Mapping[str, Any]]:
    """The history with the current verdict added; a person's was added when it was made."""
    history = list(record.history)
    if not record.verdict or record.decided_by == "person":
        return history
    standing = {name: getattr(record, name) for name in ("verdict", "category", "reason", "decided_by")}
    return [*history, standing | {"at": record.decided_at}]


def _message(cause: object) -> str | None:
    message = _parsed(cause).get("errorMessage")
    return message if isinstance(message, str) else None


def _parsed(text: object) -> dict[str, Any]:
    """The object in a JSON text; empty where there is none."""
    try:
        parsed = json.loads(text) if isinstance(text, str) else None
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}
