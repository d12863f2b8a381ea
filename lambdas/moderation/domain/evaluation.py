"""Evaluation of a pack and its models on labelled pictures: each picture's outcome, and the report over all of them.

A report is plain data, as it is written to JSON. It has shares with their intervals, and nothing of a picture but its
path, its scores and its captions.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from moderation.domain.decision import Decision, decide, needs_judge
from moderation.domain.evidence import Evidence
from moderation.domain.intervals import LEVEL, Discordance, Interval, wilson
from moderation.domain.judgement import Judgement, UnusableJudgement
from moderation.domain.metrics import (
    CurvePoint,
    average_precision,
    calibration_error,
    category_metrics,
    curve,
    misclassifications,
    reliability,
    share,
)
from moderation.domain.pack_cases import judge_by_answers
from moderation.domain.policy import Pack

SCHEMA_VERSION = 1
VERDICTS = ("safe", "unsafe", "review")
NO_CATEGORY = "no category"
MOST_LISTED = 200  # of the pictures in each list
_MOST_POINTS = 200  # of a curve
_PART = re.compile(r"(^|-)(trimmed|tile-\d+)$")  # names of views that show a part of a picture
_FOUND, _RULES = "answers on whole pictures", "answers on all views"
STAGES = (_FOUND, _RULES, "answers and judge")


@dataclass(frozen=True)
class TopAnswer:
    """The strongest answer that speaks for a category."""

    question_id: str
    view: str
    score: float
    threshold: float


@dataclass(frozen=True)
class Stage:
    """Verdict with a part of the pipeline only, and the categories that it flags."""

    verdict: str
    flagged: frozenset[str]


@dataclass(frozen=True)
class EvaluatedPicture:
    """Judged picture whose true categories are known. Implements `metrics.Evaluated`.

    `tops` is by category. `before` are the stages without the judge, of whole pictures alone and of all views.
    `judged` is the judge's own flag, `unusable`, or empty where it wasn't asked. Milliseconds are of all requests to
    a model, None where they aren't known; `questions` were asked about each of the `views`.
    """

    path: str
    truth: tuple[str, ...]
    verdict: str
    category: str | None
    row: str
    reason: str
    flagged: frozenset[str]
    tops: Mapping[str, TopAnswer]
    before: tuple[Stage, Stage]
    captions: tuple[str, ...] = ()
    judged: str = ""
    views: int = 0
    questions: int = 0
    judgements: int = 0
    vision_ms: int | None = None
    judge_ms: int | None = None

    def score(self, category: str) -> float:
        """Return the highest score of an answer that speaks for a category, 0 without one."""
        return self.tops[category].score if category in self.tops else 0.0

    @property
    def is_right(self) -> bool:
        """Tell if the verdict is `unsafe` for a picture with a category and `safe` for one without."""
        return self.verdict == ("unsafe" if self.truth else "safe")

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The stages of the pipeline, in the order of `STAGES`."""
        return (*self.before, Stage(self.verdict, self.flagged))


@dataclass(frozen=True)
class Spent:
    """Time and requests of the models: milliseconds are None where they aren't known."""

    judgements: int = 0
    vision_ms: int | None = None
    judge_ms: int | None = None


def evaluated(
    path: str,
    truth: Sequence[str],
    pack: Pack,
    evidence: Evidence,
    decision: Decision,
    judgement: Judgement | UnusableJudgement | None,
    spent: Spent | None = None,
) -> EvaluatedPicture:
    """Return the outcome for a picture with these true categories."""
    spent = spent or Spent()
    views = tuple(dict.fromkeys([a.view for a in evidence.answers] + [c.view for c in evidence.captions]))
    return EvaluatedPicture(
        path=path,
        truth=tuple(truth),
        verdict=decision.verdict,
        category=decision.category,
        row=decision.row,
        reason=decision.reason,
        flagged=_flagged(decision),
        tops=_tops(decision),
        before=(_without_judge(pack, _whole_views(evidence)), _without_judge(pack, evidence)),
        captions=tuple(caption.text for caption in evidence.captions),
        judged=judgement.flag if isinstance(judgement, Judgement) else "unusable" if judgement else "",
        views=len(views),
        questions=len({answer.question for answer in evidence.answers}),
        judgements=spent.judgements,
        vision_ms=spent.vision_ms,
        judge_ms=spent.judge_ms,
    )


