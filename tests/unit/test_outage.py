"""The calculation of an outage, against what can be told without it."""

import json

import pytest

from scripts.outage.__main__ import document
from scripts.outage.retries import retrier
from scripts.outage.simulation import BUSY, Scenario, simulate


def test_an_outage_shorter_than_the_first_retries_costs_nobody_the_verdict():
    outcome = simulate(Scenario("EndpointUnavailable", images_per_s=1, outage_s=60))

    assert (outcome.uploads, outcome.reviewed) == (60, 0)
    assert 0 < outcome.drained_s <= 120


def test_uploads_give_up_that_came_longer_before_the_end_than_their_retries_last():
    rule = retrier("EndpointUnavailable")

    outcome = simulate(Scenario("EndpointUnavailable", images_per_s=0.1, outage_s=36_000))

    assert outcome.reviewed / outcome.uploads == pytest.approx(1 - rule.mean_wait / 36_000, abs=0.02)
    assert outcome.retries.total() / outcome.reviewed == pytest.approx(rule.attempts, rel=0.05)


def test_a_limit_of_calls_at_once_refuses_what_is_beyond_it_and_spares_the_endpoint():
    free = simulate(Scenario("EndpointUnavailable", images_per_s=5, outage_s=300))
    limited = simulate(Scenario("EndpointUnavailable", images_per_s=5, outage_s=300, concurrency=1, failing_call_s=1))

    assert free.retries[BUSY] == 0
    assert limited.retries[BUSY] > 0
    assert limited.retries["EndpointUnavailable"] <= 300 < free.retries["EndpointUnavailable"]


def test_outcomes_are_written_with_their_retries_by_error():
    written = json.loads(document([("short", simulate(Scenario("EndpointThrottled", images_per_s=1, outage_s=10)))]))

    assert written["short"]["uploads"] == 10
    assert set(written["short"]["retries"]) == {"EndpointThrottled"}
