"""Answers in a model's words: sound ones count, contradictory and doubtful ones are missing evidence."""

import time
from pathlib import Path
from typing import Any

import pytest

from moderation.domain.decision import Decision, decide
from moderation.domain.evidence import Answer, Caption, Evidence
from moderation.domain.findings import fault_of
from moderation.domain.judgement import Judgement
from moderation.domain.reading.text import Reading
from moderation.domain.yes_no import yes_or_no
from tests.support.cases import each
from tests.unit.domain.shipped import read_yaml, shipped

LISTS = Path(__file__).parent
DEFAULT = shipped("default")
SAFE = Judgement("safe", None, "Nothing forbidden is visible.")
PLAIN = [
    (question, said, text)
    for question, sides in read_yaml(LISTS / "plain_answers.yaml").items()
    for said, texts in sides.items()
    for text in texts
]
INDEPENDENT = read_yaml(LISTS / "independent_answers.yaml")
SECOND_INDEPENDENT = read_yaml(LISTS / "second_independent_answers.yaml")
GUN = next(question for question in DEFAULT.questions if question.id == "gun")
CONTRADICTORY = [
    (question, text)
    for question, families in read_yaml(LISTS / "contradictory_answers.yaml").items()
    for texts in families.values()
    for text in texts
]


def decided(question: str, text: str, p_yes: float | None) -> Decision:
    """The decision if one question has this answer, every other one is answered no, and the judge says safe."""
    answers = tuple(
        Answer("full", asked.text, text, p_yes, 0.02, 0.99)
        if asked.id == question
        else Answer("full", asked.text, "no", 0.02, 0.02, 0.99)
        for asked in DEFAULT.questions
    )
    return decide(DEFAULT, Evidence(answers, (Caption("full", "a dog on a lawn"),), reading=Reading()), SAFE)


@pytest.mark.parametrize("with_p", [True, False])
@each("question, said, text", PLAIN)
def test_a_sound_answer_counts(question: str, said: str, text: str, with_p: bool) -> None:
    decision = decided(question, text, {"yes": 0.98, "no": 0.02}[said] if with_p else None)
    finding = next(finding for finding in decision.findings if finding.question_id == question)
    assert (finding.fault, finding.over) == ("", said == "yes")
    if said == "no":
        assert decision.verdict == "safe"


@pytest.mark.parametrize("with_p", [True, False])
@each("question, text", CONTRADICTORY)
def test_a_contradictory_or_doubtful_answer_is_missing_evidence(question: str, text: str, with_p: bool) -> None:
    p_yes = 0.98 if text.startswith("y") else 0.02
    decision = decided(question, text, p_yes if with_p else None)
    assert (decision.verdict, decision.row) == ("review", "evidence_missing")


@pytest.mark.parametrize(("text", "p_yes", "said"), [*INDEPENDENT["plain"], *SECOND_INDEPENDENT["plain"]])
def test_a_plain_answer_of_an_author_who_had_not_read_the_rules_counts(text: str, p_yes: float, said: str) -> None:
    assert yes_or_no(text, GUN.text) == said
    assert fault_of(GUN, Answer("full", GUN.text, text, p_yes, 0.02, 0.99)) == ""


@pytest.mark.parametrize("given", [given for family in INDEPENDENT["bad"].values() for given in family])
def test_a_bad_answer_of_theirs_has_a_fault(given: list[Any]) -> None:
    text, p_yes, p_yes_no = [*given, 0.99][:3]
    assert fault_of(GUN, Answer("full", GUN.text, text, p_yes, 0.02, p_yes_no))


@pytest.mark.parametrize("given", [given for family in SECOND_INDEPENDENT["bad"].values() for given in family])
def test_a_bad_answer_of_a_second_such_author_is_missing_evidence(given: list[Any]) -> None:
    text, p_yes, p_yes_no = [*given, 0.99][:3]
    answers = tuple(
        Answer("full", asked.text, text, p_yes, 0.02, p_yes_no)
        if asked == GUN
        else Answer("full", asked.text, "no", 0.02, 0.02, 0.99)
        for asked in DEFAULT.questions
    )
    decision = decide(DEFAULT, Evidence(answers, (Caption("full", "a dog on a lawn"),), reading=Reading()), SAFE)
    assert (decision.verdict, decision.row) == ("review", "evidence_missing")


@pytest.mark.parametrize("text", ["not visible", "you can", "there is a dog", "a gun", "is a gun visible?"])
def test_what_only_resembles_a_statement_is_no_answer(text: str) -> None:
    assert yes_or_no(text, GUN.text) is None


@pytest.mark.parametrize(
    "repeated", ["no ", "no, a ", "no, there is no gun and no ", "no, it is not ", "<", "no gun in "]
)
def test_a_long_answer_is_read_in_linear_time(repeated: str) -> None:
    started = time.thread_time()
    yes_or_no(repeated * 20_000, "Is a gun visible in this photo?")
    assert time.thread_time() - started < 2
