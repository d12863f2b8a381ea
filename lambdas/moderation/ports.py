"""Interfaces between the use cases and the outside world: `adapters/` on AWS, `tests/support/fakes.py` in memory."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from moderation.domain.audit import AuditEvent, AuditFile, ListedEntry
from moderation.domain.canary import Canary
from moderation.domain.exposure import HourOfWork
from moderation.domain.image_ref import ImageRef
from moderation.domain.lanes import Lane, Place, Standing
from moderation.domain.people import Person
from moderation.domain.policy import Pack, Routes
from moderation.domain.policy_history import PolicyChange
from moderation.domain.reading.text import Reading
from moderation.domain.record import Change, Record
from moderation.domain.sticky_decision import DecisionKey, Sticking, StickyDecision


@dataclass(frozen=True)
class StoredImage:
    """Uploaded object version; `reference` and `uploader` are its `x-amz-meta-` headers of those names.

    `oversize` is the size (at least) of an object over the limit of bytes, whose `data` is empty.
    """

    data: bytes
    content_type: str
    reference: str | None = None
    uploader: str | None = None
    oversize: int = 0
    content_encoding: str = ""


@dataclass(frozen=True)
class ObjectHead:
    """Version and size of a stored object; the size is 0 if its owner's encryption hides it.

    `modified_at` is the time of the upload (ISO-8601 UTC), None if it is hidden.
    """

    version: str
    size: int
    modified_at: str | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Policies:
    """The packs that apply to an image; the shadow packs have no effect.

    `broken_shadow` has a sentence for each shadow pack that can't be used, by name; `route` is the prefix of the route.
    """

    enforce: Pack
    shadow: tuple[Pack, ...]
    broken_shadow: Mapping[str, str] = field(default_factory=dict)
    route: str = ""


@dataclass(frozen=True)
class ScoredText:
    """A model's answer with P(yes) on the view and on a blank image, and P(yes) + P(no) on the view.

    Each probability is None if the endpoint doesn't give it.
    """

    text: str
    p_yes: float | None = None
    p_blank: float | None = None
    p_yes_no: float | None = None


@dataclass(frozen=True)
class VisionReply:
    """Answers in the order of the prompts, the caption if one was asked for, and the model's name."""

    model: str
    answers: tuple[ScoredText, ...]
    caption: str | None


@dataclass(frozen=True)
class Turn:
    """One turn of a conversation with the judge; `role` is `user` or `assistant`."""

    role: str
    content: str


class ImageStore(Protocol):
    """The intake bucket."""

    def fetch(self, image: ImageRef) -> StoredImage:
        """The object version. Raises ImageUnavailable, StoreUnavailable, Misconfigured."""
        ...

    def tag(self, image: ImageRef, verdict: str) -> str:
        """Set the tag `moderation`, keeping the others; returns `tagged`, `gone` or `full`.

        Raises StoreUnavailable, Misconfigured.
        """
        ...

    def current_version(self, bucket: str, key: str) -> str | None:
        """The bucket's current version of an object, None where there is none or it was deleted.

        Raises ImageUnavailable where the object may not be read, StoreUnavailable, Misconfigured.
        """
        ...

    def head(self, bucket: str, key: str, version: str | None) -> ObjectHead | None:
        """The version of an object, by default its current one; None where it is gone.

        Raises StoreUnavailable, Misconfigured.
        """
        ...

    def versions(self, bucket: str, key: str) -> Iterable[tuple[str, str]]:
        """Version id and kind (`object version` or `delete marker`) of all that is under exactly this key.

        Raises StoreUnavailable, Misconfigured.
        """
        ...

    def delete_version(self, image: ImageRef) -> None:
        """Delete an object version, or a delete marker, for good. Raises StoreUnavailable, Misconfigured."""
        ...


class Reader(Protocol):
    """Reader of text and codes."""

    def read(self, png: bytes, check: Callable[[], None]) -> Reading:
        """Read a picture. Calls `check` every few seconds, whose error ends it. Raises ReadingFailed."""
        ...


