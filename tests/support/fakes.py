"""The ports in memory. Those that stand for a store run the same suite as the adapters."""

import dataclasses
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from moderation.domain.audit import CHECKS, ENTRIES, SEALS, AuditEvent, AuditFile, ListedEntry, read_event
from moderation.domain.exposure import HourOfWork
from moderation.domain.image_ref import ImageRef
from moderation.domain.lanes import LEASED, PARKED, PENDING, WAITING, Lane, Place, Standing, order_of
from moderation.domain.limits import MAX_LANES, MAX_WIDE_LANES
from moderation.domain.people import Person
from moderation.domain.policy_history import PolicyChange
from moderation.domain.quarantine import RELEASERS
from moderation.domain.reading.detectors import finds
from moderation.domain.reading.text import Line, Reading
from moderation.domain.record import (
    AT_WORK,
    CONTESTED_QUEUE,
    DECISION,
    GOLDEN_QUEUE,
    PERSON_QUEUE,
    SAMPLE_QUEUE,
    SECOND_QUEUE,
    SHADOWED,
    STATE,
    Change,
    Record,
    is_reusable,
)
from moderation.domain.review import LEASE
from moderation.domain.sticky_decision import DecisionKey, Sticking, StickyDecision
from moderation.errors import (
    DecisionWithdrawn,
    ImageUnavailable,
    Misconfigured,
    NotificationUnavailable,
    ReadingFailed,
    StoreUnavailable,
)
from moderation.ports import Count, Execution, ObjectHead, Policies, StoredImage, Turn, VisionReply
from moderation.usecases.review.vouch import Voucher, VouchPorts


class FakeImages:
    """Object versions, and how each was tagged."""

    def __init__(self) -> None:
        self.objects: dict[ImageRef, StoredImage] = {}
        self.tags: dict[ImageRef, str] = {}

    def fetch(self, image: ImageRef) -> StoredImage:
        if image not in self.objects:
            raise ImageUnavailable("The object can't be read: it was deleted.")
        return self.objects[image]

    def tag(self, image: ImageRef, verdict: str) -> str:
        if image not in self.objects:
            return "gone"
        self.tags[image] = verdict
        return "tagged"

    def current_version(self, bucket: str, key: str) -> str | None:
        versions = [version for version, _ in self.versions(bucket, key)]
        return versions[0] if versions else None

    def head(self, bucket: str, key: str, version: str | None) -> ObjectHead | None:
        found = version or self.current_version(bucket, key)
        stored = self.objects.get(ImageRef(bucket, key, found)) if found else None
        return ObjectHead(str(found), stored.oversize or len(stored.data)) if stored else None

    def versions(self, bucket: str, key: str) -> list[tuple[str, str]]:
        found = [image.version for image in self.objects if (image.bucket, image.key) == (bucket, key)]
        return [(version, "object version") for version in reversed(found)]

    def delete_version(self, image: ImageRef) -> None:
        self.objects.pop(image, None)


