"""Fit temperatures and thresholds of a pack on labelled pictures, by the lower bound of each category's precision.

A temperature makes the true answers most likely. Thresholds find as much of a category as they can while the lower
bound (`intervals.wilson`) of the share of flagged pictures that really have the category is at least the precision
asked for. A category is flagged by any of its questions; a question counts for the category that it names first.
"""

import dataclasses
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from moderation.domain.evidence import Answer, Evidence
from moderation.domain.findings import findings, says_yes_to_blank, score
from moderation.domain.intervals import Interval, least_count, wilson
from moderation.domain.policy import Pack, Question

TEMPERATURES = tuple(step / 10 for step in range(3, 41))
THRESHOLDS = tuple(step / 100 for step in range(1, 100))
_LEAST_P = 1e-6  # in the likelihood, as in `score`
_ANY = 1 - 1e-6  # a threshold under which no answer about a blank picture is a fault


@dataclass(frozen=True)
class LabelledAnswers:
    """Picture with its true categories and, by question id, its strongest answer over all views.

    `unscaled` are the scores of those answers at temperature 1. `known` has the true answers, as far as the labels
    tell them: True if it is the unsafe one.
    """

    truth: frozenset[str]
    answers: Mapping[str, Answer]
    unscaled: Mapping[str, float]
    known: Mapping[str, bool] = field(default_factory=dict)


@dataclass(frozen=True)
class QuestionFit:
    """Fitted values of a question. Without answers whose truth is known, the temperature is left as it was."""

    question: Question
    is_scaled: bool


@dataclass(frozen=True)
class CategoryFit:
    """Fitted questions of a category, and what they do to the labelled pictures.

    Of `having` pictures with the category and `lacking` without it, `flagged` are over a threshold, `right` of them
    with the category.
    """

    category: str
    questions: tuple[QuestionFit, ...]
    having: int
    lacking: int
    flagged: int
    right: int

    @property
    def precision(self) -> Interval:
        return wilson(self.right, self.flagged)

    @property
    def recall(self) -> Interval:
        return wilson(self.right, self.having)


@dataclass(frozen=True)
class Refusal:
    """The reason why a category can't be fitted; `missing` pictures with it and without it are too few, if any."""

    category: str
    reason: str
    missing_with: int = 0
    missing_without: int = 0


@dataclass(frozen=True)
class Fit:
    """The pack with fitted values, the categories that have them, and those that are refused and left as they were."""

    pack: Pack
    fitted: tuple[CategoryFit, ...]
    refused: tuple[Refusal, ...]


def labelled_answers(
    pack: Pack, evidence: Evidence, truth: Iterable[str], known: Mapping[str, bool] | None = None
) -> LabelledAnswers:
    """Reduce the evidence about a picture to what a fit needs. An answer that can't be scored isn't there.

    `known` are true answers by question id. Without it the labels tell those of each question about a category that
    the picture lacks, and of the only question about one that it has.
    """
    unscaled = dataclasses.replace(
        pack, questions=tuple(dataclasses.replace(q, threshold=_ANY, temperature=1.0) for q in pack.questions)
    )
    told = {(answer.view, answer.question): answer for answer in evidence.answers}
    strongest: dict[str, tuple[float, Answer]] = {}
    for found in findings(unscaled, evidence):
        if found.read is not None:
            continue
        if found.score is not None and found.score > strongest.get(found.question_id, (-1.0,))[0]:
            strongest[found.question_id] = (found.score, told[found.view, found.question])
    answers = {question_id: answer for question_id, (_, answer) in strongest.items()}
    scores = {question_id: at for question_id, (at, _) in strongest.items()}
    has = frozenset(truth)
    return LabelledAnswers(has, answers, scores, {**_told_by_labels(pack, has), **(known or {})})


def fit(pack: Pack, pictures: Sequence[LabelledAnswers], precision: float, categories: Iterable[str] = ()) -> Fit:
    """Fit the questions of the categories, by default of all that have questions, for a precision in (0, 1)."""
    wanted = tuple(categories) or tuple(name for name in pack.category_names if _questions_of(pack, name))
    results = [_fit_category(pack, name, pictures, precision) for name in wanted]
    fitted = tuple(result for result in results if isinstance(result, CategoryFit))
    values = {one.question.id: one.question for result in fitted for one in result.questions}
    questions = tuple(values.get(question.id, question) for question in pack.questions)
    refused = tuple(result for result in results if isinstance(result, Refusal))
    return Fit(dataclasses.replace(pack, questions=questions), fitted, refused)


