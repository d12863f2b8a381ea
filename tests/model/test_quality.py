"""Quality metrics: scores, calibration, and tiles that find what the whole picture hides."""

import dataclasses
import math
import random
from pathlib import Path
from typing import Any

import pytest
import yaml

from local.samples import doubtful_drawing
from model_artifacts.demo import DEMO_PACK
from model_artifacts.demo.drawings import QUESTIONS, draw
from model_artifacts.demo.evaluate import EVALUATION_SEED
from moderation.domain.evidence import Answer, Caption, Evidence
from moderation.domain.findings import score
from moderation.domain.metrics import calibration_error, category_metrics, misclassifications, reliability
from moderation.domain.policy import Category, Pack, Question, parse_pack
from scripts.evaluation.__main__ import EvaluationConfig
from scripts.evaluation.baseline import Figures, comparison
from scripts.evaluation.calibrate import (
    MAX_FALSE_POSITIVE_RATE,
    CalibrationImage,
    LabelledAnswer,
    fit,
    fit_temperature,
    with_fitted_values,
)
from scripts.evaluation.dataset import RANDOM_DRAWINGS, evaluation_drawing, heldout_drawings, view_labels
from scripts.evaluation.inprocess_pipeline import DemoModel, decision, demo_pack, png
from scripts.evaluation.metrics import EvaluatedDrawing
from scripts.evaluation.page import BASELINE, SENT_TO_REVIEW, baseline_goal


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


def pack_of(*questions: Question) -> Pack:
    """A pack of these questions, each with a category of its own: "A" for the question "a"."""
    categories = tuple(Category(question.id.upper(), f"Sort {question.id.upper()}") for question in questions)
    own = tuple(dataclasses.replace(question, categories=(question.id.upper(),)) for question in questions)
    return Pack("test", "", categories, own)


def picture(p_yes: dict[str, float], shows: str = "", caption: str = "a house") -> CalibrationImage:
    """A picture of one view by P(yes) of each question; yes is true for `shows` alone."""
    told = {
        text: [LabelledAnswer(Answer("full", text, "yes" if p > 0.5 else "no", p, 0.1), text == shows)]
        for text, p in p_yes.items()
    }
    evidence = Evidence(tuple(one.answer for [one] in told.values()), (Caption("full", caption),))
    return CalibrationImage(False, evidence, {text: text == shows for text in told}, told)


def called_unsafe(pack: Pack, pictures: list[CalibrationImage]) -> float:
    """The share of pictures that judge and rules call unsafe."""
    return sum(decision(pack, one.evidence).verdict == "unsafe" for one in pictures) / len(pictures)


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
    @pytest.fixture
    def pictures(self) -> list[CalibrationImage]:
        """2,000 of one view each; the model's log-odds are twice what they should be."""
        rng = random.Random(5)
        made = []
        for _ in range(2000):
            log_odds = rng.uniform(-4, 4)
            truth = rng.random() < 1 / (1 + math.exp(-log_odds))
            made.append(picture({"a?": 1 / (1 + math.exp(-2 * log_odds))}, "a?" if truth else ""))
        return made

    def test_an_overconfident_model_is_tempered(self, pictures: list[CalibrationImage]) -> None:
        assert fit_temperature(Question("a", "a?", temperature=1), pictures).temperature == pytest.approx(2, abs=0.3)

    def test_the_threshold_parts_what_shows_it_from_what_does_not_by_the_strongest_view(self) -> None:
        def scene(strongest: float, truth: bool) -> CalibrationImage:
            told = [
                LabelledAnswer(Answer(f"tile-{n}", "a?", "yes" if p > 0.5 else "no", p, 0.1), truth)
                for n, p in enumerate((0.01, strongest))
            ]
            captions = (Caption("tile-0", "a house"), Caption("tile-1", "a house"))
            return CalibrationImage(
                True, Evidence(tuple(one.answer for one in told), captions), {"a?": truth}, {"a?": told}
            )

        pictures = [scene(0.8 + n / 500, True) for n in range(50)] + [scene(n / 75, False) for n in range(50)]
        [question] = fit(pack_of(Question("a", "a?")), pictures).questions

        scores = [(max(score(question, one.answer) or 0 for one in p.labelled["a?"]), p.labels["a?"]) for p in pictures]
        assert all((p >= question.threshold) == truth for p, truth in scores)

    def test_a_view_without_truth_teaches_no_temperature(self, pictures: list[CalibrationImage]) -> None:
        absurd = LabelledAnswer(Answer("full", "a?", "yes", p_yes=0.999, p_blank=0.1), None)
        more = [
            dataclasses.replace(picture, labelled={"a?": [*picture.labelled["a?"], absurd]}) for picture in pictures
        ]

        assert fit_temperature(Question("a", "a?"), more) == fit_temperature(Question("a", "a?"), pictures)

    def test_harmless_pictures_are_flagged_no_more_often_than_the_budget_allows(self) -> None:
        rng = random.Random(3)
        shown = [picture({"a?": rng.uniform(0.5, 1), "b?": 0.02}, "a?") for _ in range(60)]
        shown += [picture({"a?": 0.02, "b?": rng.uniform(0.5, 1)}, "b?") for _ in range(60)]
        harmless = [picture({"a?": rng.uniform(0, 0.9), "b?": rng.uniform(0, 0.9)}) for _ in range(60)]

        fitted = fit(pack_of(Question("a", "a?"), Question("b", "b?")), [*shown, *harmless])

        assert called_unsafe(fitted, harmless) <= MAX_FALSE_POSITIVE_RATE
        assert called_unsafe(fitted, shown) > 0.1  # and not by flagging nothing

    def test_captions_count_among_the_false_flags(self) -> None:
        rng = random.Random(4)
        shown = [picture({"a?": rng.uniform(0.8, 1)}, "a?", caption="sort A") for _ in range(100)]
        harmless = [picture({"a?": rng.uniform(0, 0.45)}, caption="sort A") for _ in range(100)]

        fitted = fit(pack_of(Question("a", "a?")), [*shown, *harmless])

        assert called_unsafe(fitted, harmless) <= MAX_FALSE_POSITIVE_RATE
        assert called_unsafe(fitted, shown) > 0.9

    def test_only_the_numbers_of_the_pack_change(self) -> None:
        pack = demo_pack()
        fitted = [dataclasses.replace(question, threshold=0.35, temperature=1.25) for question in pack.questions]

        text = with_fitted_values(DEMO_PACK.read_text("utf-8"), fitted)

        assert parse_pack(yaml.safe_load(text)) == dataclasses.replace(pack, questions=tuple(fitted))
        assert with_fitted_values(text, pack.questions) == with_fitted_values(
            DEMO_PACK.read_text("utf-8"), pack.questions
        )


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
