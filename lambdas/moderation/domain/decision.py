"""The decision: one pure function of the pack, the evidence and the judgement.

Its table is in `docs/policy.md`; each row is a function here, in the same order.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from moderation.domain.captions import named_categories, says_something, supported_categories
from moderation.domain.descriptions import can_be_denied, quotes_unread_text
from moderation.domain.evidence import Evidence
from moderation.domain.findings import Finding, findings, top_finding, views
from moderation.domain.injection import SAYS_MORE, how_it_steers, look_like_instructions_together
from moderation.domain.judgement import NO_ANSWER, Judgement, UnusableJudgement
from moderation.domain.policy import Pack
from moderation.domain.reading.orders import reads_like_orders
from moderation.domain.reading.text import Find
from moderation.domain.reading.word_list import WORDS
from moderation.domain.refusals import declines
from moderation.domain.yes_no import beyond_known_words

Verdict = Literal["safe", "unsafe", "review"]
DecidedBy = Literal["judge", "evidence", "failure"]


@dataclass(frozen=True)
class Decision:
    """A verdict with its basis.

    `row` names the row of the table that matched, `findings` are all scored answers, `top_finding` is the one
    furthest over its threshold (or nearest under it), and `other_category` is that finding's category if it differs
    from the verdict's.
    """

    verdict: Verdict
    category: str | None
    reason: str
    decided_by: DecidedBy
    row: str
    findings: tuple[Finding, ...]
    top_finding: Finding | None
    other_category: str | None = None


@dataclass(frozen=True)
class _Situation:
    """Inputs of the table's rows."""

    pack: Pack
    evidence: Evidence
    judgement: Judgement | UnusableJudgement | None
    found: tuple[Finding, ...]
    top: Finding | None

    @property
    def judged_safe(self) -> Judgement | None:
        return self._judged("safe")

    @property
    def judged_unsafe(self) -> Judgement | None:
        return self._judged("unsafe")

    @property
    def read_as_judged(self) -> bool:
        """Tell if the text in the image shows, without a model, the category in which the judge calls it unsafe."""
        judged = self.judged_unsafe
        return judged is not None and any(
            finding.read and finding.over and judged.category in finding.categories for finding in self.found
        )

    def _judged(self, flag: str) -> Judgement | None:
        return self.judgement if isinstance(self.judgement, Judgement) and self.judgement.flag == flag else None

    @property
    def top_category(self) -> str | None:
        """Category of the top finding, if it is near or over its threshold."""
        return self.top.categories[0] if self.top and self.top.near else None

    @property
    def supported(self) -> bool:
        """Tell if an answer over its threshold or a caption, in the pack's own words, supports any category."""
        over = self.top is not None and self.top.over
        said = [*_captions(self.pack, self.evidence), *_texts(self.pack, self.evidence)]
        return over or bool(named_categories(self.pack, said))

    @property
    def in_captions(self) -> tuple[str, ...]:
        """Categories that a caption supports."""
        return supported_categories(self.pack, _captions(self.pack, self.evidence))

    @property
    def undenied(self) -> str | None:
        """The first category that a caption supports and not every answer clearly denies; None if there is none."""
        return next((name for name in self.in_captions if not self._is_denied(name)), None)

    @property
    def undenied_in_text(self) -> str | None:
        """The first category that the text in the image supports and not every answer clearly denies."""
        supported = supported_categories(self.pack, _texts(self.pack, self.evidence))
        return next((name for name in supported if not self.answered_no(name)), None)

    def answered_no(self, category: str) -> bool:
        """Tell if there are answers about the category, the model's among them, each a clear no."""
        speaking = [finding for finding in self.found if category in finding.categories]
        looked = any(finding.read is None for finding in speaking)
        return looked and all(finding.clear_no for finding in speaking)

    def _is_denied(self, category: str) -> bool:
        return self.answered_no(category) and self._only_described

    @property
    def _only_described(self) -> bool:
        """Tell if the captions do nothing but describe: what talks to a judge isn't denied by answers."""
        return all(can_be_denied(caption, self._names_something) for caption in _captions(self.pack, self.evidence))

    def _names_something(self, text: str) -> bool:
        return bool(supported_categories(self.pack, [text]))


@dataclass(frozen=True)
class _RowResult:
    verdict: Verdict
    category: str | None
    decided_by: DecidedBy
    reason: str


def decide(pack: Pack, evidence: Evidence, judgement: Judgement | UnusableJudgement | None) -> Decision:
    """Return the verdict of the first row of the table that matches. None as judgement: the judge wasn't asked."""
    return decide_on(pack, evidence, findings(pack, evidence), judgement)


def decide_on(
    pack: Pack, evidence: Evidence, found: tuple[Finding, ...], judgement: Judgement | UnusableJudgement | None
) -> Decision:
    """Decide as `decide` does; `found` are the findings of the evidence under the pack."""
    situation = _Situation(pack, evidence, judgement, found, top_finding(found))
    name, result = next((name, result) for name, row in _ROWS.items() if (result := row(situation)))
    return Decision(
        verdict=result.verdict,
        category=result.category,
        reason=result.reason,
        decided_by=result.decided_by,
        row=name,
        findings=found,
        top_finding=situation.top,
        other_category=_other_category(situation.top, result),
    )