def _fit_category(
    pack: Pack, category: str, pictures: Sequence[LabelledAnswers], precision: float
) -> CategoryFit | Refusal:
    questions = _questions_of(pack, category)
    if not questions:
        return Refusal(category, "no question is about it first, so there is nothing to fit")
    having = sum(category in picture.truth for picture in pictures)
    lacking, needed = len(pictures) - having, least_count(precision)
    if having < needed or lacking < needed:
        return _too_few(category, precision, having, lacking)
    scaled = [_fit_temperature(question, pictures) for question in questions]
    labels = [category in picture.truth for picture in pictures]
    columns = [_Column.of(one.question, pictures) for one in scaled]
    for one, column in zip(scaled, columns, strict=True):
        if not column.allowed:
            return Refusal(category, f"question {one.question.id} is answered yes about a blank picture; reword it")
    search = _Search(columns, labels, precision)
    thresholds = search.thresholds()
    if thresholds is None:
        return _unreached(category, precision, search, having)
    flagged, right = search.counted(thresholds)
    fitted = (
        dataclasses.replace(one, question=dataclasses.replace(one.question, threshold=at))
        for one, at in zip(scaled, thresholds, strict=True)
    )
    return CategoryFit(category, tuple(fitted), having, lacking, flagged, right)


def _questions_of(pack: Pack, category: str) -> list[Question]:
    return [question for question in pack.asked if question.categories[:1] == (category,)]


def _told_by_labels(pack: Pack, truth: frozenset[str]) -> dict[str, bool]:
    told: dict[str, bool] = {}
    for question in pack.questions:
        speaks_for = set(question.categories)
        alone = all(not speaks_for & set(other.categories) for other in pack.questions if other is not question)
        if speaks_for and not speaks_for & truth:
            told[question.id] = False
        elif speaks_for and speaks_for <= truth and alone:
            told[question.id] = True
    return told


def _fit_temperature(question: Question, pictures: Sequence[LabelledAnswers]) -> QuestionFit:
    """Return the question with the temperature that maximises the likelihood of the answers whose truth is known.

    One kind of truth alone would be most likely at the lowest or highest temperature, whatever the answers are.
    """
    labelled = [
        (_log_odds(picture.unscaled[question.id]), picture.known[question.id])
        for picture in pictures
        if question.id in picture.answers and question.id in picture.known
    ]
    scored = any(
        picture.answers[question.id].p_yes is not None for picture in pictures if question.id in picture.answers
    )
    if not scored or len({truth for _, truth in labelled}) < 2:
        return QuestionFit(question, is_scaled=False)
    best = min(TEMPERATURES, key=lambda temperature: _surprise(temperature, labelled))
    return QuestionFit(dataclasses.replace(question, temperature=best), is_scaled=True)


def _surprise(temperature: float, labelled: Iterable[tuple[float, bool]]) -> float:
    """Return the negative log-likelihood of the true answers, given their log-odds."""
    at_most = -math.log(_LEAST_P)
    return sum(min(at_most, math.log1p(math.exp((-x if truth else x) / temperature))) for x, truth in labelled)


def _log_odds(p: float) -> float:
    p = min(max(p, _LEAST_P), 1 - _LEAST_P)
    return math.log(p / (1 - p))


