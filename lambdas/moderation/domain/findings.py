"""Findings: each answer as a score, compared with its question's threshold."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from moderation.domain.captions import supported_categories
from moderation.domain.evidence import Answer, Evidence
from moderation.domain.policy import Pack, Question
from moderation.domain.reading.text import Find
from moderation.domain.reading.word_list import words_found
from moderation.domain.yes_no import statements, yes_or_no

# Ratio of odds below the threshold from which an answer is a clear no: a score of 0.25 under 0.5, 0.91 under 0.97.
CLEARLY_UNDER = 3

# P is kept this far from 0 and 1, where log-odds are infinite.
_NEAREST = 1e-6
# View of the findings that the text answers.
READ = "text"
# A line is kept from a higher confidence on.
_READ_THRESHOLD = 0.5
# With less probability on yes and no together, the model said something else.
_ANSWERED = 0.5


@dataclass(frozen=True)
class Finding:
    """One answer of the vision model about one view, or of the text in the image, scored.

    `score` is P in [0, 1] that the unsafe answer is the true one, after bias correction and temperature scaling; None
    if the answer is missing or unusable, and then `fault` says why. `near` is over the threshold or within the pack's
    margin below it. `read` is what was found in the text, the surest first, and None for an answer of the model.
    """

    view: str
    question_id: str
    question: str
    categories: tuple[str, ...]
    answer: str
    score: float | None
    p_yes: float | None
    p_blank: float | None
    threshold: float
    over: bool
    near: bool
    fault: str = ""
    read: tuple[Find, ...] | None = None

    @property
    def clear_no(self) -> bool:
        """Tell if the odds of the score are at least `CLEARLY_UNDER` times lower than those of the threshold."""
        if self.score is None:
            return False
        return CLEARLY_UNDER * self.score * (1 - self.threshold) <= self.threshold * (1 - self.score)


def score(question: Question, answer: Answer) -> float | None:
    """P in [0, 1] that the unsafe answer is the true one, or None if the answer can't be scored.

    With P(yes): log-odds, minus those of a blank image (it contains nothing, so only a tendency towards "yes" is the
    question's own bias), divided by the question's temperature. Without: a leading "yes" is 1, "no" 0.
    """
    return None if fault_of(question, answer) else _score(question, answer)


def _score(question: Question, answer: Answer) -> float:
    if answer.p_yes is None:
        p_yes = 1.0 if yes_or_no(answer.text, question.text) == "yes" else 0.0
    else:
        bias = max(0.0, _logit(answer.p_blank)) if answer.p_blank is not None else 0.0
        p_yes = _sigmoid((_logit(answer.p_yes) - bias) / question.temperature)
    return p_yes if question.unsafe_answer == "yes" else 1.0 - p_yes


def fault_of(question: Question, answer: Answer) -> str:
    """Return why the answer can't be scored, as the predicate of a sentence about the question; empty if it can."""
    said, p_yes = yes_or_no(answer.text, question.text), answer.p_yes
    if not (_is_probability(p_yes) and _is_probability(answer.p_blank) and _is_probability(answer.p_yes_no)):
        return "has an answer with an invalid probability"
    if said is None or (answer.p_yes_no is not None and answer.p_yes_no < _ANSWERED):
        return "has no yes or no"
    if p_yes is not None and (p_yes < 0.5 if said == "yes" else p_yes > 0.5):
        return f'is answered "{said}" with P(yes) {p_yes:.2f}, a contradiction,'
    yes_to_blank = says_yes_to_blank(question, answer.p_blank, subtracted=p_yes is not None)
    return "is answered yes about a blank image as well as" if yes_to_blank else ""


def says_yes_to_blank(question: Question, p_blank: float | None, subtracted: bool = True) -> bool:
    """Tell if the question is answered yes about a blank image, P(yes) `p_blank`: no answer to it means anything.

    That is at or over the threshold, before the bias is subtracted. Where `no` is the unsafe answer it is a yes whose
    subtraction alone puts an image like the blank one over the threshold; without P(yes), nothing is `subtracted`.
    """
    if p_blank is None:
        return False
    if question.unsafe_answer == "yes":
        return _logit(p_blank) / question.temperature >= _logit(question.threshold)
    return subtracted and p_blank > 0.5 and question.threshold <= 0.5


def unanswerable(pack: Pack, p_blank: Mapping[str, float | None], subtracted: bool = True) -> list[str]:
    """Return a sentence for each question that is answered yes about a blank image; `p_blank` by the question's text.

    A question that isn't in `p_blank` wasn't asked. `subtracted` tells if the model gives P(yes), less that of a blank.
    """
    return [
        f'{question.id}: "{question.text}" is answered yes about a blank image (P(yes) {p_blank[question.text]:.2f}, '
        f"threshold {question.threshold:.2f}), so its answers mean nothing; reword it, or raise its threshold"
        for question in pack.asked
        if says_yes_to_blank(question, p_blank.get(question.text), subtracted)
    ]


def findings(pack: Pack, evidence: Evidence) -> tuple[Finding, ...]:
    """Findings for every question of the pack, and within it for every view, then for the text if it answers.

    A missing answer gives a finding without a score.
    """
    answers = {(answer.view, answer.question): answer for answer in evidence.answers}
    seen = views(evidence)
    return tuple(
        finding
        for question in pack.questions
        for finding in (
            *(
                _finding(pack, question, answers.get((view, question.text)) or Answer(view, question.text, ""))
                for view in (seen if question.ask else ())
            ),
            *((_read_finding(question, evidence),) if question.is_read else ()),
        )
    )


def views(evidence: Evidence) -> tuple[str, ...]:
    """Names of the views with answers or captions, in the order of the evidence."""
    asked = [answer.view for answer in evidence.answers]
    described = [caption.view for caption in evidence.captions]
    return tuple(dict.fromkeys(asked + described))


def top_finding(found: Sequence[Finding]) -> Finding | None:
    """The finding that speaks for a category and is furthest over its threshold, or nearest under it."""
    speaking = [finding for finding in found if finding.categories and finding.score is not None]
    return max(speaking, key=lambda finding: (finding.score or 0.0) - finding.threshold, default=None)


def _finding(pack: Pack, question: Question, answer: Answer) -> Finding:
    fault = fault_of(question, answer) or _taken_back(pack, question, answer)
    p = None if fault else _score(question, answer)
    return Finding(
        view=answer.view,
        question_id=question.id,
        question=question.text,
        categories=question.categories,
        answer=answer.text,
        score=p,
        p_yes=answer.p_yes,
        p_blank=answer.p_blank,
        threshold=question.threshold,
        over=p is not None and p >= question.threshold,
        near=p is not None and p >= question.threshold - pack.margin,
        fault=fault,
    )


def _read_finding(question: Question, evidence: Evidence) -> Finding:
    """Return the answer of the text: yes with the confidence of what is read most surely, or no."""
    reading = evidence.reading
    found = [find for find in reading.finds if find.detector in question.reads] if reading else []
    found += words_found(reading, question.words) if reading else ()
    surest = sorted(found, key=lambda find: -find.confidence)
    score = surest[0].confidence if surest else 0.0
    return Finding(
        view=READ,
        question_id=question.id,
        question=question.text,
        categories=question.categories,
        answer="yes" if surest else "no",
        score=score if reading else None,
        p_yes=None,
        p_blank=None,
        threshold=_READ_THRESHOLD,
        over=score >= _READ_THRESHOLD,
        near=score >= _READ_THRESHOLD,
        fault=""
        if reading
        else f"isn't answered by the text, which wasn't read{evidence.unread and f' ({evidence.unread})'}",
        read=tuple(surest),
    )


def _taken_back(pack: Pack, question: Question, answer: Answer) -> str:
    """Return the fault of a "no" that names, as what there is instead, a thing of the question's categories."""
    instead = statements(answer.text, question.text)
    named = set(supported_categories(pack, instead)) & set(question.categories) if instead else ()
    return f'is answered "no" with words for {min(named)}, a contradiction,' if named else ""


def _is_probability(value: float | None) -> bool:
    """Tell if a value that may be missing is from 0 to 1."""
    return value is None or 0.0 <= value <= 1.0


def _logit(p: float) -> float:
    p = _NEAREST if p < _NEAREST else 1 - _NEAREST if p > 1 - _NEAREST else p
    return math.log(p / (1 - p))


def _sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x >= 0 else 1 - 1 / (1 + math.exp(x))
