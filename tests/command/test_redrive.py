"""`moderate redrive`: what failed runs again, once, and nothing else is touched."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from moderate.deployment import Deployment
from moderation.adapters.dynamodb_verdicts import DynamoVerdictStore
from moderation.domain.image_ref import ImageRef
from moderation.domain.record import REDRIVEN, Change, utc
from tests.command.history import OWNER

GIVEN = {"bucket": "intake", "key": "in/a.jpg", "version": "v", "size": 1, "event_id": "e", "time": "t"}
SINCE = ("--since", "3h")
JUDGED = {"verdict": "safe", "category": None, "reason": "", "decided_by": "judge", "status": "decided"}


@pytest.fixture
def ended(deployed):
    """The execution that failed, over now."""
    started = deployed.workflow.start_execution(
        stateMachineArn=deployed.outputs["WorkflowArn"], name="first", input=json.dumps(GIVEN)
    )
    deployed.workflow.stop_execution(executionArn=started["executionArn"])
    return started["executionArn"]


def executions(deployed) -> list[str]:
    listed = deployed.workflow.list_executions(stateMachineArn=deployed.outputs["WorkflowArn"])["executions"]
    return [execution["executionArn"] for execution in listed]


def claim(deployed, image, owner: str) -> None:
    """Claim the image, as the first state of a started execution does."""
    standing = deployed.verdicts.get(image)
    assert standing.owner == REDRIVEN
    assert deployed.verdicts.compare_and_set(standing, Change({"owner": owner}))


def test_a_failure_is_moderated_again_with_the_same_input_by_whoever_claims_it_first(deployed, moderate, ended):
    image = deployed.put_object()
    deployed.put_failure(image, owner=ended, notified=True)

    result = moderate("redrive", *SINCE)

    assert result.exit_code == 0
    assert "started" in result.stdout and "EndpointUnavailable" in result.stdout
    [started] = set(executions(deployed)) - {ended}
    given = json.loads(deployed.workflow.describe_execution(executionArn=started)["input"])
    assert given == GIVEN | {"time": given["time"]}
    age = datetime.now(UTC) - datetime.fromisoformat(given["time"])
    assert age < timedelta(minutes=1), "the wait counts from the redrive, not from an upload that nobody could serve"
    record = deployed.record(image)
    assert (record["status"], record["owner"]) == ("claimed", REDRIVEN)
    assert not record.keys() & {"verdict", "reason", "cause", "notified", "decided_by", "decided_at", "execution"}
    [past] = record["history"]
    assert (past["verdict"], past["decided_by"], past["reason"]) == ("review", "failure", "It failed.")


def test_only_the_new_owner_may_record_after_it(deployed, moderate, ended):
    image = deployed.put_object()
    deployed.put_failure(image, owner=ended)
    moderate("redrive", *SINCE)
    [owner] = set(executions(deployed)) - {ended}
    claim(deployed, image, owner)

    assert not deployed.verdicts.record(image, ended, JUDGED)
    assert deployed.verdicts.record(image, owner, JUDGED)
    assert deployed.record(image)["history"], "the failure is remembered beside the verdict"


def test_repeating_it_starts_nothing_twice(deployed, moderate, ended):
    image = deployed.put_object()
    deployed.put_failure(image, owner=ended)
    moderate("redrive", *SINCE)
    [owner] = set(executions(deployed)) - {ended}
    claim(deployed, image, owner)
    before = deployed.record(image), executions(deployed)

    result = moderate("redrive", *SINCE)

    assert "Nothing to redrive" in result.stdout
    assert (deployed.record(image), executions(deployed)) == before


def test_a_running_owner_keeps_its_image(deployed, moderate):
    running = deployed.workflow.start_execution(
        stateMachineArn=deployed.outputs["WorkflowArn"], name="first", input=json.dumps(GIVEN)
    )["executionArn"]
    image = deployed.put_object()
    deployed.put_failure(image, owner=running)

    assert "still running" in moderate("redrive", *SINCE).stdout
    assert deployed.record(image)["owner"] == running
    assert executions(deployed) == [running]


def test_an_execution_that_step_functions_forgot_is_replaced_out_of_the_record(deployed, moderate):
    image = deployed.put_object()
    deployed.put_failure(image)

    moderate("redrive", *SINCE)

    [owner] = executions(deployed)
    given = json.loads(deployed.workflow.describe_execution(executionArn=owner)["input"])
    assert given.keys() == GIVEN.keys()
    assert (given["key"], given["version"], given["size"]) == (image.key, image.version, 1)


def test_a_claim_whose_execution_never_was_is_taken_up(deployed, moderate):
    """A record left by a redrive that was interrupted between reopening it and starting the execution."""
    image = deployed.put_object()
    deployed.put_record(image, owner=REDRIVEN, history=[{"verdict": "review"}])

    moderate("redrive", *SINCE)

    assert len(executions(deployed)) == 1
    assert deployed.record(image)["history"] == [{"verdict": "review"}]


@pytest.mark.parametrize("age, said", [(timedelta(minutes=4), "still running"), (timedelta(minutes=7), "started")])
def test_an_express_execution_counts_as_running_for_as_long_as_it_may_run(deployed, moderate, age, said):
    """Step Functions can't be asked after it, and forgets its input."""
    image = deployed.put_object()
    created = utc(datetime.now(UTC) - age)
    deployed.put_failure(image, owner=OWNER.replace(":execution:", ":express:") + ":uuid", created_at=created)

    assert said in moderate("redrive", *SINCE).stdout

    given = [
        json.loads(deployed.workflow.describe_execution(executionArn=started)["input"])
        for started in executions(deployed)
    ]
    assert [g["version"] for g in given] == [image.version] * (said == "started")


