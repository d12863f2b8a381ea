"""Replay people's decisions under a change of packs or routes, before it decides anything."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from moderation.domain.ground_truth import Contradiction, Truth, contradicts, truth_of
from moderation.domain.policy import Pack
from moderation.domain.record import Record
from moderation.domain.replay import NotReplayable, Replay, Replayed
from moderation.ports import VerdictStore, WorkStore
from moderation.usecases.read_all import read_all
from moderation.usecases.replay import Packs, with_evidence

# The packs that may decide for a key: the one in force first, then its canary; none where no pack can be used.
Deciders = Callable[[str], tuple[Pack, ...]]


@dataclass(frozen=True)
class DecisionPorts:
    """Places of people's decisions: records of the intake bucket `bucket`, and files of the work bucket."""

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
        self._work, self._packs = work, Packs(work)
        self._under: dict[str, Replay] = {}

    def of(self, pack: Pack, record: Record) -> Replayed | NotReplayable:
        if pack.digest not in self._under:
            self._under[pack.digest] = Replay(pack, self._packs)
        return self._under[pack.digest].of(with_evidence(self._work, record))


def _contradiction(record: Record, truth: Truth, pack: Pack, result: Replayed) -> Contradiction:
    after = result.after
    return Contradiction(record.image, truth, pack.name, after.verdict, after.category, result.decision.reason)
