"""Figures of the metrics about people's work."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from moderation.domain.exposure import Exposure, Pictures
from moderation.domain.policy import Route, Routes, pack_data
from moderation.domain.record import utc
from moderation.domain.work_files import pack_file
from moderation.usecases.measure import Measured, measure
from tests.unit.review.blind import SECOND, answer, decided, golden, taken
from tests.unit.review.desk import ANNA, BEN, GRAVE, LEA, NOW, Desk, later


@pytest.fixture
def desk() -> Desk:
    return Desk()


SINCE, UNTIL = NOW - timedelta(days=10), datetime.now(UTC) + timedelta(days=1)  # decisions are made by the real clock


def measured(desk: Desk) -> Measured:
    routes = Routes((Route("", GRAVE.name),))
    return measure(desk.verdicts, desk.reveals, "intake", routes, utc(SINCE), utc(UNTIL))


def test_two_blind_decisions_make_an_agreement_and_golden_ones_do_not(desk) -> None:
    for name, verdict in zip(SECOND, ("unsafe", "safe", "unsafe"), strict=True):
        decided(desk, name)
        record = taken(desk, BEN)
        assert record.blind["purpose"] == "second"
        answer(desk, BEN, record, verdict)
    golden(desk)
    answer(desk, ANNA, taken(desk, ANNA, 60), "unsafe", 61)

    found = measured(desk)

    assert [(one.category, one.items, one.agreed) for one in found.agreement] == [("", 3, 2), ("Violence", 3, 2)]
    assert (found.golden_answers.answers, found.golden_answers.right) == (1, 1)


def test_what_a_lead_settled_counts_by_the_two_first_answers(desk) -> None:
    decided(desk, SECOND[0])
    answer(desk, BEN, taken(desk, BEN), "safe")
    answer(desk, LEA, taken(desk, LEA, 60), "safe", 61)

    assert [(one.category, one.items, one.agreed) for one in measured(desk).agreement] == [
        ("", 1, 0),
        ("Violence", 1, 0),
    ]


def test_overturned_verdicts_are_counted_by_the_version_of_the_pack(desk) -> None:
    for number, digest in enumerate(("a", "a", "b")):
        desk.work.put_json(pack_file(digest * 64), pack_data(GRAVE))
        made = desk.wait(f"x{number}", "Violence", verdict="unsafe", policy={"name": "small", "digest": digest * 64})
        desk.finalise(made, desk.decide(ANNA, made, "safe" if number else "unsafe"), later(11))

    found = measured(desk).packs

    counted = [(one.pack, one.digest[0], one.reviewed.decided, one.reviewed.overturned) for one in found]
    assert counted == [("small", "a", 2, 1), ("small", "b", 1, 1)]
    assert found[0].share.value == 0.5
    assert (found[0].share.interval.low, found[0].share.interval.high) == pytest.approx((0.0945, 0.9055), abs=1e-4)


def answered(*questions: str) -> list[dict[str, Any]]:
    """Evidence of which the answers to these questions are over their thresholds."""
    return [
        {"view": view, "question_id": name, "question": name, "categories": ["Violence"], "over": name in questions}
        for name in ("gun", "knife")
        for view in ("full", "tile-1")
    ]


def judged(desk: Desk, name: str, verdict: Any, *questions: str, **more: Any) -> None:
    """A person's decision on an image that the machine found unsafe in Violence."""
    said: dict[str, Any] = {"verdict": "unsafe", "category": "Violence", "evidence": answered(*questions)}
    made = desk.wait(name, "Violence", **said, **more)
    desk.finalise(made, desk.decide(ANNA, made, verdict), later(11))


