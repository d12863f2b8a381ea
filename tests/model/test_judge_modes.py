"""`make judge-modes`: both modes judge the same evidence, and the table counts what differs."""

from moderation.domain.evidence import Answer, Caption, Evidence
from moderation.domain.reading.text import Reading
from scripts.evaluation.inprocess_pipeline import demo_pack
from scripts.evaluation.judge_modes import Comparison, both_modes, table

PACK = demo_pack()


def _evidence(p_weapon: float, caption: str = "a dog in a park") -> Evidence:
    scores = {question: p_weapon if question.id == "weapon" else 0.01 for question in PACK.questions}
    answers = tuple(
        Answer("full", question.text, "yes" if p > 0.5 else "no", p, 0.02, 0.99) for question, p in scores.items()
    )
    return Evidence(answers, (Caption("full", caption),), reading=Reading())


def test_the_judge_is_spared_where_nothing_is_flagged_and_the_verdict_is_the_same() -> None:
    always, flagged = both_modes(PACK, _evidence(0.01))

    assert (always.asked, flagged.asked) == (1, 0)
    assert always.decision.verdict == flagged.decision.verdict == "safe"


def test_the_judge_is_asked_in_both_modes_where_something_is_flagged() -> None:
    always, flagged = both_modes(PACK, _evidence(1.0, "a person with a gun in the street"))

    assert (always.asked, flagged.asked) == (1, 1)
    assert flagged.decision == always.decision
    assert flagged.decision.verdict == "unsafe"


def test_the_table_counts_the_judged_and_what_differs() -> None:
    safe, unsafe = both_modes(PACK, _evidence(0.01)), both_modes(PACK, _evidence(1.0))
    compared = Comparison("drawings", [safe[0], unsafe[0]], [safe[1], safe[1]])

    assert "| drawings | 2 | 0.0% | 1 / 2 | 1 / 0 | 0 / 0 | unsafe to safe 1 |" in table([compared])
