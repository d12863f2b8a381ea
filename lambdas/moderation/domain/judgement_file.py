"""Judgement of an image, as it is passed to the record and stored there."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from moderation.domain.decision import Decision
from moderation.domain.evidence import Evidence, answer_data
from moderation.domain.findings import Finding
from moderation.domain.judgement import Judgement, UnusableJudgement
from moderation.domain.policy import Pack
from moderation.domain.reading.text import reading_to_json

# The judge's answers as it gave them, by pack; the record doesn't hold them.
JUDGE_TEXTS = "judge_texts"
MAX_TEXT = 20_000

# The raw answer that a finding was scored from is stored once, with those of all packs.
_RAW = ("answer", "p_yes", "p_blank")


def judgement_attributes(
    decision: Decision, judgement: Judgement | UnusableJudgement | None, evidence: Evidence
) -> dict[str, Any]:
    """Attributes of the decision under the pack in force, with all answers and captions that any pack asked for."""
    return {
        **_verdict(decision, judgement),
        "top_finding": _finding(decision.top_finding) if decision.top_finding else None,
        "other_category": decision.other_category,
        "evidence": [_finding(finding, *_RAW) for finding in decision.findings],
        "answers": [answer_data(answer) for answer in evidence.answers],
        "captions": [asdict(caption) for caption in evidence.captions],
        **({"reading": reading_to_json(evidence.reading)} if evidence.reading else {}),
    }


def shadow_attributes(
    pack: Pack, decision: Decision, judgement: Judgement | UnusableJudgement | None
) -> dict[str, Any]:
    """Summary of a shadow verdict, as stored on the record."""
    return {"digest": pack.digest, **_verdict(decision, judgement)}


def shadow_error(sentence: str, pack: Pack | None = None) -> dict[str, Any]:
    """Stand-in for the verdict of a shadow pack that gave none; `sentence` is the reason."""
    return {
        **({"digest": pack.digest} if pack else {}),
        "verdict": "error",
        "category": None,
        "reason": sentence,
        "decided_by": "failure",
    }


def judge_texts(texts: Iterable[str]) -> list[str]:
    """Return the judge's answers as they are stored: at most `MAX_TEXT` characters each, and valid Unicode."""
    return [text[:MAX_TEXT].encode("utf-8", "replace").decode() for text in texts]


def _verdict(decision: Decision, judgement: Judgement | UnusableJudgement | None) -> dict[str, Any]:
    return {
        "verdict": decision.verdict,
        "category": decision.category,
        "reason": decision.reason,
        "decided_by": decision.decided_by,
        "row": decision.row,
        "judgement": _judgement(judgement),
    }


def _judgement(judgement: Judgement | UnusableJudgement | None) -> dict[str, Any] | None:
    """The judge's own answer, whatever was decided; None if it wasn't asked."""
    if judgement is None:
        return None
    return asdict(judgement) if isinstance(judgement, Judgement) else {"unusable": str(judgement)}


def _finding(finding: Finding, *without: str) -> dict[str, Any]:
    """Plain data of a finding; its fault is in the verdict's reason."""
    hidden = ("fault", *without) if finding.read is None else ("fault", "p_yes", "p_blank")
    return {
        name: value for name, value in asdict(finding).items() if name not in hidden and (name, value) != ("read", None)
    }