@dataclass(frozen=True)
class _Column:
    """Scores of a question about each picture, 0 without an answer, and the thresholds that it may have."""

    scores: Sequence[float]
    allowed: tuple[float, ...]

    @classmethod
    def of(cls, question: Question, pictures: Sequence[LabelledAnswers]) -> "_Column":
        given = [picture.answers.get(question.id) for picture in pictures]
        blank = {answer.p_blank for answer in given if answer}
        free = dataclasses.replace(question, threshold=_ANY)
        scores = [(score(free, answer) or 0.0) if answer else 0.0 for answer in given]
        return cls(scores, tuple(at for at in THRESHOLDS if not _is_answered_yes(question, at, blank)))

    def flagged(self, threshold: float) -> list[bool]:
        return [score >= threshold for score in self.scores]

    def middle(self, threshold: float) -> float:
        """Return the middle one of the thresholds that flag the same pictures."""
        same = self.flagged(threshold)
        alike = [at for at in self.allowed if self.flagged(at) == same]
        return alike[len(alike) // 2]


def _is_answered_yes(question: Question, threshold: float, blank: Iterable[float | None]) -> bool:
    at = dataclasses.replace(question, threshold=threshold)
    return any(says_yes_to_blank(at, p_blank) for p_blank in blank)


class _Search:
    """Search for the thresholds of a category's questions."""

    def __init__(self, columns: Sequence[_Column], labels: Sequence[bool], precision: float) -> None:
        self._columns, self._labels, self._precision = columns, labels, precision

    def thresholds(self) -> list[float] | None:
        """Return the thresholds, None if none reach the precision.

        First the same one for all questions; then each question gets the best one beside those of the others.
        """
        best = self._best([self._common(at) for at in THRESHOLDS])
        if best is None:
            return None
        for place, column in enumerate(self._columns):
            beside = [[*best[:place], at, *best[place + 1 :]] for at in column.allowed]
            best = self._best([best, *beside]) or best
        return [column.middle(at) for column, at in zip(self._columns, best, strict=True)]

    def counted(self, thresholds: Sequence[float]) -> tuple[int, int]:
        """Return the number of pictures over any of the thresholds, and of those that have the category."""
        over = [column.flagged(at) for column, at in zip(self._columns, thresholds, strict=True)]
        flagged = [any(each) for each in zip(*over, strict=True)]
        return sum(flagged), sum(one and label for one, label in zip(flagged, self._labels, strict=True))

    def nearest(self) -> tuple[int, int]:
        """Return the counts where the lower bound is highest, with one threshold for all questions."""
        counts = [self.counted(self._common(at)) for at in THRESHOLDS]
        return max(counts, key=lambda count: wilson(count[1], count[0]).low)

    def _common(self, threshold: float) -> list[float]:
        """Return that threshold for each question, or the lowest that it may have above it."""
        return [next((at for at in c.allowed if at >= threshold), c.allowed[-1]) for c in self._columns]

    def _best(self, candidates: Sequence[list[float]]) -> list[float] | None:
        """Return the candidate that finds most; of several the one with the fewest errors, then the strictest."""
        counts = [(self.counted(one), one) for one in candidates]
        good = [(right, right - flagged, one) for (flagged, right), one in counts if self._reaches(right, flagged)]
        return max(good, default=(0, 0, None))[2]

    def _reaches(self, right: int, flagged: int) -> bool:
        return wilson(right, flagged).low >= self._precision


def _too_few(category: str, precision: float, having: int, lacking: int) -> Refusal:
    needed = least_count(precision)
    missing_with, missing_without = max(0, needed - having), max(0, needed - lacking)
    parts = [
        f"{missing} more {kind} it are missing ({there} of at least {needed})"
        for missing, kind, there in ((missing_with, "with", having), (missing_without, "without", lacking))
        if missing
    ]
    return Refusal(category, f"too few labels: {' and '.join(parts)}", missing_with, missing_without)


def _unreached(category: str, precision: float, search: _Search, having: int) -> Refusal:
    """Say how many more labels would do if the share of errors stayed as it is."""
    flagged, right = search.nearest()
    if not right:
        return Refusal(category, "its questions find none of its pictures at any threshold; reword them")
    there = f"at best {right} of {flagged} flagged pictures have it, a lower bound of {wilson(right, flagged).low:.3f}"
    if right <= precision * flagged:
        return Refusal(category, f"{there}: more labels alone won't help; reword its questions or ask for less")
    times = 1.0
    while wilson(math.floor(right * times), math.ceil(flagged * times)).low < precision:
        times *= 1.02
    missing = math.ceil(having * (times - 1))
    return Refusal(category, f"{there}: about {missing} more with it are missing at this rate of errors", missing)
