"""Quality metrics: scores, calibration, and tiles that find what the whole picture hides."""

import dataclasses
import random
from pathlib import Path
from typing import Any

import pytest

from local.samples import doubtful_drawing
from model_artifacts.demo.drawings import QUESTIONS, draw
from model_artifacts.demo.evaluate import EVALUATION_SEED
from moderation.domain.metrics import calibration_error, category_metrics, misclassifications, reliability
from scripts.evaluation.__main__ import EvaluationConfig
from scripts.evaluation.baseline import Figures, comparison
from scripts.evaluation.calibrate import labelled
from scripts.evaluation.dataset import RANDOM_DRAWINGS, evaluation_drawing, heldout_drawings, view_labels
from scripts.evaluation.inprocess_pipeline import DemoModel, decision, demo_pack, png
from scripts.evaluation.metrics import EvaluatedDrawing
from scripts.evaluation.page import BASELINE, SENT_TO_REVIEW, baseline_goal, read


def evaluated(verdict: str, category: str | None, truth: tuple[str, ...], **over: float) -> EvaluatedDrawing:
    """Return an evaluated drawing; `over` gives the score by category, over its threshold from 0.5 on."""
    found: list[dict[str, Any]] = [
        {"categories": [name], "score": over.get(name, 0.0), "over": over.get(name, 0.0) >= 0.5}
        for name in ("Blood", "Weapons")
    ]
    return EvaluatedDrawing(0, truth, verdict, category, "judge", "", tuple(found))


class TestScores:
    def test_an_unsafe_verdict_stands_for_the_category_it_names_and_those_over_their_thresholds(self) -> None:
        both = evaluated("unsafe", "Blood", ("Blood", "Weapons"), Blood=0.9, Weapons=0.8)
        half = evaluated("unsafe", "Blood", ("Blood", "Weapons"), Blood=0.9, Weapons=0.4)

        assert category_metrics([both, half], "Weapons") == category_metrics([half, both], "Weapons")
        assert (category_metrics([both, half], "Weapons").recall, category_metrics([both, half], "Blood").recall) == (
            0.5,
            1,
        )

    def test_a_review_finds_nothing_by_itself_and_misses_nothing(self) -> None:
        sent = evaluated("review", "Blood", ("Blood",), Blood=0.9)

        assert category_metrics([sent], "Blood").recall == 0
        assert misclassifications([sent]) == []

    def test_what_was_read_in_a_drawing_is_no_answer_of_the_model(self) -> None:
        pack = demo_pack()
        was_read = {"view": "text", "question": pack.questions[0].text, "answer": "no", "read": []}
        answered = {"view": "full", "question": pack.questions[0].text, "text": "no", "p_yes": 0.1, "p_blank": 0.1}
        seen = dataclasses.replace(evaluated("safe", None, ()), findings=(answered, was_read))

        results = read({"drawings": [dataclasses.asdict(seen)], "evasion": [], "tiles": []}, pack)

        assert [one.answer.view for one in results.drawings] == ["full"]

    def test_the_largest_errors_come_first(self) -> None:
        missed = evaluated("safe", None, ("Blood",), Blood=0.3)
        invented = evaluated("unsafe", "Weapons", (), Weapons=0.95)

        found = misclassifications([missed, invented])

        assert [(one.category, one.kind) for one in found] == [
            ("Weapons", "false positive"),
            ("Blood", "false negative"),
        ]

    def test_probabilities_that_come_true_as_often_as_they_say_have_no_error(self) -> None:
        honest = [(0.25, number % 4 == 0) for number in range(400)] + [(0.75, number % 4 != 0) for number in range(400)]

        assert calibration_error(reliability(honest)) == pytest.approx(0, abs=1e-9)
        assert calibration_error(reliability([(0.95, number % 2 == 0) for number in range(400)])) == pytest.approx(0.45)


class TestEvaluationSet:
    def test_the_first_thousand_are_those_of_the_checkpoints_own_evaluation(self) -> None:
        own = next(heldout_drawings(EVALUATION_SEED + 7, 1))

        assert evaluation_drawing(7).image.tobytes() == own.image.tobytes()

    def test_those_added_are_safe_and_all_different(self) -> None:
        added = [evaluation_drawing(RANDOM_DRAWINGS + number) for number in range(20)]

        assert not any(any(drawing.labels) for drawing in added)
        assert len({drawing.image.tobytes() for drawing in added}) == len(added)

    def test_at_least_three_hundred_more_are_evaluated(self) -> None:
        assert sum(number >= RANDOM_DRAWINGS for number in EvaluationConfig().drawings) >= 300
        assert EvaluationConfig().drawings[:RANDOM_DRAWINGS] == list(range(RANDOM_DRAWINGS))


class TestBaseline:
    def test_a_run_is_compared_with_it_metric_by_metric_and_verdict_by_verdict(self, tmp_path: Path) -> None:
        Figures({"share": 0.12345}, "suur").write(tmp_path / "baseline.json")

        told = comparison(Figures.read(tmp_path / "baseline.json"), Figures({"share": 0.5}, "srrs"))

        assert "| share | 0.123 | 0.500 |" in told
        assert "3 of 4 drawings differ from the baseline: unsafe to review 2, review to safe 1." in told

    def test_more_than_one_point_over_it_misses_the_goal(self) -> None:
        before = Figures({SENT_TO_REVIEW: 0.005}, "")

        assert baseline_goal(before, Figures({SENT_TO_REVIEW: 0.015}, "")).met
        assert not baseline_goal(before, Figures({SENT_TO_REVIEW: 0.016}, "")).met

    def test_the_committed_one_holds_every_drawing(self) -> None:
        assert len(Figures.read(BASELINE).verdicts) == len(EvaluationConfig().drawings)


class TestCalibration:
    def test_a_drawing_is_labelled_with_its_categories_and_the_true_answer_to_each_question(self) -> None:
        pack, drawing = demo_pack(), draw(random.Random(3), split="heldout", only="weapon")

        found = labelled(DemoModel(), pack, drawing)

        assert found.truth == {"Weapons"}
        assert found.known == {question.id: question.id == "weapon" for question in pack.questions}
        assert set(found.answers) == set(found.known)


class TestScenes:
    def test_the_truth_of_a_view_is_what_can_be_seen_there(self) -> None:
        drawing = draw(random.Random(3), split="heldout", only="weapon")
        box = next(box for box in drawing.boxes if box.kind == "weapon")
        weapon = QUESTIONS[2]

        assert view_labels(drawing, demo_pack())["full"][weapon] is True
        half = dataclasses.replace(drawing, boxes=tuple(b.moved(-(box.left + box.right) / 2, 0) for b in drawing.boxes))
        assert view_labels(half, demo_pack())["full"][weapon] is None
        gone = dataclasses.replace(drawing, boxes=tuple(b.moved(-1000, 0) for b in drawing.boxes))
        assert view_labels(gone, demo_pack())["full"][weapon] is False


def test_the_demos_doubtful_drawing_goes_to_a_person_because_judge_and_answer_disagree() -> None:
    sample, pack = doubtful_drawing(), demo_pack()

    ruling = decision(pack, DemoModel().evidence(png(sample.image), pack))

    assert ruling.verdict == sample.expected == "review", "after training or calibrating anew, look for another drawing"
    assert (ruling.decided_by, ruling.category) == ("evidence", "Contact Information")
    assert ruling.reason.startswith("The judge calls the image safe, but")
