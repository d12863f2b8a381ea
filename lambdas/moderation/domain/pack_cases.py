"""Run a pack's own test cases through the decision."""

from collections.abc import Sequence
from dataclasses import dataclass

from moderation.domain.decision import Decision, decide, needs_judge
from moderation.domain.evidence import Answer, Caption, Evidence
from moderation.domain.findings import findings, top_finding
from moderation.domain.judgement import Judgement
from moderation.domain.policy import Case, Pack, Question
from moderation.domain.reading.detectors import finds
from moderation.domain.reading.text import Line, Reading

_VIEW = "full"
_HARMLESS_CAPTION = "a picture"  # supports no category


@dataclass(frozen=True)
class CaseResult:
    """A case and the pack's decision on it."""

    case: Case
    decision: Decision

    @property
    def passed(self) -> bool:
        """Tell if the verdict is the expected one, and the category too if the case names one."""
        expected = self.case.category in (None, self.decision.category)
        return expected and self.decision.verdict == self.case.verdict


def run_cases(pack: Pack) -> list[CaseResult]:
    """Run every case of the pack, in its order."""
    return [CaseResult(case, _decide(pack, case)) for case in pack.cases]


def _decide(pack: Pack, case: Case) -> Decision:
    evidence = _evidence(pack, case)
    judged = case.judge or judge_by_answers(pack, evidence)
    return decide(pack, evidence, judged if needs_judge(pack, evidence) else None)


def _evidence(pack: Pack, case: Case) -> Evidence:
    given = dict(case.answers)
    answers = [_answer(question, given.get(question.id, _harmless(question))) for question in pack.asked]
    captions = (Caption(_VIEW, case.caption or _HARMLESS_CAPTION),) if pack.caption else ()
    reading = _reading(case.text) if pack.is_read else None
    return Evidence(tuple(answer for answer in answers if answer), captions, reading=reading)


def _reading(texts: Sequence[str]) -> Reading:
    """Return the lines of a case below one another, read for certain."""
    lines = tuple(
        Line(text, 1.0, (0, 20 * number, 10 * len(text), 20 * number + 16)) for number, text in enumerate(texts)
    )
    return Reading(lines, finds=finds(lines, (), lambda _: ()))


def _harmless(question: Question) -> str:
    return "no" if question.unsafe_answer == "yes" else "yes"


def _answer(question: Question, given: str | float | None) -> Answer | None:
    if given is None:
        return None
    if isinstance(given, str):
        return Answer(_VIEW, question.text, given)
    return Answer(_VIEW, question.text, "yes" if given >= 0.5 else "no", p_yes=given)


def judge_by_answers(pack: Pack, evidence: Evidence) -> Judgement:
    """Return the judgement of a judge that follows the answers alone."""
    top = top_finding(findings(pack, evidence))
    if top and top.over:
        return Judgement("unsafe", top.categories[0], "an answer is over its threshold")
    return Judgement("safe", None, "no answer is over its threshold")
