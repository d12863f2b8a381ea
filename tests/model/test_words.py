"""`make quality-words`: a picture is judged with and without reading, and the goals are about the former."""

from collections.abc import Sequence

from moderation.domain.evaluation import EvaluatedPicture, Stage
from scripts.evaluation.inprocess_pipeline import DemoModel, demo_pack
from scripts.evaluation.words import (
    CONTACT,
    HARASSMENT,
    SUBJECTS,
    Pair,
    Results,
    drawing_table,
    goals_of,
    pair,
    scene,
    scene_table,
)


def outcome(truth: Sequence[str], flagged: Sequence[str]) -> EvaluatedPicture:
    verdict, found = ("unsafe" if flagged else "safe"), frozenset(flagged)
    stage = Stage(verdict, found)
    category = flagged[0] if flagged else None
    return EvaluatedPicture("", tuple(truth), verdict, category, "", "", found, {}, (stage, stage))


def test_words_that_the_checkpoint_misses_are_found_by_reading() -> None:
    both = pair(DemoModel(), demo_pack(), scene("insult", 0))

    assert both.read.truth == (HARASSMENT,)
    assert HARASSMENT in both.read.flagged
    assert HARASSMENT not in both.unread.flagged


def test_the_goals_are_about_what_is_found_with_reading() -> None:
    insult = Pair(outcome([HARASSMENT], []), outcome([HARASSMENT], [HARASSMENT]))
    contact = Pair(outcome([CONTACT], []), outcome([CONTACT], [CONTACT]))
    results = Results([insult, contact], {"insult": [insult], "contact": [contact], "safe": []})

    assert all(goal.met for goal in goals_of(results))
    missed = Results([contact, Pair(insult.read, insult.unread)], results.scenes)
    assert [goal.met for goal in goals_of(missed)] == [False, True, True, True]


def test_the_tables_show_both_ways() -> None:
    found = Pair(outcome([HARASSMENT], []), outcome([HARASSMENT], [HARASSMENT]))

    assert "| Harassment | 1 of 1 | 0.000 | 1.000 | 0.000 | 1.000 |" in drawing_table([found])
    assert "| insult | 1 | 0.0% | 100.0% | 0.0% | 0.0% |" in scene_table({subject: [found] for subject in SUBJECTS})
