"""The soak in small: 60 uploads while every call of the pipeline fails now and then. `make soak` does thousands."""

import json

import pytest

from scripts.soak import page
from scripts.soak.faults import FAULTS
from scripts.soak.session import SoakConfig, SoakResult, soak


@pytest.fixture(scope="module")
def result(assembly) -> SoakResult:
    return soak(assembly, SoakConfig(images=60, seed=7, baseline_images=6, every=9))


def test_every_invariant_holds(result):
    broken = [invariant for invariant in result.invariants if not invariant.held]
    assert not broken, json.dumps([*map(str, broken), result.figures["undecided"]], default=str, indent=1)
    assert result.figures["proxy_failures"] == []


def test_every_kind_of_call_failed_and_every_kind_of_fault_was_there(result):
    assert set(result.faults) == set(FAULTS)
    injected = {kind for kinds in result.faults.values() for kind in kinds}
    assert injected == {fault.kind for faults in FAULTS.values() for fault in faults}
    assert set(result.figures["permanent_faults"]) == {
        "poison: process killed",
        "unpublishable: publishing forbidden",
        "unrecordable: execution aborted",
        "unrecordable: writing forbidden",
    }


def test_executions_were_aborted_and_the_workflow_repeated_what_failed(result):
    assert result.figures["executions_aborted"] > 0
    assert set(result.repeats) == {call for call in FAULTS if call.startswith("workflow:")}


def test_an_image_takes_what_the_cost_arithmetic_says_and_what_faults_add(result):
    of_image = page.counts(json.loads(json.dumps(result.to_json(), default=str)))

    assert len(of_image) == 5
    for name, expected, counted in of_image:
        assert 0.9 * expected < counted < 2 * expected, name


def test_the_page_shows_every_invariant(result):
    shown = page.run(json.loads(json.dumps(result.to_json(), default=str)))

    assert all(invariant.text in shown and invariant.figures in shown for invariant in result.invariants)