def rejected(path: str, truth: Sequence[str], error: str, reason: str) -> EvaluatedPicture:
    """Return the outcome for a file that no model was asked about: `error` is the name of the error, as on a record."""
    nothing = Stage("review", frozenset())
    return EvaluatedPicture(
        path, tuple(truth), "review", None, error, reason, frozenset(), {}, before=(nothing, nothing)
    )


def picture_data(picture: EvaluatedPicture) -> dict[str, Any]:
    """Return plain data that `read_picture` reads back."""
    before = [{"verdict": stage.verdict, "flagged": sorted(stage.flagged)} for stage in picture.before]
    return asdict(picture) | {"flagged": sorted(picture.flagged), "before": before}


def read_picture(data: Mapping[str, Any]) -> EvaluatedPicture:
    """Read an outcome: the inverse of `picture_data`. Raises KeyError, TypeError."""
    whole, answers = (Stage(stage["verdict"], frozenset(stage["flagged"])) for stage in data["before"])
    read = {
        "truth": tuple(data["truth"]),
        "captions": tuple(data["captions"]),
        "flagged": frozenset(data["flagged"]),
        "tops": {name: TopAnswer(**top) for name, top in data["tops"].items()},
        "before": (whole, answers),
    }
    return EvaluatedPicture(**{**data, **read})


def report(pack: Pack, pictures: Sequence[EvaluatedPicture]) -> dict[str, Any]:
    """Return the metrics of one pack and its models."""
    categories = [_category(pictures, name) for name in pack.category_names]
    labelled = [one for one in categories if one["with"]]
    return {
        "schema_version": SCHEMA_VERSION,
        "confidence": LEVEL,
        "pictures": len(pictures),
        "verdicts": [_verdicts(name, kind) for name, kind in _by_kind(pictures).items()],
        "macro_f1": sum(one["f1"] for one in labelled) / max(1, len(labelled)),
        "categories": categories,
        "confusion": _confusion(pack, pictures),
        "calibration": _calibration([pair for name in pack.category_names for pair in _scored(pictures, name)]),
        "stages": [_stage(place, pictures) for place in range(len(STAGES))],
        "added": {"views": _added(pictures, 0), "judge": _added(pictures, 1)},
        "errors": _errors(pictures),
        "judge_against_answers": _judge_against_answers(pictures),
        "rows": dict(Counter(picture.row for picture in pictures).most_common()),
    }


def comparison(pack: Pack, first: Sequence[EvaluatedPicture], second: Sequence[EvaluatedPicture]) -> dict[str, Any]:
    """Compare two evaluations of the same pictures, those that both have; `pack` names the categories."""
    by_path = {picture.path: picture for picture in second}
    pairs = [(one, by_path[one.path]) for one in first if one.path in by_path]
    changed = [pair for pair in pairs if (pair[0].verdict, pair[0].category) != (pair[1].verdict, pair[1].category)]
    matrix = Counter((one.verdict, other.verdict) for one, other in pairs)
    return {
        "pictures": len(pairs),
        "verdicts": [{"first": a, **{b: matrix[a, b] for b in VERDICTS}} for a in VERDICTS],
        "right_verdict": _discordance((one.is_right, other.is_right) for one, other in pairs),
        "categories": [
            {
                "category": name,
                **_discordance(
                    tuple((name in side.flagged) == (name in side.truth) for side in pair)  # type: ignore[misc]  # a pair
                    for pair in pairs
                ),
            }
            for name in pack.category_names
        ],
        "changed": len(changed),
        "changes": [
            {
                "path": one.path,
                "labels": list(one.truth),
                "first": {"verdict": one.verdict, "category": one.category, "reason": one.reason},
                "second": {"verdict": other.verdict, "category": other.category, "reason": other.reason},
                "score": [_top_score(one), _top_score(other)],
                "right": "first" if one.is_right and not other.is_right else "second" if other.is_right else "neither",
            }
            for one, other in sorted(changed, key=lambda pair: _top_score(pair[1]), reverse=True)[:MOST_LISTED]
        ],
    }