class WorkStore(Protocol):
    """The work bucket: files passed between the steps, and the provenance that outlives them."""

    def put_json(self, key: str, value: Mapping[str, Any]) -> None:
        """Raises StoreUnavailable, Misconfigured."""
        ...

    def get_json(self, key: str) -> dict[str, Any]:
        """Raises StoreUnavailable, and Misconfigured where the file isn't there."""
        ...

    def put_bytes(self, key: str, value: bytes) -> None:
        """Raises StoreUnavailable, Misconfigured."""
        ...

    def get_bytes(self, key: str) -> bytes:
        """Raises StoreUnavailable, and Misconfigured where the file isn't there."""
        ...

    def put_if_absent(self, key: str, value: Mapping[str, Any]) -> None:
        """Write once: an existing file is kept. Raises StoreUnavailable, Misconfigured."""
        ...

    def get_or_put(self, key: str, value: Mapping[str, Any]) -> Mapping[str, Any]:
        """Write once, and return what is there. Raises StoreUnavailable, Misconfigured."""
        ...

    def keys_under(self, prefix: str) -> list[str]:
        """The keys of all files under a prefix. Raises StoreUnavailable, Misconfigured."""
        ...

    def delete(self, key: str) -> None:
        """Delete a file, if it is there. Raises StoreUnavailable, Misconfigured."""
        ...

    def delete_under(self, prefix: str) -> int:
        """Delete all files under a prefix; returns their number. Raises StoreUnavailable, Misconfigured."""
        ...


class PolicyStore(Protocol):
    """The policy bucket, with the shipped packs as defaults."""

    def for_key(self, key: str) -> Policies:
        """The packs for an object key. Raises InvalidPolicy, StoreUnavailable, Misconfigured.

        Nothing is raised on account of a shadow pack.
        """
        ...


class PolicyCatalogue(Protocol):
    """The packs and routes in force, by name. Both methods raise InvalidPolicy, StoreUnavailable, Misconfigured."""

    def routes(self) -> Routes:
        """The routes in force."""
        ...

    def pack(self, name: str) -> Pack:
        """The pack in force under a name."""
        ...


class PolicyLog(Protocol):
    """The log of packs, routes and the canary."""

    def newest(self, limit: int) -> Iterable[PolicyChange]:
        """The last changes, newest first. Raises StoreUnavailable, Misconfigured."""
        ...


class CanaryStore(Protocol):
    """The canary in force."""

    def canary(self) -> Canary:
        """Raises InvalidPolicy, StoreUnavailable, Misconfigured."""
        ...


class Traffic(Protocol):
    """Traffic of the vision model."""

    def is_awake(self) -> bool:
        """Tell if the model answered about an image within the last hour and hasn't been scaled to zero since.

        Raises StoreUnavailable, Misconfigured.
        """
        ...


class VisionModel(Protocol):
    """BLIP-2."""

    def ask(self, png: bytes, prompts: Sequence[str], caption: bool, within_s: float | None = None) -> VisionReply:
        """Answers to the prompts, in their order; `within_s` is the time-out in seconds, None for the endpoint's.

        Raises EndpointNotFound, EndpointThrottled, EndpointUnavailable, EndpointTimeout, NoCapacity,
        MalformedResponse, EndpointRejected, Misconfigured.
        """
        ...


class Endpoints(Protocol):
    """The models' endpoints."""

    def status(self, endpoint: str, component: str | None) -> str:
        """The endpoint's status and, with a component, that of the component; `missing` if it isn't there.

        Raises StoreUnavailable, Misconfigured.
        """
        ...


class JudgeModel(Protocol):
    """Llama 2."""

    @property
    def name(self) -> str:
        """Name of the judging model, for the record."""
        ...

    def complete(self, turns: Sequence[Turn], schema: Mapping[str, Any], within_s: float | None = None) -> str:
        """The model's next turn, greedy; `schema` is the JSON schema of the answer, for endpoints that take one.

        `within_s` is the time-out in seconds, None for that of the endpoint. Raises what
        `VisionModel.ask` raises.
        """
        ...


