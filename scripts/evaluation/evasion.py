"""What looking at tiles is worth: scenes with small drawings in them, judged with the pack's views and without."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from moderation.domain.evidence import Answer, Evidence
from moderation.domain.policy import Pack
from scripts.evaluation.dataset import Scene, view_truths
from scripts.evaluation.inprocess_pipeline import Looker, decision, png


@dataclass(frozen=True)
class Judged:
    """A scene, what was told of all its views, and its verdicts: by all of them, and by the whole picture alone."""

    scene: Scene
    evidence: Evidence
    with_views: str
    without: str


@dataclass(frozen=True)
class Rates:
    """Shares of scenes: unsafe ones that are called unsafe or go to review, safe ones that do."""

    caught: float
    caught_review: float
    flagged: float
    flagged_review: float


@dataclass(frozen=True)
class Evasion:
    """The figures of scenes whose pasted drawing takes `share` of their side."""

    share: float
    unsafe: int
    safe: int
    with_views: Rates
    without: Rates


def judge(looker: Looker, pack: Pack, seen: Iterable[Scene]) -> Iterator[Judged]:
    """Each scene is looked at once: its whole picture is among its views."""
    for scene in seen:
        evidence = looker.evidence(png(scene.image), pack)
        with_views = decision(pack, evidence).verdict
        without = decision(replace(pack, views="full"), _whole(evidence)).verdict
        yield Judged(scene, evidence, with_views, without)


def summary(share: float, judged: Sequence[Judged]) -> Evasion:
    """The figures of scenes of one share."""
    unsafe = [one for one in judged if not one.scene.is_safe]
    safe = [one for one in judged if one.scene.is_safe]
    return Evasion(
        share,
        len(unsafe),
        len(safe),
        _rates([one.with_views for one in unsafe], [one.with_views for one in safe]),
        _rates([one.without for one in unsafe], [one.without for one in safe]),
    )


def told_of_tiles(judged: Iterable[Judged], pack: Pack) -> Iterator[tuple[Answer, bool]]:
    """Every answer about a tile of which the truth can be said, with the truth."""
    for one in judged:
        truths = view_truths(one.scene.drawing, pack)
        for answer in one.evidence.answers:
            truth = truths[answer.view][answer.question]
            if answer.view.startswith("tile") and truth is not None:
                yield answer, truth


def _whole(evidence: Evidence) -> Evidence:
    return Evidence(
        tuple(answer for answer in evidence.answers if answer.view == "full"),
        tuple(caption for caption in evidence.captions if caption.view == "full"),
    )


def _rates(unsafe: Sequence[str], safe: Sequence[str]) -> Rates:
    return Rates(
        *(verdicts.count(verdict) / len(verdicts) for verdicts in (unsafe, safe) for verdict in ("unsafe", "review"))
    )
