"""Drift: chance raises no alarm, a change does, and what explains it is named first."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from moderation.domain.drift import Drift, distance
from moderation.domain.image_ref import ImageRef
from moderation.domain.record import utc
from moderation.usecases.measure_drift import measure_drift
from tests.support.fakes import FakeVerdicts

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def put(verdicts: FakeVerdicts, key: str, days_ago: float, *, score: float = 0.1, **attributes: Any) -> None:
    at = utc(NOW - timedelta(days=days_ago))
    verdicts.records[ImageRef("intake", key, "v")] = {
        "created_at": at,
        "decided_at": at,
        "verdict": "safe",
        "decided_by": "judge",
        "models": {"blip2": "one"},
        "prompt_version": "1",
        "policy": {"name": "default", "digest": "d" * 64},
        "evidence": [{"question_id": "weapon", "score": score, "view": "full"}],
    } | attributes


def two_weeks(shift: float = 0.0, later: int = 300, **changed: Any) -> Drift:
    verdicts, chance = FakeVerdicts(), random.Random(5)
    for number in range(300):
        put(verdicts, f"before-{number}", 7.5 + number / 60, score=chance.uniform(0, 0.5))
    for number in range(later):
        put(verdicts, f"after-{number}", 0.5 + number / 60, score=chance.uniform(0, 0.5) + shift, **changed)
    return measure_drift(verdicts, "intake", NOW)


def test_weeks_that_differ_by_chance_are_alike() -> None:
    found = two_weeks()

    assert not found.drifted and not found.appeared and not found.vanished
    assert {(change.kind, change.name) for change in found.changes} == {("scores", "weapon")}


def test_scores_that_moved_are_drift() -> None:
    (change,) = two_weeks(0.15).drifted

    assert (change.kind, change.name) == ("scores", "weapon")
    assert change.after - change.before == pytest.approx(0.15, abs=0.05)


def test_a_small_week_proves_nothing() -> None:
    assert not two_weeks(0.4, later=19).changes


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"models": {"blip2": "two"}}, "model blip2: two"),
        ({"prompt_version": "2"}, "prompt 2"),
        ({"policy": {"name": "strict", "digest": "e" * 64}}, f"pack strict ({'e' * 12})"),
    ],
)
def test_a_changed_model_prompt_or_pack_is_named(changed: dict[str, Any], named: str) -> None:
    found = two_weeks(**changed)

    assert list(found.appeared) == [named] and len(found.vanished) == 1


def test_flags_by_category_that_rise_are_drift() -> None:
    verdicts = FakeVerdicts()
    for number in range(600):
        week = 7.5 if number < 300 else 0.5
        often = 3 if number < 300 else 30
        said: dict[str, Any] = {"verdict": "unsafe", "category": "Violence"} if number % 300 < often else {}
        put(verdicts, f"{number}", week, **said)

    (change,) = measure_drift(verdicts, "intake", NOW).drifted

    assert (change.kind, change.name, change.before, change.after) == ("flags", "Violence", 0.01, 0.1)


def test_verdicts_that_people_overturn_more_often_are_drift() -> None:
    verdicts = FakeVerdicts()
    for number in range(100):
        week, often = (7.5, 2) if number < 50 else (0.5, 25)
        at = utc(NOW - timedelta(days=week))
        said = "safe" if number % 50 < often else "unsafe"
        machine = {"verdict": "unsafe", "category": "Violence", "decided_by": "judge", "at": at}
        person = {"verdict": said, "category": None, "decided_by": "person", "who": "ann", "at": at}
        decided: dict[str, Any] = {"verdict": said, "decided_by": "person", "history": [machine, person]}
        put(verdicts, f"{number}", week, **decided, queue="person#0", queue_order=at)

    found = {change.kind: change for change in measure_drift(verdicts, "intake", NOW).drifted}

    assert (found["overturned"].before, found["overturned"].after) == (0.04, 0.5)


def test_escalated_images_are_in_no_score() -> None:
    assert not two_weeks(0.3, escalated_at=utc(NOW)).changes


def test_the_distance_is_that_of_the_distributions() -> None:
    assert distance([0, 1], [0, 1]) == 0
    assert distance([0, 0, 0], [1, 1]) == 1
    assert distance([0, 1, 2, 3], [2, 3, 4, 5]) == 0.5