class FakeWork:
    """A bucket; JSON goes through text, as it does on S3."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}

    def put_json(self, key: str, value: Mapping[str, Any]) -> None:
        self.files[key] = json.dumps(value).encode()

    def get_json(self, key: str) -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads(self.get_bytes(key))
        return loaded

    def put_bytes(self, key: str, value: bytes) -> None:
        self.files[key] = value

    def get_bytes(self, key: str) -> bytes:
        if key not in self.files:
            raise Misconfigured("Work bucket work refused the call (NoSuchKey).")
        return self.files[key]

    def put_if_absent(self, key: str, value: Mapping[str, Any]) -> None:
        self.files.setdefault(key, json.dumps(value).encode())

    def get_or_put(self, key: str, value: Mapping[str, Any]) -> Mapping[str, Any]:
        self.put_if_absent(key, value)
        return self.get_json(key)

    def keys_under(self, prefix: str) -> list[str]:
        return [key for key in self.files if key.startswith(prefix)]

    def delete(self, key: str) -> None:
        self.files.pop(key, None)

    def delete_under(self, prefix: str) -> int:
        found = [key for key in self.files if key.startswith(prefix)]
        for key in found:
            del self.files[key]
        return len(found)


class FakePolicies:
    """The same packs for every key."""

    def __init__(self, policies: Policies) -> None:
        self.policies = policies

    def for_key(self, key: str) -> Policies:
        return self.policies


class FakeVision:
    """Gives the replies prepared for it, in order, and notes what it was asked."""

    def __init__(self, *replies: VisionReply) -> None:
        self.replies = list(replies)
        self.asked: list[tuple[bytes, tuple[str, ...], bool]] = []
        self.patience: list[float | None] = []

    def ask(self, png: bytes, prompts: Sequence[str], caption: bool, within_s: float | None = None) -> VisionReply:
        self.asked.append((png, tuple(prompts), caption))
        self.patience.append(within_s)
        return self.replies.pop(0)


class FakeJudge:
    """Says the texts prepared for it, in order, and notes the turns it was given and how long it was waited for."""

    name = "fake-judge"

    def __init__(self, *texts: str) -> None:
        self.texts = list(texts)
        self.heard: list[tuple[Turn, ...]] = []
        self.patience: list[float | None] = []

    def complete(self, turns: Sequence[Turn], schema: Mapping[str, Any], within_s: float | None = None) -> str:
        self.heard.append(tuple(turns))
        self.patience.append(within_s)
        return self.texts.pop(0)


class FakeDecisions:
    """The sticky decisions in the table; none expires."""

    def __init__(self) -> None:
        self.standing: dict[DecisionKey, StickyDecision] = {}

    def find(self, key: DecisionKey) -> StickyDecision | None:
        return self.standing.get(key)

    def made_since(self, bucket: str, since: str) -> list[StickyDecision]:
        own = [made for made in self.standing.values() if made.key.pk.startswith(f"{bucket}:")]
        return [made for made in own if made.decided_at >= since]

    def withdraw(self, decision: StickyDecision) -> bool:
        return self.replace(Sticking(decision.key, decision, None))

    def outlive(self, key: DecisionKey, expires_at: int) -> None:
        if key in self.standing:
            until = self.standing[key].expires_at or expires_at
            self.standing[key] = dataclasses.replace(self.standing[key], reason="", expires_at=until)

    def replace(self, sticking: Sticking) -> bool:
        if self.standing.get(sticking.key) != sticking.standing:
            return False
        self.standing.pop(sticking.key, None)
        if sticking.wanted:
            self.standing[sticking.key] = sticking.wanted
        return True


class FakeVerdicts:
    """The table: attributes by image, and the sticky decisions."""

    def __init__(self) -> None:
        self.records: dict[ImageRef, dict[str, Any]] = {}
        self.decisions = FakeDecisions()
        self.lanes: list[Lane] = []

    def record(self, image: ImageRef, execution: str, attributes: Mapping[str, Any], unclaimed: bool = False) -> bool:
        if image not in self.records and not unclaimed:
            return False
        standing = self.records.setdefault(image, {"owner": execution})
        if "verdict" in standing:
            made = (execution, attributes["decided_by"], attributes.get("as_of"))
            return made == (standing.get("execution"), standing.get("decided_by"), standing.get("as_of"))
        if standing["owner"] != execution:
            return False
        if "as_of" in attributes and not self._still_stands(attributes["decision"], attributes["as_of"]):
            raise DecisionWithdrawn("A person's decision on the same bytes was changed or revoked at this moment.")
        standing.update({"owner": execution, "execution": execution, **attributes})
        return True

    def get(self, image: ImageRef) -> Any:
        return _record(image, self.records[image]) if image in self.records else None

    def of_object(self, bucket: str, key: str) -> list[Record]:
        return [_record(image, found) for image, found in self.records.items() if image.pk == f"{bucket}#{key}"]

    def of_same_bytes(self, bucket: str, sha256: str) -> list[ImageRef]:
        alike = [image for image, found in self.records.items() if found.get("sha256") == sha256]
        return [image for image in alike if image.bucket == bucket]

    def of_reference(self, bucket: str, reference: str) -> list[ImageRef]:
        return self._named(bucket, "reference", reference)

    def of_uploader(self, bucket: str, uploader: str, since: str, until: str) -> list[ImageRef]:
        found = self._named(bucket, "uploader", uploader)
        return [image for image in found if since <= self.records[image]["created_at"] <= until]

    def _named(self, bucket: str, name: str, value: str) -> list[ImageRef]:
        alike = (image for image, found in self.records.items() if found.get(name) == value and image.bucket == bucket)
        return sorted(alike, key=lambda image: str(self.records[image].get("created_at")), reverse=True)

    def created(self, wanted: Sequence[str], since: str, until: str, oldest_first: bool = False) -> list[Record]:
        found = (_record(image, attributes) for image, attributes in self.records.items())
        listed = (record for record in found if _partition(record) in wanted)
        within = (record for record in listed if since <= record.created_at <= until)
        return sorted(within, key=lambda record: record.created_at, reverse=not oldest_first)

    def unpublished(self, since: str, until: str) -> list[Record]:
        decided = self.created(("safe", "unsafe", "review"), since, until)
        return [record for record in decided if record.notified is False]

    def open_lane(self, lane: Lane) -> Lane | None:
        for each in (lane, lane.widened()):
            if each in self.lanes:
                return each
            if len(self.lanes) < MAX_LANES + (MAX_WIDE_LANES if each.is_wide else 0):
                self.lanes.append(each)
                return each
        return None

    def queue(self) -> list[Record]:
        queued = [
            _record(image, found)
            for image, found in self.records.items()
            if str(found.get("queue", "")).startswith(WAITING)
            or (str(found.get("queue", "")).startswith((LEASED, PARKED, PENDING)) and found.get("verdict") == "review")
        ]
        return sorted(queued, key=lambda record: str(record.other["queue_order"]))

    def find_cached(self, bucket: str, sha256: str, cache_key: str) -> Record | None:
        for image in self.of_same_bytes(bucket, sha256):
            record = _record(image, self.records[image])
            if is_reusable(record, cache_key):
                return record
        return None

    def _still_stands(self, key: Mapping[str, str], decided_at: str) -> bool:
        standing = self.decisions.find(DecisionKey(key["pk"], key["sk"]))
        return standing is not None and standing.decided_at == decided_at

    def decided_by_people(self, since: str) -> list[ImageRef]:
        found = (
            (image, str(record.get("queue", "")), str(record.get("queue_order")))
            for image, record in self.records.items()
        )
        return [
            image
            for image, queue, order in found
            if (queue.split("#")[0] in (PERSON_QUEUE, SECOND_QUEUE, CONTESTED_QUEUE) and order >= since)
            or queue.startswith(f"{GOLDEN_QUEUE}#")
        ]

    def sampled(self) -> list[ImageRef]:
        queues = ((image, str(record.get("queue", ""))) for image, record in self.records.items())
        return [image for image, queue in queues if queue.startswith(f"{SAMPLE_QUEUE}#")]

    def compare_and_set(self, record: Record, change: Change, sticking: Sticking | None = None) -> bool:
        return self._compare_and_set(record, change, STATE, sticking)

    def _compare_and_set(
        self, record: Record, change: Change, state: Sequence[str], sticking: Sticking | None = None
    ) -> bool:
        standing = self.get(record.image)
        if standing is None or not _is_as_read(standing, record, state):
            return False
        if sticking and not self.decisions.replace(sticking):
            return False
        kept = {k: v for k, v in self.records[record.image].items() if k not in change.removed}
        self.records[record.image] = {**kept, **change.attributes}
        return True

    def mark_notified(self, record: Record) -> bool:
        return self._compare_and_set(record, Change({"notified": True}), DECISION)

    def undecided(self, before: str) -> list[Record]:
        return [
            _record(image, found)
            for image, found in self.records.items()
            if "verdict" not in found and _record(image, found).last_claimed < before
        ]

    def forget_origin(self, image: ImageRef) -> bool:
        return self.records[image].pop("reused_from", None) is not None

    def of_run(self, run: str, verdict: str, since: str, until: str) -> list[Record]:
        found = [(i, a) for i, a in self.records.items() if a.get("verdict_shard", "").startswith(f"{verdict}#")]
        return [_record(i, a) for i, a in found if run in a["owner"] and since <= a["created_at"] <= until]

    def delete_shadow(self, image: ImageRef) -> None:
        standing = self.records.get(image, {})
        if standing.get("status") == SHADOWED and "verdict" not in standing:
            del self.records[image]

    def delete_decided(self, image: ImageRef, decided_at: str | None) -> bool:
        record = self.records.get(image)
        if record and (record.get("status") == "claimed" or record.get("decided_at") != decided_at):
            return False
        self.records.pop(image, None)
        return True


class FakeReviewQueue:
    """The review queue of a bucket; `meanwhile` happens just before the next write, `listed` are the items read."""

    def __init__(self, verdicts: FakeVerdicts, *meanwhile: Callable[[], object], bucket: str = "intake") -> None:
        self._verdicts, self._bucket = verdicts, bucket
        self.listed: list[ImageRef] = []
        self.meanwhile = list(meanwhile)
        self.skips: Counter[tuple[str, str]] = Counter()
        self.lists: dict[str, list[Place]] = {}
        self.swept_until = ""

    def sweep_place(self) -> str:
        return self.swept_until

    def keep_sweep_place(self, place: str) -> None:
        self.swept_until = place

    def lanes(self) -> list[Lane]:
        return [lane for lane in self._verdicts.lanes if lane.bucket == self._bucket]

    def waiting(self, partitions: Sequence[str], after: str = "") -> Iterator[Record]:
        for record in self._listed(*partitions):
            if str(record.other["queue_order"]) > after:
                self.listed.append(record.image)
                yield record

    def at(self, places: Sequence[Place]) -> Iterator[Record]:
        for place in places:
            yield from (r for r in self._listed(place.partition) if r.other["queue_order"] == place.order)

    def ahead(self, who: str) -> list[Place]:
        return self.lists.get(who, [])

    def list_ahead(self, who: str, places: Sequence[Place], now: datetime) -> None:
        self.lists[who] = list(places)

    def returning(self, now: str, limit: int) -> list[Record]:
        return [record for record in self._listed(LEASED, PARKED) if str(record.other["queue_order"]) < now][:limit]

    def pending(self, now: str) -> list[Record]:
        return [record for record in self._listed(PENDING) if str(record.other["queue_order"]) < now]

    def overdue(self, partition: str, severity: int, now: str) -> int:
        before = order_of(severity, now)
        return sum(str(record.other["queue_order"]) < before for record in self._listed(partition))

    def standing(self, lanes: Sequence[Lane], now: str) -> Standing:
        return Standing.of_all(self._standing(lane, now) for lane in lanes)

    def _standing(self, lane: Lane, now: str) -> Standing:
        due = [str(record.other["queue_order"]).partition("#")[2] for record in self._listed(lane.partition)]
        ahead = [each for each in due if each >= now]
        return Standing(len(due), len(due) - len(ahead), min(ahead, default=None))

    def put_back(self, record: Record) -> bool:
        standing = self._verdicts.get(record.image)
        if standing is None or standing.pending_id or standing.home_queue is None:
            return False
        if standing.other["queue_order"] != record.other["queue_order"]:
            return False
        home = {"queue": standing.home_queue, "queue_order": standing.home_order}
        return self.compare_lease(standing, Change(home, frozenset(AT_WORK) - {"skipped_by", "blind", "pending"}))

    def compare_lease(self, record: Record, change: Change) -> bool:
        if self.meanwhile:
            self.meanwhile.pop(0)()
        return self._verdicts._compare_and_set(record, change, LEASE)

    def count_skip(self, who: str, day: str, most: int) -> bool:
        if self.skips[who, day] >= most:
            return False
        self.skips[who, day] += 1
        return True

    def count_report(self, who: str, day: str, most: int) -> bool:
        return self.count_skip(f"report of {who}", day, most)

    def _listed(self, *kinds: str) -> list[Record]:
        standing = list(self._verdicts.records.items())  # a test may add one while a browser asks
        found = [_record(image, attributes) for image, attributes in standing]
        ours = [record for record in found if record.image.bucket == self._bucket]
        in_kind = [r for r in ours if r.other.get("queue") in kinds or str(r.other.get("queue")).split("#")[0] in kinds]
        return sorted(in_kind, key=lambda record: str(record.other["queue_order"]))


def _is_as_read(standing: Record, record: Record, names: Sequence[str]) -> bool:
    now, then = standing.attributes(), record.attributes()
    return all((now.get(name) or None) == (then.get(name) or None) for name in names)


def _partition(record: Record) -> str:
    """The index by verdict's partition, by default that of its verdict."""
    shard = str(record.other.get("verdict_shard") or record.verdict or "claimed")
    return shard.split("#")[0]