def _flagged(decision: Decision) -> frozenset[str]:
    if decision.verdict != "unsafe" or decision.category is None:
        return frozenset()
    return frozenset({decision.category}.union(*(found.categories for found in decision.findings if found.over)))


def _tops(decision: Decision) -> dict[str, TopAnswer]:
    tops: dict[str, TopAnswer] = {}
    for found in decision.findings:
        for category in found.categories:
            if found.score is not None and (category not in tops or found.score > tops[category].score):
                tops[category] = TopAnswer(found.question_id, found.view, found.score, found.threshold)
    return tops


def _whole_views(evidence: Evidence) -> Evidence:
    return replace(
        evidence,
        answers=tuple(answer for answer in evidence.answers if not _PART.search(answer.view)),
        captions=tuple(caption for caption in evidence.captions if not _PART.search(caption.view)),
    )


def _without_judge(pack: Pack, evidence: Evidence) -> Stage:
    """Return the stage in which the judge follows the answers alone."""
    judgement = judge_by_answers(pack, evidence) if needs_judge(pack, evidence) else None
    decision = decide(pack, evidence, judgement)
    return Stage(decision.verdict, _flagged(decision))


def _by_kind(pictures: Iterable[EvaluatedPicture]) -> dict[str, list[EvaluatedPicture]]:
    kinds: dict[str, list[EvaluatedPicture]] = {"with a category": [], "without a category": []}
    for picture in pictures:
        kinds["with a category" if picture.truth else "without a category"].append(picture)
    return kinds


def _verdicts(name: str, pictures: Sequence[EvaluatedPicture]) -> dict[str, Any]:
    counts = Counter(picture.verdict for picture in pictures)
    shares = {verdict: _share(counts[verdict], len(pictures)) for verdict in VERDICTS}
    return {"labelled": name, "pictures": len(pictures), **shares}


def _share(count: int, of: int) -> dict[str, Any]:
    return {"count": count, "share": count / max(1, of), "interval": _bounds(wilson(count, of))}


def _bounds(interval: Interval) -> list[float]:
    return [interval.low, interval.high]


def _scored(pictures: Iterable[EvaluatedPicture], category: str) -> list[tuple[float, bool]]:
    """Return score and truth of each picture with an answer that speaks for the category."""
    return [(p.tops[category].score, category in p.truth) for p in pictures if category in p.tops]


def _category(pictures: Sequence[EvaluatedPicture], category: str) -> dict[str, Any]:
    counted = category_metrics(pictures, category)
    scored = _scored(pictures, category)
    points = curve(scored)
    having = [picture for picture in pictures if category in picture.truth]
    return {
        "category": category,
        "with": counted.positives,
        "without": len(pictures) - counted.positives,
        "true_positives": counted.true_positives,
        "false_positives": counted.false_positives,
        "false_negatives": counted.false_negatives,
        "true_negatives": counted.true_negatives,
        "precision": counted.precision,
        "precision_interval": _bounds(counted.precision_interval),
        "recall": counted.recall,
        "recall_interval": _bounds(counted.recall_interval),
        "f1": counted.f1,
        "sent_to_review": share(having, "review"),
        "average_precision": average_precision(points),
        "curve": [asdict(point) for point in _thinned(points)],
        "calibration": _calibration(scored),
    }


def _thinned(points: Sequence[CurvePoint]) -> Sequence[CurvePoint]:
    """Return at most `_MOST_POINTS` points of a curve, both ends among them."""
    if len(points) <= _MOST_POINTS:
        return points
    step = (len(points) - 1) / (_MOST_POINTS - 1)
    return [points[round(number * step)] for number in range(_MOST_POINTS)]


def _calibration(scored: Iterable[tuple[float, bool]]) -> dict[str, Any]:
    bins = reliability(scored)
    return {"error": calibration_error(bins), "bins": [asdict(one) for one in bins]}