def needs_judge(pack: Pack, evidence: Evidence) -> bool:
    """Tell if the judge must be asked: always, unless the pack says `when_flagged` and nothing is flagged.

    Nothing is flagged if every answer is there and below its threshold by more than the margin, and the caption
    supports no category.
    """
    if pack.judge == "always":
        return True
    found = findings(pack, evidence)
    return (
        bool(_what_is_missing(pack, evidence, found))
        or any(finding.near for finding in found)
        or bool(supported_categories(pack, [*_captions(pack, evidence), *_texts(pack, evidence)]))
    )


def _evidence_missing(situation: _Situation) -> _RowResult | None:
    missing = _what_is_missing(situation.pack, situation.evidence, situation.found)
    if not missing:
        return None
    return _RowResult(
        "review", situation.top_category, "failure", f"Evidence is missing: {missing}. A person must decide."
    )


def _no_judgement(situation: _Situation) -> _RowResult | None:
    if isinstance(situation.judgement, UnusableJudgement):
        reason = f"The judge's answer can't be used: {situation.judgement}. A person must decide."
    elif situation.judgement is None and needs_judge(situation.pack, situation.evidence):
        reason = NO_ANSWER
    else:
        return None
    return _RowResult("review", situation.top_category, "failure", reason)


def _instructions(situation: _Situation) -> _RowResult | None:
    steering = _what_steers(situation.pack, situation.evidence, talk_counts=not situation.read_as_judged)
    if not steering:
        return None
    reason = f"{steering}; the judge can't be relied on here. A person must decide."
    return _RowResult("review", situation.top_category, "evidence", reason)


def _disagreement(situation: _Situation) -> _RowResult | None:
    if not situation.judged_safe or not situation.top or not situation.top.near:
        return None
    reason = f"The judge calls the image safe, but {_described(situation.top)}. A person must decide."
    return _RowResult("review", situation.top_category, "evidence", reason)


def _caption_disagreement(situation: _Situation) -> _RowResult | None:
    if not situation.judged_safe:
        return None
    if in_text := situation.undenied_in_text:
        reason = (
            f"The judge calls the image safe, but the text in it mentions {in_text}, and no answer, or not every "
            "answer about it, is a clear no. A person must decide."
        )
        return _RowResult("review", in_text, "evidence", reason)
    if not (undenied := situation.undenied):
        return None
    why = (
        "a caption has text from the picture or more than a description, which clear noes don't excuse"
        if situation.answered_no(undenied)
        else "no answer, or not every answer about it, is a clear no"
    )
    reason = f"The judge calls the image safe, but a caption mentions {undenied}, and {why}. A person must decide."
    return _RowResult("review", undenied, "evidence", reason)


def _for_a_person(situation: _Situation) -> _RowResult | None:
    judgement = situation.judged_unsafe
    if not judgement or not _is_left_to_a_person(situation.pack, judgement.category):
        return None
    reason = judgement.reason or f"The judge finds the image against the policy on {judgement.category}."
    reason += f" The policy leaves {judgement.category} to a person."
    return _RowResult("review", judgement.category, "judge", reason)


def _unsupported(situation: _Situation) -> _RowResult | None:
    judgement = situation.judged_unsafe
    if not judgement or situation.supported or not _has_question_for(situation.pack, judgement.category):
        return None
    reason = (
        f"The judge calls the image unsafe ({judgement.category}), but no answer is over its threshold and the "
        "caption mentions no category. A person must decide."
    )
    return _RowResult("review", judgement.category, "evidence", reason)


def _unsafe(situation: _Situation) -> _RowResult | None:
    judgement = situation.judged_unsafe
    if not judgement:
        return None
    reason = judgement.reason or f"The judge finds the image against the policy on {judgement.category}."
    read = _read_in_it(situation.top)
    if read and not reason.endswith((".", "!", "?")):  # the judge's own words
        reason += "."
    return _RowResult("unsafe", judgement.category, "judge", reason + read)


def _unseen(situation: _Situation) -> _RowResult | None:
    lacking = (*situation.evidence.unseen, *(situation.evidence.partly_unread if situation.pack.is_read else ()))
    if not lacking:
        return None
    reason = f"Not all of the image was looked at: {' '.join(lacking)}"
    return _RowResult("review", None, "evidence", reason)


def _judge_not_needed(situation: _Situation) -> _RowResult | None:
    if situation.judgement is not None:
        return None
    reason = "No answer comes near its threshold and the caption mentions no category, so the judge wasn't asked."
    return _RowResult("safe", None, "evidence", reason)


def _safe(situation: _Situation) -> _RowResult | None:
    judgement = situation.judged_safe
    if not judgement:
        return None
    return _RowResult("safe", None, "judge", judgement.reason or "The judge finds nothing against the policy.")