@pytest.mark.parametrize("decided_by", ["person", "judge", "evidence"])
def test_what_was_decided_is_left_alone(deployed, moderate, ended, decided_by):
    image = deployed.put_object()
    deployed.put_failure(image, owner=ended, decided_by=decided_by)

    assert "Nothing to redrive" in moderate("redrive", *SINCE).stdout
    assert deployed.record(image)["decided_by"] == decided_by


def test_a_person_who_decides_at_the_same_moment_wins(deployed, moderate, ended, monkeypatch):
    image = deployed.put_object()
    deployed.put_failure(image, owner=ended)
    write, decisions = DynamoVerdictStore.compare_and_set, [("unsafe", "--category", "Violence", "--note", "n")]

    def compare_and_set(store, *arguments):
        while decisions:
            moderate("decide", "--yes", image.key, *decisions.pop())
        return write(store, *arguments)

    monkeypatch.setattr(DynamoVerdictStore, "compare_and_set", compare_and_set)

    assert "changed meanwhile" in moderate("redrive", *SINCE).stdout
    assert deployed.record(image)["decided_by"] == "person"
    assert executions(deployed) == [ended]


def test_a_cause_chooses(deployed, moderate, ended):
    throttled, broken = deployed.put_object("in/a.jpg"), deployed.put_object("in/b.jpg")
    deployed.put_failure(throttled, "EndpointThrottled", owner=ended)
    deployed.put_failure(broken, "InvalidPolicy", owner=ended)

    moderate("redrive", *SINCE, "--cause", "InvalidPolicy")

    assert deployed.record(throttled)["owner"] == ended
    assert deployed.record(broken)["owner"] != ended


@pytest.mark.parametrize("cause", ["UnreadableImage", "UnsupportedImage", "ImageTooLarge"])
def test_bytes_that_cannot_be_read_are_tried_again_only_when_their_cause_is_named(deployed, moderate, ended, cause):
    image = deployed.put_object()
    deployed.put_failure(image, cause, owner=ended)

    assert "left alone" in moderate("redrive", *SINCE).stdout
    assert deployed.record(image)["owner"] == ended

    assert "started" in moderate("redrive", *SINCE, "--cause", cause).stdout
    assert deployed.record(image)["owner"] != ended


def test_a_claim_of_the_pipeline_is_left_to_the_pipeline(deployed, moderate):
    deployed.put_record(deployed.put_object())

    assert "Nothing to redrive" in moderate("redrive", *SINCE).stdout


def test_what_was_done_before_an_error_is_shown_beside_it(deployed, moderate, ended):
    failed, quiet = deployed.put_object("in/a.jpg"), deployed.put_object("in/b.jpg")
    deployed.put_failure(failed, owner=ended)
    deployed.put_record(quiet, **JUDGED | {"verdict": "unsafe", "notified": False, "decided_at": "d"})
    deployed.sns.delete_topic(TopicArn=deployed.outputs["UnsafeTopicArn"])

    result = moderate("redrive", *SINCE)

    assert result.exit_code == 1
    assert "started" in result.stdout and "Error" in result.stderr
    assert deployed.record(quiet)["notified"] is False


def test_a_dry_run_changes_nothing(deployed, moderate, ended):
    failed, quiet = deployed.put_object("in/a.jpg"), deployed.put_object("in/b.jpg")
    deployed.put_failure(failed, owner=ended)
    deployed.put_record(quiet, **JUDGED | {"verdict": "unsafe", "notified": False, "decided_at": "d"})
    before = deployed.record(failed), deployed.record(quiet)
    unsafe = deployed.listen("UnsafeTopicArn")

    shown = moderate("redrive", *SINCE, "--dry-run").stdout

    assert "would be started" in shown and "would be published on the unsafe topic" in shown
    assert (deployed.record(failed), deployed.record(quiet)) == before
    assert deployed.heard(unsafe) == []


