"""A redrive keeps to its limit and its rate, and leaves the rest as it was."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from moderation.domain.image_ref import ImageRef
from moderation.domain.record import REDRIVEN, utc
from moderation.ports import DeadLetter
from moderation.usecases.redrive import RedrivePorts
from moderation.usecases.redrive_all import RedriveAllPorts, Scope, letters_in_flight, redrive_all
from tests.support.deployment import FakeLetters
from tests.support.fakes import FakeExecutions, FakePublisher, FakeVerdicts

NOW = datetime.now(UTC)
AN_HOUR_AGO, SINCE = utc(NOW - timedelta(hours=1)), NOW - timedelta(hours=2)


def event(number: int) -> DeadLetter:
    given = {"bucket": "intake", "key": f"letter-{number}", "version": "v", "size": 1}
    return DeadLetter(f"m{number}", json.dumps(given | {"event_id": f"e{number}", "time": AN_HOUR_AGO}), "THROTTLED")


@pytest.fixture
def ports() -> RedriveAllPorts:
    """Three dead letters, three failures and three verdicts that weren't published."""
    verdicts = FakeVerdicts()
    decided = {"status": "decided", "created_at": AN_HOUR_AGO, "owner": "o:execution:1", "decided_at": AN_HOUR_AGO}
    for number in range(3):
        failure = decided | {"verdict": "review", "decided_by": "failure"}
        verdicts.records[ImageRef("intake", f"failure-{number}", "v")] = failure
        unpublished = decided | {"verdict": "unsafe", "decided_by": "judge", "notified": False}
        verdicts.records[ImageRef("intake", f"unpublished-{number}", "v")] = unpublished
    return RedriveAllPorts(
        unstarted=FakeLetters([event(number) for number in range(3)]),
        unrecorded=FakeLetters([], in_flight=2),
        records=RedrivePorts("intake", verdicts, FakePublisher(), FakeExecutions({}), ("unsafe", "review")),
    )


def effects(ports: RedriveAllPorts) -> tuple[int, int]:
    """The numbers of executions started and of verdicts published."""
    records = ports.records
    assert isinstance(records.executions, FakeExecutions) and isinstance(records.publisher, FakePublisher)
    return len(records.executions.started), len(records.publisher.published)


@pytest.mark.parametrize(
    ("limit", "expected"),
    [(1, (1, 0)), (3, (3, 0)), (5, (5, 0)), (8, (6, 2)), (9, (6, 3)), (10, (6, 3)), (None, (6, 3))],
)
def test_no_more_is_done_than_the_limit_says(ports, limit, expected):
    handled = list(redrive_all(ports, Scope(None, SINCE, limit=limit)))

    assert effects(ports) == expected
    assert len(handled) == sum(expected)
    assert len(ports.unstarted.waiting) == max(0, 3 - sum(expected))
    reopened = [found for found in ports.records.verdicts.records.values() if found["owner"] == REDRIVEN]
    assert len(reopened) == max(0, expected[0] - 3), "nothing is reopened that isn't started"


def test_what_is_left_alone_does_not_count(ports):
    ports.unstarted.waiting.insert(0, DeadLetter("x", "no event", None))

    handled = list(redrive_all(ports, Scope(None, SINCE, limit=1)))

    assert [row.acted for row in handled] == [False, True]
    assert effects(ports) == (1, 0)


def test_a_rate_spaces_the_actions(ports):
    pauses: list[float] = []

    list(redrive_all(ports, Scope(None, SINCE, limit=4, rate=5), pauses.append))

    assert pauses == [0.2, 0.2, 0.2], "none after the last"


def test_a_dry_run_is_not_slowed(ports):
    pauses: list[float] = []

    handled = list(redrive_all(ports, Scope(None, SINCE, dry_run=True, limit=4, rate=5), pauses.append))

    assert pauses == []
    assert [row.acted for row in handled] == [True] * 4
    assert effects(ports) == (0, 0)


def test_letters_in_flight_are_counted_over_both_queues(ports):
    ports.unstarted.in_flight = 3

    assert letters_in_flight(ports) == 5


def test_with_express_executions_there_is_one_queue(ports):
    express = RedriveAllPorts(ports.unstarted, None, ports.records)

    assert letters_in_flight(express) == 0
    assert len(list(redrive_all(express, Scope(None, SINCE)))) == 9
