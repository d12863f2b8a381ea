"""Metrics of verdicts against labels, against figures counted by hand."""

from dataclasses import dataclass, field

import pytest

from moderation.domain.metrics import (
    Bin,
    CategoryMetrics,
    CurvePoint,
    average_precision,
    calibration_error,
    category_metrics,
    curve,
    flagged_categories,
    misclassifications,
    reliability,
    share,
)


@dataclass(frozen=True)
class Picture:
    truth: tuple[str, ...]
    verdict: str
    flagged: frozenset[str]
    scores: dict[str, float] = field(default_factory=dict)

    def score(self, category: str) -> float:
        return self.scores.get(category, 0.0)


def picture(truth: str, verdict: str, flagged: str = "", **scores: float) -> Picture:
    return Picture(tuple(truth.split()), verdict, frozenset(flagged.split()), scores)


PICTURES = [
    *[picture("Blood", "unsafe", "Blood")] * 6,
    *[picture("Blood", "safe")] * 2,
    picture("Blood", "review"),
    *[picture("", "unsafe", "Blood")] * 3,
    *[picture("", "safe")] * 8,
]


def test_a_category_is_counted_and_a_review_finds_nothing():
    counted = category_metrics(PICTURES, "Blood")

    assert counted == CategoryMetrics(6, 3, 3, 8)
    assert (counted.precision, counted.recall, counted.f1) == (6 / 9, 6 / 9, 12 / 18)
    assert counted.precision_interval.low == pytest.approx(0.3542, abs=1e-4)  # Wilson, 6 of 9
    assert counted.recall_interval.high == pytest.approx(0.8794, abs=1e-4)
    assert share(PICTURES, "review") == 1 / 20


def test_nothing_counted_is_zero_and_not_an_error():
    counted = category_metrics([], "Blood")

    assert (counted.precision, counted.recall, counted.f1, share([], "safe")) == (0, 0, 0, 0)
    assert (curve([]), curve([(0.3, False)]), average_precision([]), calibration_error([])) == ([], [], 0, 0)


def test_an_unsafe_verdict_rests_on_its_category_and_on_answers_over_a_threshold():
    findings = [{"categories": ["Weapons"], "over": True}, {"categories": ["Tobacco"], "over": False}]

    assert flagged_categories("unsafe", "Blood", findings) == {"Blood", "Weapons"}
    assert flagged_categories("review", "Blood", findings) == frozenset()


def test_the_curve_has_a_point_for_each_score_and_ties_are_one():
    points = curve([(0.9, True), (0.8, False), (0.5, True), (0.5, False), (0.1, False)])

    assert points == [
        CurvePoint(0.9, 1 / 1, 1 / 2),
        CurvePoint(0.8, 1 / 2, 1 / 2),
        CurvePoint(0.5, 2 / 4, 2 / 2),
        CurvePoint(0.1, 2 / 5, 2 / 2),
    ]
    assert average_precision(points) == 0.5 * 1 + 0.5 * 0.5


def test_the_largest_errors_come_first_and_reviews_are_left_out():
    missed = picture("Blood", "safe", Blood=0.3)
    invented = picture("", "unsafe", "Weapons", Weapons=0.95)

    found = misclassifications([missed, invented, picture("Blood", "review", Blood=0.1)])

    assert [(one.category, one.kind, one.error) for one in found] == [
        ("Weapons", "false positive", 0.95),
        ("Blood", "false negative", 0.7),
    ]


def test_bins_hold_the_mean_and_the_share_that_came_true():
    bins = reliability([(0.0, False), (0.05, True), (0.95, True), (1.0, True)])

    assert bins == [Bin(2, 0.025, 0.5), Bin(2, 0.975, 1.0)]
    assert calibration_error(bins) == pytest.approx((2 * 0.475 + 2 * 0.025) / 4)