def _record(image: ImageRef, attributes: Mapping[str, Any]) -> Record:
    return Record.from_attributes({**attributes, "pk": image.pk, "sk": image.version})


class FakeVouches:
    """The attribute `vouched` of records in memory."""

    def __init__(self, verdicts: FakeVerdicts) -> None:
        self._records = verdicts.records

    def put(self, image: ImageRef, vouched: Mapping[str, str]) -> bool:
        if image not in self._records:
            return False
        self._records[image]["vouched"] = dict(vouched)
        return True

    def remove(self, image: ImageRef, pending_id: str, who: str) -> bool:
        vouched = self._records.get(image, {}).get("vouched", {})
        if (vouched.get("id"), vouched.get("who")) != (pending_id, who):
            return False
        del self._records[image]["vouched"]
        return True


@dataclasses.dataclass(frozen=True)
class EverybodysVoucher:
    """Voucher of whoever decides: these tests have no tokens."""

    ports: VouchPorts

    def vouch(self, record: Record) -> None:
        self._of(record).vouch(record)

    def withdraw(self, image: ImageRef, pending_id: str) -> None:
        record = self.ports.verdicts.get(image)
        Voucher(self.ports, ((record and record.vouched) or {}).get("who", "")).withdraw(image, pending_id)

    def _of(self, record: Record) -> Voucher:
        return Voucher(self.ports, str((record.pending or {}).get("who")))


