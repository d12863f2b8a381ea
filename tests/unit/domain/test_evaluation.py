"""The report of an evaluation, against figures counted by hand."""

import dataclasses

import pytest

from moderation.domain.decision import decide
from moderation.domain.evaluation import (
    MOST_LISTED,
    Spent,
    comparison,
    evaluated,
    picture_data,
    read_picture,
    rejected,
    report,
)
from moderation.domain.evidence import Answer, Caption, Evidence
from moderation.domain.judgement import Judgement, UnusableJudgement
from moderation.domain.policy import Category, Pack, Question

GUN, SMOKE = (
    Question("gun", "Is a gun visible?", ("Weapons",)),
    Question("smoke", "Is a cigarette visible?", ("Tobacco",)),
)
PACK = Pack("test", "", (Category("Weapons", "Guns"), Category("Tobacco", "Cigarettes")), (GUN, SMOKE), caption=False)
SAFE, UNSAFE = Judgement("safe", None, "fine"), Judgement("unsafe", "Weapons", "a gun")


def picture(path, truth, gun, judgement, tile=None, smoke=0.02):
    """A picture with P(yes) of the gun on the whole and, if there is one, on a tile."""
    views = {"full": gun} | ({"tile-0": tile} if tile is not None else {})
    answers = tuple(
        Answer(view, question.text, "yes" if p > 0.5 else "no", p)
        for view, at in views.items()
        for question, p in ((GUN, at), (SMOKE, smoke))
    )
    evidence = Evidence(answers)
    decision = decide(PACK, evidence, judgement)
    return evaluated(path, truth.split(), PACK, evidence, decision, judgement, Spent(1, 100, 20))


PICTURES = [
    picture("found", "Weapons", 0.9, UNSAFE),
    picture("small", "Weapons", 0.1, UNSAFE, tile=0.8),
    picture("missed", "Weapons", 0.2, SAFE),
    picture("doubtful", "Weapons", 0.9, SAFE),  # the judge says safe: review
    picture("invented", "", 0.7, UNSAFE),
    picture("invented on a tile", "", 0.1, UNSAFE, tile=0.6),
    picture("clear", "", 0.1, SAFE),
    rejected("broken", (), "UnreadableImage", "It isn't an image."),
]


@pytest.fixture(scope="module")
def made():
    return report(PACK, PICTURES)


def test_a_category_is_counted(made):
    weapons, tobacco = made["categories"]

    counted = ("true_positives", "false_positives", "false_negatives", "true_negatives")
    assert [weapons[name] for name in counted] == [2, 2, 2, 2]
    assert (weapons["precision"], weapons["recall"], weapons["sent_to_review"]) == (0.5, 0.5, 0.25)
    assert (tobacco["with"], tobacco["f1"], tobacco["curve"]) == (0, 0, [])
    assert made["macro_f1"] == 0.5  # of the categories that the labels have


def test_the_confusion_has_a_row_for_each_label(made):
    assert made["confusion"] == {
        "columns": ["Weapons", "Tobacco", "review", "safe"],
        "rows": [
            {"label": "Weapons", "verdicts": [2, 0, 1, 1]},
            {"label": "Tobacco", "verdicts": [0, 0, 0, 0]},
            {"label": "no category", "verdicts": [2, 0, 1, 1]},
        ],
    }


def test_what_tiles_and_the_judge_added_is_counted(made):
    whole, answers, judged = made["stages"]

    assert [stage["found"]["count"] for stage in (whole, answers, judged)] == [2, 3, 2]
    assert [stage["wrongly_flagged"]["count"] for stage in (whole, answers, judged)] == [1, 2, 2]
    assert made["added"]["views"] == {"found": 1, "wrongly_flagged": 1, "lost": 0, "wrong_flags_removed": 0}
    assert made["added"]["judge"] == {"found": 0, "wrongly_flagged": 0, "lost": 1, "wrong_flags_removed": 0}


def test_verdicts_against_the_labels_are_listed_with_scores(made):
    errors = [(one["path"], one["kind"], round(one["score"], 1)) for one in made["errors"]]

    assert errors == [
        ("missed", "false negative", 0.2),
        ("invented", "false positive", 0.7),
        ("invented on a tile", "false positive", 0.6),
    ]
    assert made["errors"][2]["view"] == "tile-0"


def test_the_judge_against_the_answers_is_listed_with_who_is_right(made):
    found = made["judge_against_answers"]

    assert [(one["path"], one["judge"], one["answers"], one["right"]) for one in found["listed"]] == [
        ("doubtful", "safe", "unsafe", "answers")
    ]
    assert found["judge_right"]["count"] == 0


def test_scores_that_come_true_less_often_than_they_say_are_a_calibration_error(made):
    bins = {
        round(one["predicted"], 2): (one["count"], one["observed"])
        for one in made["categories"][0]["calibration"]["bins"]
    }

    assert bins[0.9] == (2, 1.0)
    assert made["calibration"]["error"] > 0


def test_outcomes_are_read_back_from_plain_data():
    unusable = picture("x", "Weapons", 0.9, UnusableJudgement("no JSON"))

    for one in [*PICTURES, unusable]:
        assert read_picture(picture_data(one)) == one
    assert unusable.judged == "unusable"


def test_two_sides_are_compared_by_the_pairs_that_only_one_gets_right():
    second = [picture("missed", "Weapons", 0.9, UNSAFE), *PICTURES[:2], picture("clear", "", 0.9, UNSAFE)]

    compared = comparison(PACK, PICTURES, second)

    assert compared["pictures"] == 4
    right = compared["right_verdict"]
    assert (right["both_right"], right["first_only"], right["second_only"], right["neither"]) == (2, 1, 1, 0)
    assert compared["categories"][1]["both_right"] == 4
    assert [(one["path"], one["right"]) for one in compared["changes"]] == [("missed", "second"), ("clear", "first")]
    assert compared["verdicts"][0] == {"first": "safe", "safe": 0, "unsafe": 2, "review": 0}


def test_lists_and_curves_of_many_pictures_are_bounded():
    many = [dataclasses.replace(PICTURES[2], path=str(n)) for n in range(300)]
    many += [picture(f"f{n}", "Weapons", 0.3 + n / 1000, SAFE) for n in range(300)]

    found = report(PACK, many)

    assert len(found["errors"]) == MOST_LISTED
    assert 2 < len(found["categories"][0]["curve"]) <= 200
    assert found["categories"][0]["curve"][-1]["recall"] == 1


def test_captions_are_in_the_report():
    pack = dataclasses.replace(PACK, caption=True)
    evidence = Evidence(
        (Answer("full", GUN.text, "no", 0.1), Answer("full", SMOKE.text, "no", 0.1)), (Caption("full", "a dog"),)
    )
    one = evaluated("dog", ["Weapons"], pack, evidence, decide(pack, evidence, SAFE), SAFE)

    assert report(pack, [one])["errors"][0]["captions"] == ["a dog"]