# The names are stored with each verdict.
_ROWS: dict[str, Callable[[_Situation], _RowResult | None]] = {
    "evidence_missing": _evidence_missing,
    "no_judgement": _no_judgement,
    "instructions": _instructions,
    "disagreement": _disagreement,
    "caption_disagreement": _caption_disagreement,
    "for_a_person": _for_a_person,
    "unsupported": _unsupported,
    "unsafe": _unsafe,
    "unseen": _unseen,
    "judge_not_needed": _judge_not_needed,
    "safe": _safe,
}


_MOST_PLACES = 3  # that a reason names
_UNREAD = "has words that aren't English, which are text from the picture that nothing here reads"


def _what_is_missing(pack: Pack, evidence: Evidence, found: Sequence[Finding]) -> str:
    if not found:
        return "the image was never looked at"
    for finding in found:
        if finding.fault:
            return f'"{finding.question}" {finding.fault} on the view "{finding.view}"'
    described = {caption.view for caption in evidence.captions if says_something(caption.text)}
    declined = {caption.view for caption in evidence.captions if declines(caption.text)}
    for view in views(evidence):
        if pack.caption and view not in described:
            return f'the view "{view}" has no caption'
        if pack.caption and view in declined:
            return f'the caption of the view "{view}" doesn\'t describe it'
    return ""


def _what_steers(pack: Pack, evidence: Evidence, *, talk_counts: bool) -> str:
    for caption in evidence.captions if pack.caption else ():
        steers = how_it_steers(caption.text)
        counted = steers if talk_counts or steers != SAYS_MORE else ""
        if how := counted or (quotes_unread_text(caption.text) and _UNREAD):
            return f'The caption of the view "{caption.view}" {how}'
    asked = {question.text for question in pack.questions}
    answers: list[tuple[str, str]] = []
    for answer in evidence.answers:
        words = beyond_known_words(answer.text, answer.question) if answer.question in asked else ""
        if how := how_it_steers(words):
            return f'The answer to "{answer.question}" on the view "{answer.view}" {how}'
        answers += [(answer.view, words)] if words else []
    if pack.is_read and evidence.reading and (page := reads_like_orders(evidence.reading)):
        return f'The text in the picture, on the view "{page}", reads like instructions'
    captions = [(caption.view, caption.text) for caption in evidence.captions if pack.caption]
    together = _steers_together(evidence, captions, answers)
    return "All captions and answers together read like instructions" if together else ""


def _steers_together(evidence: Evidence, captions: list[tuple[str, str]], answers: list[tuple[str, str]]) -> bool:
    """Tell if captions and answers read like instructions in one of the orders in which a reader meets them.

    Each has the name of its view and a text.
    """
    if len(captions) + len(answers) < 2:
        return False
    place = {view: number for number, view in enumerate(views(evidence))}
    by_view = sorted([*captions, *answers], key=lambda said: place[said[0]])
    orders = (captions, captions[::-1], [*captions, *answers], [*answers, *captions], by_view)
    return any(len(said) > 1 and look_like_instructions_together([text for _, text in said]) for said in orders)


def _captions(pack: Pack, evidence: Evidence) -> list[str]:
    return [caption.text for caption in evidence.captions] if pack.caption else []


def _texts(pack: Pack, evidence: Evidence) -> list[str]:
    """Return the text of the image as one, as a reader sees it; none under a pack that doesn't read."""
    return [" ".join(evidence.reading.texts)] if pack.is_read and evidence.reading else []


def _has_question_for(pack: Pack, category: str | None) -> bool:
    return any(category in question.categories for question in pack.questions)


def _is_left_to_a_person(pack: Pack, category: str | None) -> bool:
    return any(known.name == category and known.action == "review" for known in pack.categories)


def _other_category(top: Finding | None, result: _RowResult) -> str | None:
    if result.verdict != "unsafe" or not top or not top.over or result.category in top.categories:
        return None
    return top.categories[0]


def _read_in_it(top: Finding | None) -> str:
    """Name what was read and where, if that is the strongest evidence; reasons leave in messages."""
    if not top or not top.read or not top.over:
        return ""
    places = list(dict.fromkeys(map(_place, top.read)))
    more = len(places) - _MOST_PLACES
    return f" Read in the image: {', '.join(places[:_MOST_PLACES])}{f' and {more} more' if more > 0 else ''}."


def _place(find: Find) -> str:
    """Name a word, which is the pack's own, or what a detector found without the text itself; and its place."""
    named = f'"{find.text}"' if find.detector == WORDS else find.detector
    left, top, *_ = find.box
    return f'{named} on the view "{find.view}" at {left}, {top}'


def _described(finding: Finding) -> str:
    if finding.read:
        found = finding.read[0]
        return f'"{finding.question}" is answered yes by the text "{found.text}", read on the view "{found.view}"'
    place = "over" if finding.over else "just under"
    return (
        f'"{finding.question}" was answered {finding.answer.strip()} on the view "{finding.view}" '
        f"with score {finding.score:.2f}, {place} its threshold {finding.threshold:.2f}"
    )
