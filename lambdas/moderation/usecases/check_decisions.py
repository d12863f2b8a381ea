"""Replay people's decisions under a change of packs or routes, before it decides anything."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from moderation.domain.ground_truth import Contradiction, Truth, contradicts, truth_of
from moderation.domain.policy import Pack, read_pack
from moderation.domain.record import Record
from moderation.domain.replay import NotReplayable, Replay, Replayed, packs_behind
from moderation.domain.work_files import pack_file
from moderation.errors import InvalidPolicy, Misconfigured
from moderation.ports import VerdictStore, WorkStore
from moderation.usecases.read_all import read_all

# The packs that may decide for a key: the one in force first, then its canary; none where no pack can be used.
Deciders = Callable[[str], tuple[Pack, ...]]


@dataclass(frozen=True)
class DecisionPorts:
    """Where people's decisions are: records of the intake bucket `bucket`, and files of the work bucket."""

    bucket: str
    verdicts: VerdictStore
    work: WorkStore


@dataclass
class Checked:
    """Result: the new contradictions, the number of decisions compared, and by cause those that couldn't be."""

    compared: int = 0
    contradictions: list[Contradiction] = field(default_factory=list)
    not_replayed: Counter[str] = field(default_factory=Counter)


def check_decisions(ports: DecisionPorts, before: Deciders, after: Deciders, since: str) -> Checked:
    """Compare the packs that a change puts in charge with what people decided since an ISO-8601 time.

    A contradiction is new unless the pack in force, which decided for the key `before`, contradicts the person as well.
    Where that isn't known, it is new. Raises the errors of the ports.
    """
    checked, replays = Checked(), _Replays(ports.work)
    for record in read_all(ports.verdicts, ports.bucket, ports.verdicts.decided_by_people(since)):
        truth = truth_of(record)
        if truth is None:
            continue
        standing = before(record.image.key)
        known = {pack.digest for pack in standing}
        for pack in after(record.image.key):
            if pack.digest in known:
                continue
            result = replays.of(pack, record)
            if isinstance(result, NotReplayable):
                checked.not_replayed[result.cause] += 1
                continue
            checked.compared += 1
            if contradicts(result, truth) and not (standing and contradicts(replays.of(standing[0], record), truth)):
                checked.contradictions.append(_contradiction(record, truth, pack, result))
    return checked


class _Replays:
    """Replays under several packs, with the packs behind the records read once."""

    def __init__(self, work: WorkStore) -> None:
        self._work = work
        self._packs: dict[str, Pack] = {}
        self._unreadable: set[str] = set()
        self._under: dict[str, Replay] = {}

    def of(self, pack: Pack, record: Record) -> Replayed | NotReplayable:
        for digest in packs_behind(record):
            self._read(digest)
        if pack.digest not in self._under:
            self._under[pack.digest] = Replay(pack, self._packs)
        return self._under[pack.digest].of(self._loaded(record))

    def _read(self, digest: str) -> None:
        if not digest or digest in self._packs or digest in self._unreadable:
            return
        try:
            self._packs[digest] = read_pack(self._work.get_json(pack_file(digest)))
        except (Misconfigured, InvalidPolicy):
            self._unreadable.add(digest)

    def _loaded(self, record: Record) -> Record:
        if record.answers is not None or not record.evidence_in:
            return record
        try:
            moved: Mapping[str, object] = self._work.get_json(record.evidence_in)
        except Misconfigured:  # it has expired
            moved = {}
        return replace(record, answers=moved.get("answers"), evidence=moved.get("evidence"), evidence_in=None)  # type: ignore[arg-type]  # as it was stored


def _contradiction(record: Record, truth: Truth, pack: Pack, result: Replayed) -> Contradiction:
    after = result.after
    return Contradiction(record.image, truth, pack.name, after.verdict, after.category, result.decision.reason)
