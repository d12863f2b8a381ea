"""The decision: one pure function over the pack, the evidence and the judgement. `docs/policy.md` has its table."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from moderation.domain.captions import supported_categories
from moderation.domain.evidence import Evidence
from moderation.domain.findings import Finding, findings, strongest, views
from moderation.domain.injection import looks_like_instructions
from moderation.domain.policy import Pack
from moderation.domain.verdict import Judgement, UnusableJudgement

Verdict = Literal["safe", "unsafe", "review"]


@dataclass(frozen=True)
class Decision:
    """A verdict with what it rests on.

    `findings` are all scored answers, `strongest` the one that speaks loudest for a category, and
    `other_category` what that answer speaks for where the verdict's category is another.
    """

    verdict: Verdict
    category: str | None
    reason: str
    decided_by: Literal["judge", "evidence", "failure"]
    findings: tuple[Finding, ...]
    strongest: Finding | None
    other_category: str | None = None


def decide(pack: Pack, evidence: Evidence, judgement: Judgement | UnusableJudgement | None) -> Decision:
    """The verdict; the first row of the table that matches wins. None as judgement: the judge wasn't asked."""
    found = findings(pack, evidence)
    loudest = strongest(found)
    seen = loudest.categories[0] if loudest and loudest.near else None

    def decision(
        verdict: Verdict, category: str | None, by: Literal["judge", "evidence", "failure"], reason: str
    ) -> Decision:
        return Decision(verdict, category, reason, by, found, loudest, _other(loudest, verdict, category))

    missing = _missing(pack, evidence, found)
    if missing:
        return decision("review", seen, "failure", f"Evidence is missing: {missing}. A person must decide.")
    if judgement is None and needs_judge(pack, evidence):
        return decision("review", seen, "failure", "The judge gave no answer. A person must decide.")
    if isinstance(judgement, UnusableJudgement):
        return decision(
            "review", seen, "failure", f"The judge's answer can't be used: {judgement}. A person must decide."
        )
    steering = _steering(pack, evidence)
    if steering:
        return decision(
            "review",
            seen,
            "evidence",
            f"{steering} reads like instructions to the moderator, so the judge can't be relied on here. "
            "A person must decide.",
        )
    if judgement is None:
        return decision("safe", None, "evidence", "No answer comes near its threshold, so the judge wasn't asked.")
    if judgement.flag == "safe":
        if loudest and loudest.near:
            return decision(
                "review",
                seen,
                "evidence",
                f"The judge calls the image safe, but {_told(loudest)}. A person must decide.",
            )
        return decision("safe", None, "judge", judgement.reason or "The judge finds nothing against the policy.")
    if not _supported(pack, evidence, found) and _asked_for(pack, judgement.category):
        return decision(
            "review",
            judgement.category,
            "evidence",
            f"The judge calls the image unsafe ({judgement.category}), but no answer is over its threshold and "
            "the caption mentions no category. A person must decide.",
        )
    return decision(
        "unsafe",
        judgement.category,
        "judge",
        judgement.reason or f"The judge finds the image against the policy on {judgement.category}.",
    )


def needs_judge(pack: Pack, evidence: Evidence) -> bool:
    """Whether the judge must be asked: always, unless the pack says `when_flagged` and nothing is flagged.

    Nothing is flagged if every answer is there and below its threshold by more than the margin, and the
    caption supports no category.
    """
    if pack.judge == "always":
        return True
    found = findings(pack, evidence)
    return (
        bool(_missing(pack, evidence, found))
        or any(finding.near for finding in found)
        or bool(supported_categories(pack, _captions(pack, evidence)))
    )


def _missing(pack: Pack, evidence: Evidence, found: Sequence[Finding]) -> str:
    if not found:
        return "the image was never looked at"
    for finding in found:
        if finding.p is None:
            return f'"{finding.question}" has no yes or no on the view "{finding.view}"'
    described = {caption.view for caption in evidence.captions}
    for view in views(evidence):
        if pack.caption and view not in described:
            return f'the view "{view}" has no caption'
    return ""


def _steering(pack: Pack, evidence: Evidence) -> str:
    for caption in evidence.captions if pack.caption else ():
        if looks_like_instructions(caption.text):
            return f'The caption of the view "{caption.view}"'
    asked = {question.text for question in pack.questions}
    for answer in evidence.answers:
        if answer.question in asked and looks_like_instructions(answer.text):
            return f'The answer to "{answer.question}" on the view "{answer.view}"'
    return ""


def _supported(pack: Pack, evidence: Evidence, found: Sequence[Finding]) -> bool:
    return any(finding.over and finding.categories for finding in found) or bool(
        supported_categories(pack, _captions(pack, evidence))
    )


def _asked_for(pack: Pack, category: str | None) -> bool:
    return any(category in question.categories for question in pack.questions)


def _captions(pack: Pack, evidence: Evidence) -> list[str]:
    return [caption.text for caption in evidence.captions] if pack.caption else []


def _other(loudest: Finding | None, verdict: Verdict, category: str | None) -> str | None:
    if verdict != "unsafe" or not loudest or not loudest.over or category in loudest.categories:
        return None
    return loudest.categories[0]


def _told(finding: Finding) -> str:
    place = "over" if finding.over else "just under"
    return (
        f'"{finding.question}" was answered {finding.answer.strip() or "unsafe"} on the view "{finding.view}" '
        f"with P {finding.p:.2f}, {place} its threshold {finding.threshold:.2f}"
    )