def test_overturned_verdicts_are_counted_by_the_question_whose_answer_was_over_its_threshold(desk) -> None:
    for number, verdict in enumerate(("safe", "unsafe", "unsafe", "unsafe")):
        judged(desk, f"gun{number}", verdict, "gun")
    judged(desk, "both", "safe", "gun", "knife")
    judged(desk, "neither", "safe")

    found = {one.question: one for one in measured(desk).questions}

    assert {name: (one.reviewed.decided, one.reviewed.overturned) for name, one in found.items()} == {
        "gun": (5, 2),
        "knife": (1, 1),
    }
    limits = found["gun"].share.interval
    assert found["gun"].share.value == pytest.approx(0.4)
    assert (limits.low, limits.high) == pytest.approx((0.1176, 0.7693), abs=1e-4)
    assert (found["gun"].precision, found["gun"].overturned, found["gun"].reached) == (None, None, 0), "no sample"


def test_a_question_is_estimated_on_all_uploads_of_a_sample(desk) -> None:
    drawn = {"verdict": "unsafe", "category": "Violence", "at": "2026-11-27T13:00:00.000Z"}
    frame = {"since": "2026-11-20T00:00:00.000Z", "until": "2026-11-28T00:00:00.000Z"}
    for number, (verdict, probability) in enumerate((("unsafe", 0.1), ("safe", 0.1), ("unsafe", 0.1), ("unsafe", 0.1))):
        judged(desk, f"drawn{number}", verdict, "gun", sample={"probability": probability, **drawn, **frame})

    whole = measured(desk)
    [gun] = whole.questions

    assert gun.reached == 4
    assert gun.precision and gun.overturned
    assert gun.precision.value == pytest.approx(0.75) and gun.overturned.value == pytest.approx(0.25)
    assert gun.precision.interval.low < 0.4, "4 of 40 were looked at"
    assert whole.estimates
    assert [(one.category, one.named, one.found) for one in whole.estimates] == [(None, 4, 3), ("Violence", 4, 3)]


def test_what_people_confirmed_is_counted_by_category(desk) -> None:
    judged(desk, "one", "unsafe", "gun")
    judged(desk, "two", "safe", "gun")

    [violence] = measured(desk).categories

    assert (violence.category, violence.decided, violence.confirmed, violence.share.value) == ("Violence", 2, 1, 0.5)


def test_exposure_is_the_pictures_of_each_persons_hour_and_names_nobody(desk) -> None:
    for number in range(5):
        desk.reveals.count("p-1", "2026-11-27T10", f"i{number}", number < 2, None)
    desk.reveals.count("p-2", "2026-11-27T10", "i1", True, None)
    desk.reveals.count("p-1", "2026-11-10T10", "i1", True, None)

    seen = measured(desk).exposure

    assert seen == Exposure(hours=2, shown=Pictures(6, 3, 5), graphic=Pictures(3, 1.5, 2))
    assert "p-" not in str(seen)
    assert measured(Desk()).exposure == Exposure(0, Pictures(0, None, 0), Pictures(0, None, 0))


def test_the_workload_tells_what_waits_what_is_late_and_how_long_a_decision_takes(desk) -> None:
    desk.wait("late", "Violence", hours_ago=100)
    desk.verdicts.records[desk.wait("fresh", "Violence")]["due_at"] = "9999-12-31T00:00:00.000Z"
    made = desk.wait("done", "Gore")
    assert taken(desk, ANNA, 0, first=False).image == made
    desk.finalise(made, desk.decide(ANNA, made, at=later(30)), later(41))

    work = measured(desk).workload

    days = (UNTIL - SINCE) / timedelta(days=1)
    assert (work.waiting, work.overdue) == (2, 1)
    assert work.decided_a_day == pytest.approx(1 / days)
    assert work.days == pytest.approx(2 * days)
    assert (work.seconds, work.timed) == (30, 1)


def test_no_figure_names_a_person(desk) -> None:
    decided(desk, SECOND[0])
    answer(desk, BEN, taken(desk, BEN), "safe")

    assert not any(who in str(measured(desk)) for who in (ANNA.id, BEN.id, "p-1", "p-2"))
