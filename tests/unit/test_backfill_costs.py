"""Duration, cost and quotas of a backfill, on numbers that a person can check by hand."""

import json
from dataclasses import replace
from typing import Any

import pytest

from moderate.costs import prices
from moderate.costs.backfill import (
    MODERATE_TRANSITIONS,
    SELECT_TRANSITIONS,
    Estimate,
    Quota,
    estimate,
    images_per_second,
)
from moderate.costs.billing import Load, Workflow
from statemachine.definition import BACKFILL_PATH, load
from tests.unit.usage import MEASURED, PLAIN

PRICES = prices.load()
LOAD = Load(1, **PLAIN)  # 0.2 s and 1 s of an instance


def of(selected: int, concurrency: int, load: Load = LOAD, listed: int | None = None) -> Estimate:
    return estimate(selected if listed is None else listed, selected, concurrency, load, MEASURED, PRICES)


def line(made: Estimate, name: str) -> float:
    return next(line.usd for line in made.lines if line.name == name)


def quota(made: Estimate, name: str) -> Quota:
    return next(quota for quota in made.quotas if name in quota.name)


def test_the_slower_model_sets_the_rate() -> None:
    assert images_per_second(8, LOAD) == pytest.approx(1.0)
    assert images_per_second(16, replace(LOAD, views_per_image=10)) == pytest.approx(1.0)
    assert of(36_000, 8).hours == pytest.approx(10)


def test_instances_are_paid_for_the_hours_of_the_run() -> None:
    assert line(of(36_000, 8), "BLIP-2 endpoint") == pytest.approx(10 * 1.515)
    assert line(of(36_000, 16), "BLIP-2 endpoint") == pytest.approx(5 * 2 * 1.515)
    assert line(of(36_000, 4), "BLIP-2 endpoint") == pytest.approx(20 * 1.515)  # half of one that runs anyway


def test_every_object_listed_is_selected_and_only_moderated_ones_are_awaited() -> None:
    made = of(1_000, 8, listed=1_000_000)

    assert line(made, "Selecting") == pytest.approx(1_000_000 * (3 * 0.000025 + 0.0000002 + 0.025 * 0.0000133334))
    assert line(made, "Awaiting") == pytest.approx(1_000 * 0.000025)
    assert line(of(1_000, 8, replace(LOAD, workflow="express")), "Awaiting") == pytest.approx(2_000 * 0.000025)


def test_a_judge_without_a_price_is_said_to_be_left_out() -> None:
    made = of(1_000, 8, replace(LOAD, judge="unpriced"))

    (left_out,) = [line for line in made.lines if "price isn't in" in line.arithmetic]
    assert left_out.usd == 0
    assert not [line for line in of(1_000, 8).lines if line.usd == 0]


def test_what_is_paid_by_the_day_is_not_the_runs() -> None:
    assert "Drift" not in {line.name for line in of(1_000_000, 8).lines}


def test_the_executions_cost_what_uploads_cost() -> None:
    assert line(of(1_000, 8), "Step Functions") == pytest.approx(0.20)
    assert line(of(1_000, 8, replace(LOAD, workflow="express")), "Step Functions") < 0.02


def test_standard_executions_use_the_quotas_of_their_parents() -> None:
    made = of(1_000, 800)  # 100 images a second

    assert quota(made, "StartExecution").used == pytest.approx(200)
    assert quota(made, "transitions").used == pytest.approx(100 * (8 + 4))
    assert (quota(made, "child executions").used, quota(made, "Lambda").used) == (800, 1600)
    assert [quota.name for quota in made.quotas if quota.is_hit] == ["Lambda: concurrent executions"]


def test_express_executions_have_capacity_of_their_own() -> None:
    made = of(1_000, 800, replace(LOAD, workflow="express"))

    assert quota(made, "StartExecution").used == pytest.approx(100)
    assert quota(made, "transitions").used == pytest.approx(100 * 5)


def states_of(end: str, by: str = "") -> int:
    """Number of states that a child enters up to its end, by way of another."""
    machine = json.loads(load(BACKFILL_PATH))
    states: dict[str, dict[str, Any]] = machine["States"]["ForEachListed"]["ItemProcessor"]["States"]

    def paths(name: str) -> list[list[str]]:
        state = states[name]
        following = [rule["Next"] for rule in state.get("Choices", [])]
        following += [state[key] for key in ("Next", "Default") if key in state]
        return [[name, *path] for target in following for path in paths(target)] or [[name]]

    [found] = [path for path in paths("SelectItemListed") if path[-1] == end and by in "".join(path)]
    return len(found)


@pytest.mark.parametrize(("workflow", "by"), [("standard", "ModerateListed"), ("express", "ModerateExpressListed")])
def test_a_child_enters_as_many_states_as_are_paid(workflow: Workflow, by: str) -> None:
    assert states_of("SkippedListed") == SELECT_TRANSITIONS
    assert states_of("ModeratedListed", by) == SELECT_TRANSITIONS + MODERATE_TRANSITIONS[workflow]


def test_a_judge_on_bedrock_is_paid_by_the_token_and_sets_no_rate() -> None:
    load = replace(LOAD, judge="nova-micro")
    made = of(36_000, 8, load)

    assert images_per_second(8, load) == pytest.approx(1 / 0.2)
    assert "Llama 2 endpoint" not in {each.name for each in made.lines}
    assert line(made, "nova-micro on Bedrock") == pytest.approx(36_000 * (710 * 0.000000035 + 41 * 0.00000014))
