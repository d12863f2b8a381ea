"""The workflow's definition against the code: names that must agree, and promises that can be read off the text."""

import inspect
import json
import math
from collections.abc import Iterator

from moderation import errors
from moderation.domain.backfill import Kind, Source
from moderation.domain.record import REDRIVEN, SHADOWED
from statemachine.definition import BACKFILL_PATH, load, placeholders, render

DEFINITION = json.loads(load())


def states(machine: dict) -> Iterator[tuple[str, dict]]:
    for name, state in machine["States"].items():
        yield name, state
        if "ItemProcessor" in state:
            yield from states(state["ItemProcessor"])


STATES = dict(states(DEFINITION))
TASKS = {name: state for name, state in STATES.items() if state["Type"] == "Task"}
AWS_FAMILIES = ("States.", "Lambda.", "DynamoDB.", "Sandbox.", "Runtime.")


def matched(kind: str) -> set[str]:
    return {name for state in STATES.values() for rule in state.get(kind, []) for name in rule["ErrorEquals"]} - {
        "States.ALL"
    }


def leaves(base: type) -> set[str]:
    return {
        name
        for name, value in inspect.getmembers(errors, inspect.isclass)
        if issubclass(value, base) and not value.__subclasses__()
    }


def test_the_workflow_writes_to_the_shards_that_are_listed():
    """The end of `States.MathRandom` isn't drawn."""
    written = [
        state["Parameters"]["ExpressionAttributeValues"] for state in TASKS.values() if "Key" in state["Parameters"]
    ]
    drawn = [values[name]["S.$"] for values in written for name in (":shard", ":queue") if name in values]

    assert len(drawn) == 4
    assert all(text.endswith("States.MathRandom(0, ${Shards}))") for text in drawn)


def test_every_custom_error_is_a_class_and_every_class_is_matched():
    named = {name for name in matched("Retry") | matched("Catch") if not name.startswith(AWS_FAMILIES)}

    assert named == leaves(errors.TransientError) | leaves(errors.PermanentError)


def test_transient_errors_are_retried_and_permanent_ones_never():
    retried = matched("Retry")

    assert leaves(errors.TransientError) <= retried
    assert not leaves(errors.PermanentError) & retried


def test_retries_are_named_spread_and_capped():
    for name, state in TASKS.items():
        assert state["Retry"], name
        for rule in state["Retry"]:
            assert "States.ALL" not in rule["ErrorEquals"], name
            assert rule["JitterStrategy"] == "FULL"
            assert rule["MaxDelaySeconds"] <= 120


def test_whatever_is_left_ends_as_a_recorded_failure():
    for name in ("Claim", "PrepareImage", "ForEachQuery", "JudgeImage", "RecordVerdict"):
        last = STATES[name]["Catch"][-1]
        assert (last["ErrorEquals"], last["Next"]) == (["States.ALL"], "IsShadow"), name
    assert STATES["IsShadow"]["Default"] == "RecordFailure"


def test_a_shadow_run_is_told_by_its_name_and_records_no_verdict():
    [rule] = STATES["IsShadow"]["Choices"]

    assert (rule["Variable"], rule["StringMatches"]) == ("$$.Execution.Name", f"{Kind.SHADOW}-*")
    assert rule["Next"] == "RecordShadowFailure"
    written = STATES["RecordShadowFailure"]["Parameters"]
    assert "verdict =" not in written["UpdateExpression"]
    assert "notified" not in written["UpdateExpression"]
    assert written["ExpressionAttributeValues"][":shadowed"] == {"S": SHADOWED}


def test_an_endpoint_that_starts_from_zero_is_outlasted():
    for name in ("QueryImage", "JudgeImage"):
        [rule] = [rule for rule in STATES[name]["Retry"] if "NoCapacity" in rule["ErrorEquals"]]
        # Full jitter waits half of each delay on average; an instance and 26 GB of weights take part of an hour.
        assert rule["MaxAttempts"] * rule["MaxDelaySeconds"] / 2 >= 45 * 60


def test_an_endpoint_that_is_still_to_be_deployed_is_outlasted_and_named_at_last():
    for name in ("QueryImage", "JudgeImage"):
        [rule] = [rule for rule in STATES[name]["Retry"] if "EndpointNotFound" in rule["ErrorEquals"]]
        assert rule["ErrorEquals"] == ["EndpointNotFound"], "it counts its attempts alone"
        # SageMaker gives a container half an hour to start, after an instance was found for it; three sigma below.
        assert shortest_wait(rule) >= 45 * 60
    for name in ("ForEachQuery", "JudgeImage"):
        [catcher] = [catcher for catcher in STATES[name]["Catch"] if "EndpointNotFound" in catcher["ErrorEquals"]]
        assert catcher["Next"] == "RecordVerdict", "the record has the error's own sentence"