class FakePeople:
    """People by their subject, or ARN."""

    def __init__(self, *people: Person) -> None:
        self.people = {person.id: person for person in people}

    def find(self, subject: str) -> Person | None:
        return self.people.get(subject)

    def everybody(self) -> list[Person]:
        return list(self.people.values())


class FakeAudit:
    """Notes the events; takes none as long as it is `failing`."""

    def __init__(self, failing: bool = False) -> None:
        self.events: list[AuditEvent] = []
        self.failing = failing

    def append(self, event: AuditEvent) -> None:
        if self.failing:
            raise StoreUnavailable("Audit bucket audit can't be reached.")
        self.events.append(event)


class FakePictures:
    """The views of a work bucket; each link says what it shows and for how long."""

    def __init__(self, work: FakeWork) -> None:
        self.work = work

    def has(self, key: str) -> bool:
        return key in self.work.files

    def link(self, key: str, seconds: int) -> str:
        return f"https://pictures.example/{key}?for={seconds}"


class FakeQuarantine:
    """The copies of each image, what is denied, and who signed for a release."""

    def __init__(self, images: FakeImages) -> None:
        self.images = images
        self.cases: dict[str, dict[str, Any]] = {}
        self.denied: set[object] = set()
        self.signed: dict[str, set[str]] = {}

    def take_original(self, image: ImageRef) -> bool:
        if image in self.images.objects:
            self._case(image).setdefault("original", self.images.objects[image].data)
        return "original" in self._case(image)

    def take_file(self, image: ImageRef, key: str) -> None:
        self._case(image).setdefault(key, True)

    def take_record(self, image: ImageRef, attributes: Mapping[str, Any]) -> None:
        if len(self.signers(image)) >= RELEASERS:
            self.signed.pop(image.id)
            self._case(image).pop("record")
        self._case(image).setdefault("record", dict(attributes))

    def deny(self, image: ImageRef, views: Sequence[str]) -> None:
        self.denied |= {image, *views}

    def holds(self, image: ImageRef) -> bool:
        return "record" in self._case(image)

    def sign(self, image: ImageRef, user_id: str, signature: Mapping[str, Any]) -> None:
        self.signed.setdefault(image.id, set()).add(user_id.rpartition(":")[2])

    def signers(self, image: ImageRef) -> list[str]:
        return sorted(self.signed.get(image.id, ()))

    def release(self, image: ImageRef) -> None:
        self.denied.clear()

    def _case(self, image: ImageRef) -> dict[str, Any]:
        return self.cases.setdefault(image.id, {})


