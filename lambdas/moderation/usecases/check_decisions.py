"""Replay people's decisions under a change of packs or routes, before it decides anything."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from moderation.domain.ground_truth import Contradiction, Truth, contradicts, truth_of
from moderation.domain.policy import Pack
from moderation.domain.record import Record
from moderation.domain.replay import NotReplayable, Replay, Replayed, evidence_of
from moderation.errors import ModerationError
from moderation.ports import JudgeModel, VerdictStore, WorkStore
from moderation.usecases.judge_image import judge_evidence
from moderation.usecases.read_all import read_all
from moderation.usecases.replay import Packs
from moderation.usecases.with_evidence import with_evidence

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
    """Result: the new contradictions, the number of decisions compared, and by cause those that couldn't be.

    Of the latter, `for_judge` could be compared if the judge were asked, or answered.
    """

    compared: int = 0
    for_judge: int = 0
    contradictions: list[Contradiction] = field(default_factory=list)
    not_replayed: Counter[str] = field(default_factory=Counter)


def check_decisions(
    ports: DecisionPorts, before: Deciders, after: Deciders, since: str, judge: JudgeModel | None = None
) -> Checked:
    """Compare the packs that a change puts in charge with what people decided since an ISO-8601 time.

    A contradiction is new unless the pack in force, which decided for the key `before`, contradicts the person as well.
    Where that isn't known, it is new. With a `judge` it is asked where its stored answer isn't one to the new words.
    Raises the errors of the stores.
    """
    checked, replays = Checked(), _Replays(ports.work, judge)
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
                checked.for_judge += result.needs == "judge"
                continue
            checked.compared += 1
            if contradicts(result, truth) and not (standing and contradicts(replays.of(standing[0], record), truth)):
                checked.contradictions.append(_contradiction(record, truth, pack, result))
    return checked


class _Replays:
    """Replays under several packs, with the packs behind the records read once; `judge` is None if it isn't asked."""

    def __init__(self, work: WorkStore, judge: JudgeModel | None) -> None:
        self._work, self._judge, self._packs = work, judge, Packs(work)
        self._under: dict[str, Replay] = {}

    def of(self, pack: Pack, record: Record) -> Replayed | NotReplayable:
        if pack.digest not in self._under:
            self._under[pack.digest] = Replay(pack, self._packs)
        replay, record = self._under[pack.digest], with_evidence(self._work, record)
        result = replay.of(record)
        if self._judge is None or not isinstance(result, NotReplayable) or result.needs != "judge":
            return result
        assert result.before  # noqa: S101 - a record without one needs no judge
        try:
            outcome = judge_evidence(self._judge, pack, evidence_of(record))
        except ModerationError as error:
            return NotReplayable(f"The judge didn't answer: {error}", "judge", result.before)
        return replay.result(result.before, outcome.decision, "asked", outcome.judgement)


def _contradiction(record: Record, truth: Truth, pack: Pack, result: Replayed) -> Contradiction:
    after = result.after
    return Contradiction(record.image, truth, pack.name, after.verdict, after.category, result.decision.reason)