class VerdictStore(Protocol):
    """The table of verdicts. Every method raises StoreUnavailable and Misconfigured."""

    def record(self, image: ImageRef, execution: str, attributes: Mapping[str, Any], unclaimed: bool = False) -> bool:
        """Write the verdict of the execution that owns the image; False if there is another verdict.

        With `unclaimed` an image without a record gets one; otherwise it was erased, and stays so. Returns True if the
        same verdict is written again. Raises DecisionWithdrawn for attributes with `as_of` if their sticky decision no
        longer stands.
        """
        ...

    def get(self, image: ImageRef) -> Record | None:
        """The whole record, strongly consistent."""
        ...

    def of_object(self, bucket: str, key: str) -> list[Record]:
        """The records of all versions of an object."""
        ...

    def of_same_bytes(self, bucket: str, sha256: str) -> Iterable[ImageRef]:
        """The images of a bucket with these bytes, newest first."""
        ...

    def of_reference(self, bucket: str, reference: str) -> Iterable[ImageRef]:
        """The images of a bucket that were uploaded with this reference, newest first."""
        ...

    def of_uploader(self, bucket: str, uploader: str, since: str, until: str) -> Iterable[ImageRef]:
        """The images of a bucket by this uploader, newest first, created between two ISO-8601 times."""
        ...

    def created(self, wanted: Sequence[str], since: str, until: str, oldest_first: bool = False) -> Iterable[Record]:
        """Records with these verdicts, created between two ISO-8601 times, newest first unless told otherwise.

        The verdict `claimed` selects records without one. Only the attributes projected into the index; read lazily.
        """
        ...

    def of_run(self, run: str, verdict: str, since: str, until: str) -> Iterable[Record]:
        """The records of a backfill with that verdict, or `shadow-<verdict>`, created between two ISO-8601 times.

        Only category, cause and what decided; read lazily, in no order.
        """
        ...

    def unpublished(self, since: str, until: str) -> Iterable[Record]:
        """Verdicts whose notification is pending, created between two ISO-8601 times, newest first.

        Only the attributes projected into the index.
        """
        ...

    def queue(self) -> Iterable[Record]:
        """Records that wait for a person, in the queue's order. Only the attributes projected into the index."""
        ...

    def open_lane(self, lane: Lane) -> Lane | None:
        """Open a lane of the review queue, unless it is open, or the wide one if there are too many already.

        Return the one that is open; None if there are too many wide ones, too.
        """
        ...

    def delete_shadow(self, image: ImageRef) -> None:
        """Delete a record that has a shadow verdict alone; any other is left alone."""
        ...

    def find_cached(self, bucket: str, sha256: str, cache_key: str) -> Record | None:
        """The newest record of the same bytes in a bucket whose judgement may be reused, or None."""
        ...

    def compare_and_set(self, record: Record, change: Change, sticking: Sticking | None = None) -> bool:
        """Change a record if its owner and its decision are still those of `record`; False otherwise.

        A record without an expiry, because it was written without a Lambda, gets one with the decision on it; that of
        an escalated image gets none. With
        `sticking`, that change happens as well or neither does: also False if the sticky decision is another by now.
        """
        ...

    def mark_notified(self, record: Record) -> bool:
        """Record that the decision in `record` was published; False for a later decision, or an erased record."""
        ...

    def decided_by_people(self, since: str) -> Iterable[ImageRef]:
        """The images that people decided on since an ISO-8601 time, or that rest on their earlier decisions.

        Golden items come whatever their age.
        """
        ...

    def sampled(self) -> Iterable[ImageRef]:
        """The images whose verdicts were drawn into a sample and wait for a person."""
        ...

    def undecided(self, before: str) -> Iterable[Record]:
        """Records claimed before an ISO-8601 time (within two days of it) that have no verdict yet.

        Read lazily: a long outage may leave one for each upload.
        """
        ...

    def forget_origin(self, image: ImageRef) -> bool:
        """Remove from a record the reference to the one whose judgement it reused; False if it has none."""
        ...

    def delete_decided(self, image: ImageRef, decided_at: str | None) -> bool:
        """Delete a record, if there is one, as it was read: decided at a time, or None.

        False, without effect, if it was decided since or while an execution is working on it.
        """
        ...


class ReviewQueue(Protocol):
    """The intake bucket's review queue. Every method raises StoreUnavailable and Misconfigured.

    Records that come from an index have only the attributes projected into it, and may have changed since.
    """

    def lanes(self) -> Sequence[Lane]:
        """The lanes that are open."""
        ...

    def waiting(self, partitions: Sequence[str], after: str = "") -> Iterable[Record]:
        """The items of partitions in the queue's order, after a place in it if one is given, read lazily from an index.

        Some are in one place: those of the same rank that are due at the same moment.
        """
        ...

    def at(self, places: Sequence[Place]) -> Iterable[Record]:
        """The items that wait at places, a few of each, in the order of these, read lazily from an index."""
        ...

    def ahead(self, who: str) -> Sequence[Place]:
        """The places at which items for a person waited when they were listed last, the first of them first."""
        ...

    def list_ahead(self, who: str, places: Sequence[Place], now: datetime) -> None:
        """Keep the places at which items for a person wait, for a day at most."""
        ...

    def returning(self, now: str, limit: int) -> Sequence[Record]:
        """Items whose lease or parking ended before an ISO-8601 time, those that ended first, from an index."""
        ...

    def pending(self, now: str) -> Iterable[Record]:
        """Items with a decision that was pending until a time before `now` (ISO-8601), from an index."""
        ...

    def overdue(self, partition: str, severity: int, now: str) -> int:
        """The number of a lane's items that were due before an ISO-8601 time."""
        ...

    def standing(self, lanes: Sequence[Lane], now: str) -> Standing:
        """The numbers of what waits in lanes and of what was due before an ISO-8601 time, and when the next is due."""
        ...

    def put_back(self, record: Record) -> bool:
        """Return an item, as an index had it, to where it waited; False if it changed meanwhile."""
        ...

    def compare_lease(self, record: Record, change: Change) -> bool:
        """Change a record if its decision, its lease and its place are those of `record`; False otherwise."""
        ...

    def sweep_place(self) -> str:
        """The place in the queue's order after which the next sweep of unsorted items begins, "" for the first."""
        ...

    def keep_sweep_place(self, place: str) -> None:
        """Keep the place after which the next sweep begins."""
        ...

    def count_skip(self, who: str, day: str, most: int) -> bool:
        """Count an item that a person passed on, on a day (YYYY-MM-DD); False if that would be more than `most`."""
        ...

    def count_report(self, who: str, day: str, most: int) -> bool:
        """Count an appeal or notice of somebody on a day (YYYY-MM-DD); False if that would be more than `most`."""
        ...


