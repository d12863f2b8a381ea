"""Figures of the metrics about people's work."""

import pytest

from moderation.domain.policy import Route, Routes, pack_data
from moderation.domain.work_files import pack_file
from moderation.usecases.measure import Measured, measure
from tests.unit.review.blind import SECOND, answer, decided, golden, taken
from tests.unit.review.desk import ANNA, BEN, GRAVE, LEA, Desk, later


@pytest.fixture
def desk() -> Desk:
    return Desk()


def measured(desk: Desk) -> Measured:
    routes = Routes((Route("", GRAVE.name),))
    return measure(desk.verdicts, "intake", routes, "2026-11-17T12:00:00.000Z", "2026-11-28T12:00:00.000Z")


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


def test_the_workload_tells_what_waits_what_is_late_and_how_long_a_decision_takes(desk) -> None:
    desk.wait("late", "Violence", hours_ago=100)
    desk.wait("fresh", "Violence")
    made = desk.wait("done", "Gore")
    assert taken(desk, ANNA, 0, first=False).image == made
    desk.finalise(made, desk.decide(ANNA, made, at=later(30)), later(41))

    work = measured(desk).workload

    assert (work.waiting, work.overdue) == (2, 1)
    assert work.decided_a_day == pytest.approx(1 / 11)
    assert work.days == pytest.approx(22)
    assert (work.seconds, work.timed) == (30, 1)


def test_no_figure_names_a_person(desk) -> None:
    decided(desk, SECOND[0])
    answer(desk, BEN, taken(desk, BEN), "safe")

    assert not any(who in str(measured(desk)) for who in (ANNA.id, BEN.id, "p-1", "p-2"))