def _confusion(pack: Pack, pictures: Iterable[EvaluatedPicture]) -> dict[str, Any]:
    """Return the verdicts by label; a picture with two labels is in both rows."""
    columns = [*pack.category_names, "review", "safe"]
    cells: Counter[tuple[str, str]] = Counter()
    for picture in pictures:
        verdict = str(picture.category) if picture.verdict == "unsafe" else picture.verdict
        cells.update((label, verdict) for label in picture.truth or (NO_CATEGORY,))
    rows = [*pack.category_names, NO_CATEGORY]
    return {
        "columns": columns,
        "rows": [{"label": row, "verdicts": [cells[row, column] for column in columns]} for row in rows],
    }


def _stage(place: int, pictures: Sequence[EvaluatedPicture]) -> dict[str, Any]:
    kinds = _by_kind(pictures)
    having, lacking = kinds["with a category"], kinds["without a category"]
    found = sum(p.stages[place].verdict == "unsafe" and bool(p.stages[place].flagged & set(p.truth)) for p in having)
    invented = sum(picture.stages[place].verdict == "unsafe" for picture in lacking)
    reviewed = sum(picture.stages[place].verdict == "review" for picture in pictures)
    return {
        "stage": STAGES[place],
        "found": _share(found, len(having)),
        "wrongly_flagged": _share(invented, len(lacking)),
        "sent_to_review": _share(reviewed, len(pictures)),
    }


def _added(pictures: Iterable[EvaluatedPicture], place: int) -> dict[str, int]:
    """Count what the stage after `place` changes: categories of pictures that it flags or no longer flags."""
    counts = Counter(
        (category in after.flagged, category in picture.truth)
        for picture in pictures
        for before, after in [picture.stages[place : place + 2]]
        for category in before.flagged ^ after.flagged
    )
    return {
        "found": counts[True, True],
        "wrongly_flagged": counts[True, False],
        "lost": counts[False, True],
        "wrong_flags_removed": counts[False, False],
    }


def _errors(pictures: Sequence[EvaluatedPicture]) -> list[dict[str, Any]]:
    """List verdicts against the labels, the largest errors first."""
    return [
        {
            "path": one.picture.path,
            "category": one.category,
            "kind": one.kind,
            **_described(one.picture, one.category),
        }
        for one in misclassifications(pictures)[:MOST_LISTED]
    ]


def _judge_against_answers(pictures: Sequence[EvaluatedPicture]) -> dict[str, Any]:
    """List pictures on which the judge says something else than the answers, with the side that the labels support."""
    differing = [
        picture
        for picture in pictures
        if picture.judged in ("safe", "unsafe") and picture.before[1].verdict in ("safe", "unsafe")
        if picture.judged != picture.before[1].verdict
    ]
    right = sum((picture.judged == "unsafe") == bool(picture.truth) for picture in differing)
    listed = sorted(differing, key=_top_score, reverse=True)[:MOST_LISTED]
    return {
        "pictures": len(differing),
        "judge_right": _share(right, len(differing)),
        "listed": [
            {
                "path": picture.path,
                "judge": picture.judged,
                "answers": picture.before[1].verdict,
                "right": "judge" if (picture.judged == "unsafe") == bool(picture.truth) else "answers",
                **_described(picture, picture.category or _top_category(picture)),
            }
            for picture in listed
        ],
    }


def _described(picture: EvaluatedPicture, category: str | None) -> dict[str, Any]:
    top = picture.tops.get(category or "")
    return {
        "labels": list(picture.truth),
        "verdict": picture.verdict,
        "verdict_category": picture.category,
        "question": top.question_id if top else None,
        "view": top.view if top else None,
        "score": top.score if top else None,
        "threshold": top.threshold if top else None,
        "captions": list(picture.captions),
        "reason": picture.reason,
    }


def _top_category(picture: EvaluatedPicture) -> str | None:
    return max(picture.tops, key=lambda name: picture.tops[name].score, default=None)


def _top_score(picture: EvaluatedPicture) -> float:
    return max((top.score for top in picture.tops.values()), default=0.0)


def _discordance(pairs: Iterable[tuple[bool, bool]]) -> dict[str, Any]:
    found = Discordance.of(pairs)
    return {
        "both_right": found.both,
        "first_only": found.first_only,
        "second_only": found.second_only,
        "neither": found.neither,
        "discordant": found.discordant,
        "second_share_interval": _bounds(found.second_share),
        "p_value": found.p_value,
    }