class DecisionStore(Protocol):
    """The sticky decisions in the table of verdicts. Every method raises StoreUnavailable and Misconfigured."""

    def find(self, key: DecisionKey) -> StickyDecision | None:
        """The decision in force, strongly consistent."""
        ...

    def made_since(self, bucket: str, since: str) -> Iterable[StickyDecision]:
        """The decisions of a bucket made since an ISO-8601 time."""
        ...

    def withdraw(self, decision: StickyDecision) -> bool:
        """Delete a decision; False if it is another by now."""
        ...

    def outlive(self, key: DecisionKey, expires_at: int) -> None:
        """Strip a decision of its note, and let it expire at a time (seconds since 1970) unless it does already."""
        ...


class Voucher(Protocol):
    """Vouches that the person who asks decided what is pending. Raises NotVouched, StoreUnavailable, Misconfigured."""

    def vouch(self, record: Record) -> None:
        """Vouch for what is pending on `record`, by which alone it comes into force."""
        ...

    def withdraw(self, image: ImageRef, pending_id: str) -> None:
        """Vouch no longer for that decision on an image, whatever its record says is pending."""
        ...


class Vouches(Protocol):
    """The attribute `vouched` of records, and no other. Every method raises StoreUnavailable and Misconfigured."""

    def put(self, image: ImageRef, vouched: Mapping[str, str]) -> bool:
        """Write it; False if there is no record."""
        ...

    def remove(self, image: ImageRef, pending_id: str, who: str) -> bool:
        """Remove it if it is of that decision of that person; False if it isn't, or if there is no record."""
        ...


class Tokens(Protocol):
    """The access tokens of people who signed in to the console."""

    def subject_of(self, token: str) -> str:
        """Return who a token was issued to, verified. Raises TokenRefused, StoreUnavailable, Misconfigured."""
        ...


class PeopleStore(Protocol):
    """The people of the console, with their roles and scopes as an administrator wrote them."""

    def find(self, subject: str) -> Person | None:
        """Return the person as they are now, by their token's subject or their ARN; None if there is none.

        Raises StoreUnavailable, Misconfigured.
        """
        ...

    def everybody(self) -> Iterable[Person]:
        """Return all people as they are now. Raises StoreUnavailable, Misconfigured."""
        ...


class AuditLog(Protocol):
    """The audit log, to which entries can only be added."""

    def append(self, event: AuditEvent) -> None:
        """Add an event. Whoever does what it says must do so before, and stop if this raises.

        Raises StoreUnavailable, Misconfigured.
        """
        ...


class Pictures(Protocol):
    """The views in the work bucket. Every method raises StoreUnavailable and Misconfigured."""

    def has(self, key: str) -> bool:
        """Tell if a view is kept."""
        ...

    def link(self, key: str, seconds: int) -> str:
        """Return a link that shows a view as a PNG, which nothing may cache, for so many seconds."""
        ...


