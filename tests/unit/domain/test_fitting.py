"""Fit of temperatures and thresholds: by hand, and never under the precision that was asked for."""

import dataclasses
import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moderation.domain.evidence import Answer, Evidence
from moderation.domain.findings import findings, says_yes_to_blank
from moderation.domain.fitting import LabelledAnswers, fit, labelled_answers
from moderation.domain.intervals import wilson
from moderation.domain.policy import Category, Pack, Question

GUN = Question("gun", "Is a gun visible in this photo?", ("Weapons",))
KNIFE = Question("knife", "Is a knife visible in this photo?", ("Weapons",))
SMOKE = Question("smoke", "Is a cigarette visible in this photo?", ("Tobacco",))
WEAPONS, TOBACCO = Category("Weapons", "Guns, Knives"), Category("Tobacco", "Cigarettes")
PACK = Pack("test", "", (WEAPONS,), (GUN,))


def answer(question: Question, p: float, view: str = "full", blank: float | None = 0.1) -> Answer:
    return Answer(view, question.text, "yes" if p > 0.5 else "no", p, blank)


def pictures(pack: Pack, *told: tuple[str, dict[Question, float], int]) -> list[LabelledAnswers]:
    """Pictures by their labels and P(yes) of each question, so many of each."""
    made = []
    for truth, ps, number in told:
        evidence = Evidence(tuple(answer(question, p) for question, p in ps.items()))
        made += [labelled_answers(pack, evidence, truth.split())] * number
    return made


def test_the_threshold_lies_between_what_has_it_and_what_hasnt():
    done = fit(PACK, pictures(PACK, ("Weapons", {GUN: 0.9}, 80), ("", {GUN: 0.3}, 80)), 0.95)

    [found] = done.fitted
    assert (found.having, found.lacking, found.flagged, found.right) == (80, 80, 80, 80)
    assert found.precision.low == pytest.approx(80 / (80 + 1.96**2), abs=1e-4)
    question = done.pack.questions[0]
    assert question.threshold == found.questions[0].question.threshold
    assert not done.refused
    # the lowest temperature: all labels agree. The scores are 0.9 and 0.3 sharpened by it, the threshold between them.
    assert question.temperature == 0.3
    low, high = (1 / (1 + math.exp(-math.log(p / (1 - p)) / 0.3)) for p in (0.3, 0.9))
    assert low < question.threshold < high


def test_the_temperature_is_the_one_at_which_answers_come_true_as_often_as_they_say():
    told = (("Weapons", {GUN: 0.9}, 300), ("", {GUN: 0.9}, 100), ("Weapons", {GUN: 0.1}, 100), ("", {GUN: 0.1}, 300))

    done = fit(PACK, pictures(PACK, *told), 0.7)

    # log-odds of 2.2 that are right three times in four, log-odds of 1.1, are doubled
    assert done.pack.questions[0].temperature == 2.0
    assert done.fitted[0].questions[0].is_scaled


@pytest.mark.parametrize(
    ("having", "lacking", "missing"), [(40, 200, (33, 0)), (73, 20, (0, 53)), (0, 0, (73, 73)), (72, 73, (1, 0))]
)
def test_too_few_labels_are_refused_with_the_number_that_is_missing(having, lacking, missing):
    done = fit(PACK, pictures(PACK, ("Weapons", {GUN: 0.9}, having), ("", {GUN: 0.1}, lacking)), 0.95)

    [refused] = done.refused
    assert (refused.missing_with, refused.missing_without) == missing
    assert all(str(number) in refused.reason for number in missing if number)
    assert done.pack == PACK


def test_exactly_as_many_as_are_asked_for_are_enough():
    done = fit(PACK, pictures(PACK, ("Weapons", {GUN: 0.9}, 73), ("", {GUN: 0.1}, 73)), 0.95)

    assert [found.right for found in done.fitted] == [73]


def test_errors_that_more_labels_would_outweigh_are_told_from_those_that_they_wouldnt():
    some = fit(PACK, pictures(PACK, ("Weapons", {GUN: 0.9}, 98), ("", {GUN: 0.9}, 2), ("", {GUN: 0.1}, 80)), 0.95)
    many = fit(PACK, pictures(PACK, ("Weapons", {GUN: 0.9}, 90), ("", {GUN: 0.9}, 10), ("", {GUN: 0.1}, 80)), 0.95)

    assert "more with it are missing" in some.refused[0].reason
    enough = 98 + some.refused[0].missing_with
    assert wilson(enough, math.ceil(enough / 0.98)).low >= 0.95 - 0.001
    assert ("won't help" in many.refused[0].reason, many.refused[0].missing_with) == (True, 0)


def test_only_the_named_categories_change():
    pack = dataclasses.replace(PACK, categories=(WEAPONS, TOBACCO), questions=(GUN, SMOKE))
    told = (("Weapons Tobacco", {GUN: 0.9, SMOKE: 0.9}, 80), ("", {GUN: 0.1, SMOKE: 0.1}, 80))

    done = fit(pack, pictures(pack, *told), 0.95, ["Tobacco"])

    assert done.pack.questions[0] == GUN
    assert done.pack.questions[1] != SMOKE
    assert [found.category for found in done.fitted] == ["Tobacco"]