class FakeRevealCounts:
    """The images that each person revealed in each hour."""

    def __init__(self) -> None:
        self.seen: dict[tuple[str, str], dict[str, bool]] = {}  # whether each was graphic

    def count(self, who: str, hour: str, image: str, graphic: bool, most: int | None) -> bool:
        seen = self.seen.setdefault((who, hour), {})
        if graphic and most is not None and image not in seen and sum(seen.values()) >= most:
            return False
        seen[image] = graphic
        return True

    def hours(self, since: str, until: str) -> list[HourOfWork]:
        inside = [seen for (_, hour), seen in self.seen.items() if since <= hour <= until]
        return [HourOfWork(len(seen), sum(seen.values())) for seen in inside]


class FakePublisher:
    """Notes what was published; nothing can be as long as it is `failing`."""

    def __init__(self, failing: bool = False) -> None:
        self.published: list[tuple[str, Mapping[str, Any], Mapping[str, str]]] = []
        self.failing = failing
        self.topics = {"safe", "unsafe", "review"}

    def has_topic(self, verdict: str) -> bool:
        return verdict in self.topics

    def publish(self, verdict: str, message: Mapping[str, Any], attributes: Mapping[str, str]) -> None:
        if self.failing:
            raise NotificationUnavailable("Topic review can't be reached.")
        self.published.append((verdict, message, attributes))


