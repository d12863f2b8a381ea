"""Replay stored records under a pack, and ask a model where their own answers don't do."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from moderation.domain.evidence import Evidence
from moderation.domain.image_ref import ImageRef
from moderation.domain.policy import Pack, read_pack
from moderation.domain.record import Record
from moderation.domain.replay import NotReplayable, Replay, Replayed, digest_of
from moderation.domain.replay_tally import Flip, Tally, count_work, flip_of
from moderation.domain.work_files import pack_file
from moderation.errors import InvalidPolicy, Misconfigured
from moderation.ports import JudgeModel, WorkStore
from moderation.usecases.judge_image import judge_evidence
from moderation.usecases.with_evidence import with_evidence

# Of the records that don't flip one in so many is replayed under its own pack, too.
_CHECKED = 20


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Records to replay: those of a bucket uploaded between two ISO-8601 times, by key prefix and pack.

    `policy` is the name of the pack behind the verdict, or the start of its digest.
    """

    bucket: str
    since: str
    until: str
    prefix: str = ""
    policy: str | None = None

    def has(self, record: Record) -> bool:
        """Tell if the record is one of them. An escalated image is in no replay."""
        made = record.policy or {}
        return (
            record.image.bucket == self.bucket
            and self.since <= record.created_at <= self.until
            and record.image.key.startswith(self.prefix)
            and (self.policy is None or self.policy == made.get("name") or digest_of(record).startswith(self.policy))
            and not record.is_escalated
        )


@dataclass(frozen=True)
class Part:
    """Result of replaying some records; `pending` are the images that a model could still decide, by that model."""

    tally: Tally = field(default_factory=Tally)
    flips: list[Flip] = field(default_factory=list)
    pending: list[tuple[ImageRef, str]] = field(default_factory=list)


class Packs(Mapping[str, Pack]):
    """Packs by digest, read from the work bucket once; one that can't be read is missing."""

    def __init__(self, work: WorkStore) -> None:
        self._work = work
        self._known: dict[str, Pack | None] = {}

    def __getitem__(self, digest: str) -> Pack:
        if digest not in self._known:
            try:
                self._known[digest] = read_pack(self._work.get_json(pack_file(digest))) if digest else None
            except (Misconfigured, InvalidPolicy):
                self._known[digest] = None
        pack = self._known[digest]
        if pack is None:
            raise KeyError(digest)
        return pack

    def __iter__(self) -> Iterator[str]:
        return (digest for digest, pack in self._known.items() if pack)

    def __len__(self) -> int:
        return len(list(iter(self)))


class Replayer:
    """Replays records under a pack, with what the work bucket has of them."""

    def __init__(self, work: WorkStore, pack: Pack, ask_held: bool = False) -> None:
        """With `ask_held` the judge's answer to other numbers isn't held: it counts as one that has to be asked for."""
        self._work, self._pack, self._ask_held = work, pack, ask_held
        self._packs = Packs(work)
        self._replay = Replay(pack, self._packs)
        self._own: dict[str, Replay] = {}
        self._seen = 0

    def replay(self, records: Iterable[Record], selection: Selection) -> Part:
        """Replay the records of the selection among the given ones. Raises the errors of the port."""
        part = Part()
        for stored in records:
            if selection.has(stored):
                self._add(part, stored)
        return part

    def one(self, record: Record) -> Replayed | NotReplayable:
        """Replay one record, whose evidence is loaded. Raises the errors of the port."""
        return self._without_held(self._replay.of(record))

    def loaded(self, record: Record) -> Record:
        """Return the record with evidence that moved to the work bucket. Raises the errors of the port."""
        return with_evidence(self._work, record)

    def with_answers(self, record: Record, evidence: Evidence, lacking: NotReplayable) -> Replayed | NotReplayable:
        """Replay a record on more evidence than it stores."""
        assert lacking.before  # noqa: S101 - a record without one isn't asked about
        return self._without_held(self._replay.decided(record, evidence, lacking.before))

    def asked(self, judge: JudgeModel, evidence: Evidence, lacking: NotReplayable) -> Replayed:
        """Ask the judge. Raises the errors of the port."""
        assert lacking.before  # noqa: S101 - a record without one isn't asked about
        outcome = judge_evidence(judge, self._pack, evidence)
        return self._replay.result(lacking.before, outcome.decision, "asked", outcome.judgement)

    def add(self, part: Part, record: Record, result: Replayed | NotReplayable) -> None:
        """Add a record's result to a part."""
        part.tally.count(result)
        part.tally.packs[digest_of(record)] += 1
        if isinstance(result, NotReplayable):
            return
        count_work(part.tally, record, self._pack)
        self._seen += 1
        differs = False
        if result.is_flip or self._seen % _CHECKED == 0:
            part.tally.checked += 1
            differs = self._differs(record)
            part.tally.differing += differs
        if result.is_flip:
            part.flips.append(flip_of(record, result, by_release=differs))

    def _add(self, part: Part, stored: Record) -> None:
        record = self.loaded(stored)
        result = self.one(record)
        self.add(part, record, result)
        if isinstance(result, NotReplayable) and result.needs != "nothing":
            part.pending.append((record.image, result.needs))

    def _without_held(self, result: Replayed | NotReplayable) -> Replayed | NotReplayable:
        if not self._ask_held or isinstance(result, NotReplayable) or result.judge != "held":
            return result
        cause = "The judge would have to be asked: it would read other numbers."
        return NotReplayable(cause, "judge", result.before)

    def _differs(self, record: Record) -> bool:
        """Tell if the record's own pack gives another verdict than the recorded one."""
        digest = digest_of(record)
        if digest not in self._own:
            self._own[digest] = Replay(self._packs[digest], self._packs)
        result = self._own[digest].of(record)
        return not isinstance(result, Replayed) or result.is_flip