def test_a_category_of_several_questions_is_fitted_as_one_and_a_bad_question_is_silenced():
    pack = dataclasses.replace(PACK, questions=(GUN, KNIFE))
    told = (
        ("Weapons", {GUN: 0.95, KNIFE: 0.1}, 60),
        ("Weapons", {GUN: 0.1, KNIFE: 0.9}, 40),
        ("", {GUN: 0.1, KNIFE: 0.8}, 60),
        ("", {GUN: 0.1, KNIFE: 0.1}, 60),
    )

    done = fit(pack, pictures(pack, *told), 0.95)

    [found] = done.fitted
    assert (found.flagged, found.right) == (100, 100)
    _, knife = done.pack.questions
    assert 0.8 < knife.threshold <= 0.9
    assert [one.is_scaled for one in found.questions] == [False, False]  # the labels don't tell which of them is true


def test_true_answers_in_the_labels_scale_the_questions_of_one_category():
    pack = dataclasses.replace(PACK, questions=(GUN, KNIFE))
    evidence = Evidence((answer(GUN, 0.9), answer(KNIFE, 0.2)))
    labelled = [labelled_answers(pack, evidence, ["Weapons"], {"gun": True, "knife": False})] * 80
    labelled += [labelled_answers(pack, Evidence((answer(GUN, 0.1), answer(KNIFE, 0.1))), [])] * 80

    [found] = fit(pack, labelled, 0.95).fitted

    assert [one.is_scaled for one in found.questions] == [True, False]


def test_the_strongest_answer_over_all_views_counts_and_one_that_cant_be_scored_doesnt():
    evidence = Evidence(
        (
            answer(GUN, 0.2),
            answer(GUN, 0.8, "tile-0"),
            Answer("tile-1", GUN.text, "perhaps", 0.99, 0.1),
            answer(SMOKE, 0.99),
        )
    )

    assert labelled_answers(PACK, evidence, []).answers["gun"].view == "tile-0"


def test_a_no_that_is_the_unsafe_answer_is_fitted_too():
    question = dataclasses.replace(GUN, text="Is this photo harmless?", unsafe_answer="no")
    pack = dataclasses.replace(PACK, questions=(question,))

    done = fit(pack, pictures(pack, ("Weapons", {question: 0.1}, 80), ("", {question: 0.8}, 80)), 0.95)

    assert done.fitted[0].right == done.fitted[0].flagged == 80


def test_thresholds_under_which_the_blank_picture_says_yes_are_left_out():
    def told(pack: Pack, blank: float) -> list[LabelledAnswers]:
        has, lacks = (Evidence((answer(GUN, p, blank=blank),)) for p in (0.99, 0.1))
        return [labelled_answers(pack, has, ["Weapons"]), labelled_answers(pack, lacks, [])] * 80

    question = fit(PACK, told(PACK, 0.7), 0.95).pack.questions[0]

    assert not says_yes_to_blank(question, 0.7)
    assert says_yes_to_blank(dataclasses.replace(question, threshold=0.5), 0.7)
    assert "find none" in fit(PACK, told(PACK, 0.9999), 0.95).refused[0].reason  # all of a yes is the bias
    unscaled = dataclasses.replace(PACK, questions=(GUN, KNIFE))  # the labels don't tell which of them is true
    assert "gun is answered yes about a blank" in fit(unscaled, told(unscaled, 0.9999), 0.95).refused[0].reason


def test_a_category_without_a_question_of_its_own_is_refused():
    pack = dataclasses.replace(PACK, categories=(WEAPONS, TOBACCO))

    [refused] = fit(pack, pictures(pack, ("Weapons", {GUN: 0.9}, 80)), 0.95, ["Tobacco"]).refused

    assert refused.category == "Tobacco"
    assert "no question" in refused.reason


@given(
    seed=st.integers(0, 10**6),
    precision=st.sampled_from([0.5, 0.8, 0.9, 0.95]),
    count=st.integers(20, 160),
    noise=st.floats(0, 0.3),
    blank=st.sampled_from([None, 0.05, 0.6]),
)
@settings(max_examples=12, deadline=None)
def test_no_fit_has_a_lower_bound_under_the_precision_asked_for(seed, precision, count, noise, blank):
    rng = random.Random(seed)
    pack = dataclasses.replace(PACK, categories=(WEAPONS, TOBACCO), questions=(GUN, KNIFE, SMOKE))
    looked = []
    for _ in range(count):
        truth = [name for name in pack.category_names if rng.random() < 0.5]
        evidence = Evidence(
            tuple(
                answer(question, round(min(0.99, max(0.01, rng.gauss(0.75 if says else 0.25, noise))), 2), view, blank)
                for question in pack.questions
                for says in [question.categories[0] in truth]
                for view in ("full", "tile-0")
            )
        )
        looked.append((evidence, truth))

    done = fit(pack, [labelled_answers(pack, evidence, truth) for evidence, truth in looked], precision)

    for found in done.fitted:  # counted anew, as production scores answers
        flagged = [
            (any(f.over for f in findings(done.pack, evidence) if f.categories[0] == found.category), truth)
            for evidence, truth in looked
        ]
        right = sum(over and found.category in truth for over, truth in flagged)
        assert (found.flagged, found.right) == (sum(over for over, _ in flagged), right)
        assert wilson(right, found.flagged).low >= precision
    named = [found.category for found in done.fitted] + [refused.category for refused in done.refused]
    assert sorted(named) == ["Tobacco", "Weapons"]