class FakeExecutions:
    """Known executions and their status; notes what was started."""

    def __init__(self, statuses: Mapping[str, str]) -> None:
        self.statuses = statuses
        self.started: dict[str, Mapping[str, Any]] = {}

    def running(self) -> Count:
        return Count(sum(status == "RUNNING" for status in self.statuses.values()))

    def find(self, execution: str) -> Execution | None:
        return Execution(self.statuses[execution]) if execution in self.statuses else None

    def start(self, name: str, given: Mapping[str, Any]) -> bool:
        return self.started.setdefault(name, given) is given


class FakeAuditFiles:
    """The files of an audit log, in the order of their keys; `written` are the times at which the bucket took some."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.written: dict[str, str] = {}

    def entry_days(self) -> list[str]:
        return sorted({key.split("/")[1] for key in self.files if key.startswith(ENTRIES)})

    def entries(self, day: str) -> list[AuditFile]:
        return self._under(f"{ENTRIES}{day}/")

    def seals(self) -> list[AuditFile]:
        return self._under(SEALS)

    def add_seal(self, seal: AuditFile) -> None:
        self.files[seal.key] = seal.body

    def listed(self, day: str) -> list[ListedEntry]:
        return [ListedEntry(_at(file), file.key) for file in self.entries(day)]

    def read(self, keys: Sequence[str]) -> list[AuditFile]:
        return [AuditFile(key, self.files[key]) for key in keys]

    def last_check(self) -> AuditFile | None:
        return next(reversed(self._under(CHECKS)), None)

    def add_check(self, check: AuditFile) -> None:
        self.files[check.key] = check.body

    def _under(self, prefix: str) -> list[AuditFile]:
        keys = sorted(key for key in self.files if key.startswith(prefix))
        return [AuditFile(key, self.files[key], self.written.get(key)) for key in keys]


def _at(file: AuditFile) -> str:
    try:
        return read_event(file).at
    except ValueError:
        return f"{file.day}T00:00:00.000Z"


class FakePolicyLog:
    """Changes of policies, newest first."""

    def __init__(self) -> None:
        self.changes: list[PolicyChange] = []

    def newest(self, limit: int) -> list[PolicyChange]:
        return self.changes[:limit]


class FakeReader:
    """A reader that reads the same on every page, or fails."""

    def __init__(self, *lines: Line, failing: str = "") -> None:
        self.lines, self.failing, self.pages = lines, failing, list[bytes]()

    def read(self, png: bytes, check: Callable[[], None]) -> Reading:
        check()
        self.pages.append(png)
        if self.failing:
            raise ReadingFailed(self.failing)
        return Reading(self.lines, (), finds(self.lines, (), lambda _: ()))