class Quarantine(Protocol):
    """The quarantine of escalated images. Every method raises StoreUnavailable and Misconfigured.

    Copies have a legal hold; one that is there already is left as it is, and held again if it was released.
    """

    def take_original(self, image: ImageRef) -> bool:
        """Copy the object version; False if it is gone."""
        ...

    def take_file(self, image: ImageRef, key: str) -> None:
        """Copy a file of the work bucket, if it is there."""
        ...

    def take_record(self, image: ImageRef, attributes: Mapping[str, Any]) -> None:
        """Keep the attributes of a record: with them, the case is complete."""
        ...

    def deny(self, image: ImageRef, views: Sequence[str]) -> None:
        """Tag the original and views of the work bucket, so that bucket policies deny them to all but one role."""
        ...

    def holds(self, image: ImageRef) -> bool:
        """Tell if the image's case is complete."""
        ...

    def sign(self, image: ImageRef, user_id: str, signature: Mapping[str, Any]) -> None:
        """Add a person's signature for the release of what is held now; their earlier one stands."""
        ...

    def signers(self, image: ImageRef) -> Sequence[str]:
        """Names of those who signed for the release of what is held now, each once whatever their role."""
        ...

    def release(self, image: ImageRef) -> None:
        """End the copies' hold, and the denial of original and views."""
        ...


class RevealCounts(Protocol):
    """Counts of the pictures that each person has revealed in an hour (YYYY-MM-DDTHH).

    Every method raises StoreUnavailable and Misconfigured.
    """

    def count(self, who: str, hour: str, image: str, graphic: bool, most: int | None) -> bool:
        """Count a picture, by its image's id, once; False if that would be more graphic ones than the most."""
        ...

    def hours(self, since: str, until: str) -> Iterable[HourOfWork]:
        """The numbers of each person's hours between two hours, of the last year, without the people."""
        ...


class AuditReader(Protocol):
    """The files of the audit log. Every method raises StoreUnavailable and Misconfigured."""

    def entry_days(self) -> Iterable[str]:
        """The names of all folders with entries, which should be days (YYYY-MM-DD), and of files beside them."""
        ...

    def entries(self, day: str) -> Iterable[AuditFile]:
        """The entries of a day, in the order of their chains and numbers; read lazily, and `unread` if that fails."""
        ...

    def listed(self, day: str) -> Iterable[ListedEntry]:
        """The entries of a day without what is in them, in no order."""
        ...

    def read(self, keys: Sequence[str]) -> Iterable[AuditFile]:
        """The entries with these keys, in their order."""
        ...

    def seals(self) -> Iterable[AuditFile]:
        """All seals, oldest first; read lazily."""
        ...

    def add_seal(self, seal: AuditFile) -> None:
        """Add the seal of a day."""
        ...

    def last_check(self) -> AuditFile | None:
        """The result of the last check, None before the first."""
        ...

    def add_check(self, check: AuditFile) -> None:
        """Add the result of a check."""
        ...


class Publisher(Protocol):
    """SNS."""

    def has_topic(self, verdict: str) -> bool:
        """Tell if verdicts of that kind are published."""
        ...

    def publish(self, verdict: str, message: Mapping[str, Any], attributes: Mapping[str, str]) -> None:
        """Publish to the topic of the verdict. Raises NotificationUnavailable, Misconfigured."""
        ...


@dataclass(frozen=True)
class DeadLetter:
    """A message of a dead-letter queue; `error` is EventBridge's error code, if any."""

    id: str
    body: str
    error: str | None


@dataclass(frozen=True)
class LetterCounts:
    """Approximate numbers of messages: `waiting` can be received, `in_flight` are held by whoever received them."""

    waiting: int
    in_flight: int


class DeadLetters(Protocol):
    """A dead-letter queue."""

    @property
    def name(self) -> str:
        """Name of the queue, for messages."""
        ...

    def letters(self) -> Iterable[DeadLetter]:
        """Each message once; messages that aren't deleted become visible again afterwards.

        Raises StoreUnavailable, Misconfigured.
        """
        ...

    def counts(self) -> LetterCounts:
        """Raises StoreUnavailable, Misconfigured."""
        ...

    def delete(self, letter: DeadLetter) -> None:
        """Delete a message that was just read. Raises StoreUnavailable, Misconfigured."""
        ...


@dataclass(frozen=True)
class Execution:
    """An execution's status (RUNNING, SUCCEEDED, FAILED, TIMED_OUT, ABORTED or PENDING_REDRIVE) and its input."""

    status: str
    given: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Count:
    """A number of things; unless `counted` to the end, there are more."""

    number: int
    counted: bool = True


class Executions(Protocol):
    """The workflow's executions."""

    def running(self) -> Count:
        """Number of running executions, unknown for Express ones. Raises StoreUnavailable, Misconfigured."""
        ...

    def find(self, execution: str) -> Execution | None:
        """The execution, None if it is unknown or expired.

        Express executions are always unknown. Raises StoreUnavailable, Misconfigured.
        """
        ...

    def start(self, name: str, given: Mapping[str, Any]) -> bool:
        """Start an execution by name; False if one of that name was started before.

        Raises StoreUnavailable, Misconfigured.
        """
        ...