def test_a_reader_that_times_out_leaves_an_express_execution_time_to_record_it():
    query = STATES["QueryImage"]
    for error in ("Sandbox.Timedout", "States.Timeout"):
        [rule] = [rule for rule in query["Retry"] if error in rule["ErrorEquals"]]
        seconds = (rule["MaxAttempts"] + 1) * query["TimeoutSeconds"] + rule["MaxAttempts"] * rule["MaxDelaySeconds"]
        assert rule["MaxAttempts"] >= 1
        assert seconds <= 4 * 60, "Express ends at five minutes, with all other states"


def shortest_wait(rule: dict) -> float:
    """Seconds that all retries of a rule together wait at least, but for one time in a thousand."""
    caps = [
        min(rule["IntervalSeconds"] * rule["BackoffRate"] ** attempt, rule["MaxDelaySeconds"])
        for attempt in range(rule["MaxAttempts"])
    ]
    return sum(caps) / 2 - 3 * math.sqrt(sum(cap**2 / 12 for cap in caps))


def test_every_task_has_a_time_out_and_placeholders_stand_in_strings_only():
    assert all("TimeoutSeconds" in state for state in TASKS.values())
    names = placeholders(load())
    filled = json.loads(render(load(), dict.fromkeys(names, "x")))
    assert "${" not in json.dumps(filled)


def test_a_claim_is_made_once_by_its_execution_or_taken_over_from_a_redrive():
    """No claim is ever made over a verdict: an Express execution may run again after it recorded its own."""
    claim = STATES["Claim"]["Parameters"]

    assert claim["ConditionExpression"] == (
        "(attribute_not_exists(pk) OR #owner IN (:me, :redriven) OR #status = :shadowed) "
        "AND attribute_not_exists(verdict)"
    )
    assert claim["ExpressionAttributeValues"][":shadowed"] == {"S": SHADOWED}
    assert claim["ExpressionAttributeValues"][":redriven"] == {"S": REDRIVEN}


def test_no_state_passes_what_was_seen_in_an_image():
    """Histories can't be erased: results are dropped or reduced to keys, numbers and the verdict."""
    kept = {name: state["ResultSelector"] for name, state in TASKS.items() if state["ResultPath"] is not None}

    assert {name: set(selector) for name, selector in kept.items()} == {
        "PrepareImage": {"prefix.$", "items.$"},
        "RecordVerdict": {"verdict.$", "notify.$"},
    }


BACKFILL = json.loads(load(BACKFILL_PATH))
MAPS = {
    Source.LISTING: ("ForEachListed", "Listed"),
    Source.INVENTORY: ("ForEachInventoried", "Inventoried"),
    Source.LINES: ("ForEachLine", "Line"),
}


def test_a_backfill_does_the_same_with_the_items_of_each_source():
    """Names of states are unique in a machine, so that each Map has its own."""
    processors = [
        json.dumps(BACKFILL["States"][name]["ItemProcessor"]).replace(suffix, "") for name, suffix in MAPS.values()
    ]

    assert processors[0] == processors[1] == processors[2]
    assert all(BACKFILL["States"][name]["ItemSelector"]["source"] == source for source, (name, _) in MAPS.items())


def test_a_backfill_chooses_the_map_of_its_source():
    chosen = {rule["StringEquals"]: rule["Next"] for rule in BACKFILL["States"]["Source"]["Choices"]}

    assert chosen == {source: name for source, (name, _) in MAPS.items()}


def test_a_backfill_retries_the_errors_of_its_functions_and_of_step_functions():
    inner = dict(states(BACKFILL))
    transient = {"StoreUnavailable", "Lambda.TooManyRequestsException", "Lambda.ServiceException", "Sandbox.Timedout"}

    retried = {name for rule in inner["SelectItemListed"]["Retry"] for name in rule["ErrorEquals"]}
    assert transient <= retried
    retried = {name for rule in inner["DigestBackfill"]["Retry"] for name in rule["ErrorEquals"]}
    assert transient | {"NotificationUnavailable"} <= retried
    for state, family in (("ModerateListed", "StepFunctions."), ("ModerateExpressListed", "Sfn.")):
        [rule] = inner[state]["Retry"]
        assert all(name.startswith(family) for name in rule["ErrorEquals"])
        assert rule["JitterStrategy"] == "FULL"


def test_a_backfill_counts_an_express_execution_only_if_it_succeeded():
    """StartSyncExecution succeeds whatever the status of the execution."""
    inner = dict(states(BACKFILL))
    assert inner["ModerateExpressListed"]["Next"] == "HasSucceededListed"
    choice = inner["HasSucceededListed"]
    assert [(rule["StringEquals"], rule["Next"]) for rule in choice["Choices"]] == [("SUCCEEDED", "ModeratedListed")]
    assert inner[choice["Default"]]["Type"] == "Fail"


def test_a_backfill_starts_nothing_twice():
    catch = dict(states(BACKFILL))["ModerateListed"]["Catch"]

    assert [(rule["ErrorEquals"], rule["Next"]) for rule in catch] == [
        (["StepFunctions.ExecutionAlreadyExistsException"], "SkippedListed")
    ]