def test_what_could_not_be_published_is_published_once(deployed, moderate):
    image = deployed.put_object()
    deployed.put_record(image, **JUDGED | {"verdict": "unsafe", "notified": False, "decided_at": "d"})
    unsafe = deployed.listen("UnsafeTopicArn")

    moderate("redrive", *SINCE)
    moderate("redrive", *SINCE)

    [message] = deployed.heard(unsafe)
    assert message["image"]["key"] == image.key
    assert deployed.record(image)["notified"] is True


def test_older_uploads_than_asked_for_are_left_alone(deployed, moderate, ended):
    deployed.put_failure(deployed.put_object(), owner=ended)

    assert "Nothing to redrive" in moderate("redrive", "--since", "90m").stdout


def test_records_of_a_bucket_that_was_the_intake_before_are_not_touched(deployed, moderate, ended):
    other = ImageRef("old-intake", "in/a.jpg", "v1")
    deployed.put_failure(other, owner=ended, notified=False)
    before = deployed.record(other)

    assert "Nothing to redrive" in moderate("redrive", *SINCE).stdout

    assert deployed.record(other) == before


def test_a_deployment_of_express_executions_has_one_queue_of_dead_letters(deployed, moderate, ended, monkeypatch):
    image = deployed.put_object()
    deployed.put_failure(image, owner=ended, notified=True)
    outputs = {name: value for name, value in deployed.outputs.items() if name != "UnrecordedQueueUrl"}
    monkeypatch.setattr("moderate.redrive.find", lambda stack: Deployment(stack, outputs))

    assert "started" in moderate("redrive", *SINCE).stdout


def test_a_limit_leaves_the_rest_for_the_next_run(deployed, moderate, ended):
    images = [deployed.put_object(f"in/{name}.jpg") for name in "abc"]
    for image in images:
        deployed.put_failure(image, owner=ended, notified=True)

    first = moderate("redrive", *SINCE, "--limit", 2, "--rate", 50)
    assert first.stdout.count("started") == 2 and "Stopped after 2" in first.stdout
    assert len(executions(deployed)) == 3
    for image in images:
        if deployed.record(image)["owner"] == REDRIVEN:
            claim(deployed, image, "arn:aws:states:us-east-1:123456789012:execution:workflow:next")

    second = moderate("redrive", *SINCE, "--limit", 2)
    assert second.stdout.count("started") == 1 and "Stopped" not in second.stdout
    assert len(executions(deployed)) == 4


def test_json_has_every_row_and_says_if_there_may_be_more(deployed, moderate, ended):
    image = deployed.put_object()
    deployed.put_failure(image, owner=ended, notified=True)

    planned = json.loads(moderate("redrive", *SINCE, "--dry-run", "--json").stdout)
    done = json.loads(moderate("redrive", *SINCE, "--limit", 1, "--json").stdout)

    row = {"key": image.key, "version": image.version, "cause": "EndpointUnavailable", "acted": True}
    none = {"acted": 1, "dead_letters_in_flight": 0}
    assert planned == none | {
        "dry_run": True,
        "stopped_at_limit": False,
        "handled": [row | {"action": "would be started"}],
    }
    assert done == none | {"dry_run": False, "stopped_at_limit": True, "handled": [row | {"action": "started"}]}
    nothing = json.loads(moderate("redrive", "--since", "1m", "--json").stdout)
    assert (nothing["handled"], nothing["acted"]) == ([], 0)


def test_json_shows_what_was_done_before_an_error(deployed, moderate, ended):
    deployed.put_failure(deployed.put_object("in/a.jpg"), owner=ended, notified=True)
    deployed.put_record(deployed.put_object("in/b.jpg"), **JUDGED | {"verdict": "unsafe", "notified": False})
    deployed.sns.delete_topic(TopicArn=deployed.outputs["UnsafeTopicArn"])

    result = moderate("redrive", *SINCE, "--json")

    assert result.exit_code == 1
    assert [row["action"] for row in json.loads(result.stdout)["handled"]] == ["started"]


@pytest.mark.parametrize("arguments", [("--limit", "0"), ("--rate", "0"), ("--rate", "-1")])
def test_a_limit_or_rate_of_nothing_is_wrong_usage(deployed, moderate, arguments):
    assert moderate("redrive", *arguments).exit_code == 2
