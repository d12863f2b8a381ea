"""Detection of small unsafe content: scenes judged with the pack's views, and with the full view only."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from moderation.domain.evidence import Answer, Evidence
from moderation.domain.policy import Pack
from scripts.evaluation.dataset import Scene, view_labels
from scripts.evaluation.inprocess_pipeline import DemoModel, decision, png


@dataclass(frozen=True)
class JudgedScene:
    """Scene with the evidence of all its views, and its verdicts with all views and with the full view only."""

    scene: Scene
    evidence: Evidence
    with_views: str
    without: str


@dataclass(frozen=True)
class Rates:
    """Shares of unsafe scenes (caught) and safe scenes (flagged) that are called unsafe or sent to review."""

    caught: float
    caught_review: float
    flagged: float
    flagged_review: float


@dataclass(frozen=True)
class Evasion:
    """Detection rates of scenes whose pasted drawing takes `share` of their side."""

    share: float
    unsafe: int
    safe: int
    with_views: Rates
    without: Rates


def judge(model: DemoModel, pack: Pack, scenes: Iterable[Scene]) -> Iterator[JudgedScene]:
    """Judge each scene twice on evidence that is collected once: the full view is one of its views."""
    for scene in scenes:
        evidence = model.evidence(png(scene.image), pack)
        with_views = decision(pack, evidence).verdict
        without = decision(replace(pack, views="full"), _full_view(evidence)).verdict
        yield JudgedScene(scene, evidence, with_views, without)


def summary(share: float, judged: Sequence[JudgedScene]) -> Evasion:
    """Return the detection rates of scenes of one share."""
    unsafe = [one for one in judged if not one.scene.is_safe]
    safe = [one for one in judged if one.scene.is_safe]
    return Evasion(
        share,
        len(unsafe),
        len(safe),
        _rates([one.with_views for one in unsafe], [one.with_views for one in safe]),
        _rates([one.without for one in unsafe], [one.without for one in safe]),
    )


def tile_answers(judged: Iterable[JudgedScene], pack: Pack) -> Iterator[tuple[Answer, bool]]:
    """Yield every answer about a tile whose truth is defined, with the truth."""
    for one in judged:
        truths = view_labels(one.scene.drawing, pack)
        for answer in one.evidence.answers:
            truth = truths[answer.view][answer.question]
            if answer.view.startswith("tile") and truth is not None:
                yield answer, truth


def _full_view(evidence: Evidence) -> Evidence:
    return replace(
        evidence,
        answers=tuple(answer for answer in evidence.answers if answer.view == "full"),
        captions=tuple(caption for caption in evidence.captions if caption.view == "full"),
    )


def _rates(unsafe: Sequence[str], safe: Sequence[str]) -> Rates:
    return Rates(
        *(verdicts.count(verdict) / len(verdicts) for verdicts in (unsafe, safe) for verdict in ("unsafe", "review"))
    )
