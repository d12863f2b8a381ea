"""`moderate redrive` on dead-lettered events: each is worked off once, and only then off its queue."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from moderation.domain.dead_letter import NotAnEvent, ended_of, upload_of
from moderation.domain.record import REDRIVEN, utc

SINCE = ("--since", "3h")
EVENT_ID = "17793124-05d4-b198-2fde-7ededc63b103"


def uploaded(hours_ago: float = 1, key: str = "in/a.jpg", version: str = "v1") -> dict:
    """The event that S3 sends, as its rule's dead-letter queue holds it."""
    at = (datetime.now(UTC) - timedelta(hours=hours_ago)).strftime("%Y-%m-%dT%H:%M:%SZ")
    stored = {"key": key, "size": 5, "version-id": version, "etag": "b1946ac9"}
    detail = {"bucket": {"name": "intake"}, "object": stored}
    return {"id": EVENT_ID, "time": at, "source": "aws.s3", "detail-type": "Object Created", "detail": detail}


def ended(deployed, status: str = "TIMED_OUT", key: str = "in/a.jpg") -> dict:
    """The event that Step Functions sends."""
    started = datetime.now(UTC) - timedelta(hours=1)
    given = {"bucket": "intake", "key": key, "version": "v1", "size": 5, "event_id": "e", "time": utc(started)}
    execution = deployed.outputs["WorkflowArn"].replace("stateMachine", "execution") + ":first"
    detail = {"executionArn": execution, "status": status, "input": json.dumps(given)}
    return {"detail": detail | {"startDate": int(started.timestamp() * 1000)}}


@pytest.fixture
def lies(deployed):
    """Puts something on a dead-letter queue; counts what lies on both."""

    def put(output: str, body: object, **attributes: str) -> None:
        deployed.sqs.send_message(
            QueueUrl=deployed.outputs[output],
            MessageBody=body if isinstance(body, str) else json.dumps(body),
            MessageAttributes={k: {"DataType": "String", "StringValue": v} for k, v in attributes.items()},
        )

    return put


def left(deployed) -> int:
    """Messages that anybody may receive now."""
    found = 0
    for output in ("UnstartedQueueUrl", "UnrecordedQueueUrl"):
        url = deployed.outputs[output]
        attributes = deployed.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
        found += int(attributes["Attributes"]["ApproximateNumberOfMessages"])
    return found


def executions(deployed) -> list[str]:
    listed = deployed.workflow.list_executions(stateMachineArn=deployed.outputs["WorkflowArn"])["executions"]
    return [execution["executionArn"] for execution in listed]


def input_of(deployed, execution: str) -> dict:
    return json.loads(deployed.workflow.describe_execution(executionArn=execution)["input"])


def test_an_upload_whose_workflow_never_started_is_started_and_leaves_the_queue(deployed, moderate, lies):
    lies("UnstartedQueueUrl", uploaded(), ERROR_CODE="NO_PERMISSIONS")

    shown = moderate("redrive", *SINCE).stdout

    [execution] = executions(deployed)
    given = input_of(deployed, execution)
    assert given == {
        "bucket": "intake",
        "key": "in/a.jpg",
        "version": "v1",
        "size": 5,
        "event_id": EVENT_ID,
        "time": given["time"],
        "uploaded_at": given["uploaded_at"],
    }
    assert datetime.fromisoformat(given["uploaded_at"]) < datetime.fromisoformat(given["time"]) - timedelta(minutes=30)
    assert datetime.now(UTC) - datetime.fromisoformat(given["time"]) < timedelta(minutes=1)
    assert "NO_PERMISSIONS" in shown and "started" in shown
    assert left(deployed) == 0


def test_the_rules_input_in_place_of_the_event_starts_it_too(deployed, moderate, lies):
    given = {"bucket": "intake", "key": "k", "version": "v", "size": 1, "event_id": "e-1", "time": uploaded()["time"]}
    lies("UnstartedQueueUrl", given)

    moderate("redrive", *SINCE)

    [execution] = executions(deployed)
    assert input_of(deployed, execution).items() >= {"key": "k", "event_id": "e-1"}.items()
    assert left(deployed) == 0


def test_an_event_that_lies_there_twice_starts_one_execution(deployed, moderate, lies):
    lies("UnstartedQueueUrl", uploaded())
    lies("UnstartedQueueUrl", uploaded())

    shown = moderate("redrive", *SINCE).stdout

    assert len(executions(deployed)) == 1
    assert "started before" in shown
    assert left(deployed) == 0


def test_more_messages_than_one_answer_of_sqs_holds_are_all_worked_off(deployed, moderate, lies):
    for number in range(23):
        lies("UnstartedQueueUrl", uploaded(key=f"in/{number}.jpg") | {"id": f"id-{number}"})

    moderate("redrive", *SINCE)

    assert {input_of(deployed, execution)["key"] for execution in executions(deployed)} == {
        f"in/{number}.jpg" for number in range(23)
    }
    assert left(deployed) == 0


def test_a_failure_that_was_never_recorded_is_recorded_and_moderated_again(deployed, moderate, lies):
    lies("UnrecordedQueueUrl", ended(deployed))

    shown = moderate("redrive", *SINCE).stdout

    assert "recorded for review" in shown and "TIMED_OUT" in shown
    assert "EndpointUnavailable" not in shown and shown.count("started") == 1
    [record] = deployed.verdicts.of_object("intake", "in/a.jpg")
    assert record.owner == REDRIVEN and len(executions(deployed)) == 1
    assert [past["decided_by"] for past in record.history] == ["failure"]
    assert left(deployed) == 0


def test_a_verdict_that_stands_is_not_touched_by_a_dead_letter(deployed, moderate, lies):
    image = deployed.put_object()
    deployed.put_unsafe(image)
    event = ended(deployed)
    event["detail"]["input"] = json.dumps({"bucket": "intake", "key": image.key, "version": image.version})
    event["detail"]["executionArn"] = deployed.record(image)["owner"]
    before = deployed.record(image)
    lies("UnrecordedQueueUrl", event)

    assert "recorded before" in moderate("redrive", *SINCE).stdout

    assert deployed.record(image) == before
    assert left(deployed) == 0


def test_a_message_stays_until_its_work_is_done(deployed, moderate, lies):
    lies("UnstartedQueueUrl", uploaded())
    deployed.workflow.delete_state_machine(stateMachineArn=deployed.outputs["WorkflowArn"])

    result = moderate("redrive", *SINCE)

    assert (result.exit_code, left(deployed)) == (1, 1)
    assert "Error" in result.stderr


def test_a_dry_run_says_what_would_be_done_and_leaves_the_messages_for_others(deployed, moderate, lies):
    lies("UnstartedQueueUrl", uploaded())
    lies("UnrecordedQueueUrl", ended(deployed))

    shown = moderate("redrive", *SINCE, "--dry-run").stdout

    assert shown.count("would be handled") == 2
    assert executions(deployed) == []
    assert deployed.verdicts.of_object("intake", "in/a.jpg") == []
    assert left(deployed) == 2


def test_a_cause_and_an_age_choose_among_dead_letters_too(deployed, moderate, lies):
    lies("UnstartedQueueUrl", uploaded(key="in/other.jpg"), ERROR_CODE="THROTTLING")
    lies("UnstartedQueueUrl", uploaded(hours_ago=5, key="in/old.jpg"), ERROR_CODE="NO_PERMISSIONS")
    lies("UnrecordedQueueUrl", ended(deployed))

    shown = moderate("redrive", *SINCE, "--cause", "NO_PERMISSIONS").stdout

    assert "in/old.jpg" in shown and "older than --since" in shown
    assert "in/other.jpg" not in shown
    assert (executions(deployed), left(deployed)) == ([], 3)


@pytest.mark.parametrize(
    "body",
    [
        "no JSON",
        "[1]",
        '{"detail": null}',
        json.dumps(uploaded() | {"detail": {}}),
        json.dumps(uploaded() | {"time": "yesterday"}),
        json.dumps(uploaded() | {"time": "2026-11-23T10:00:00"}),
        json.dumps(uploaded() | {"id": "../../x"}),
    ],
)
@pytest.mark.parametrize("read", [upload_of, ended_of])
def test_a_body_that_no_rule_would_leave_is_refused(read, body):
    with pytest.raises(NotAnEvent):
        read(body)


def test_what_is_no_event_is_said_and_left_and_stops_nothing(deployed, moderate, lies):
    lies("UnstartedQueueUrl", "no event")
    lies("UnrecordedQueueUrl", ended(deployed))

    result = moderate("redrive", *SINCE)

    assert result.exit_code == 0
    assert "left in the queue that UnstartedQueueUrl names" in result.stdout
    assert "recorded for review" in result.stdout
    assert left(deployed) == 1


def test_letters_that_somebody_else_holds_are_counted(deployed, moderate, lies):
    lies("UnstartedQueueUrl", uploaded())
    lies("UnrecordedQueueUrl", ended(deployed))
    for output in ("UnstartedQueueUrl", "UnrecordedQueueUrl"):
        assert deployed.sqs.receive_message(QueueUrl=deployed.outputs[output], VisibilityTimeout=60)["Messages"]

    shown = moderate("redrive", *SINCE).stdout

    assert "Dead letters in flight: 2." in shown
    assert "Nothing to redrive" not in shown
    assert executions(deployed) == []
    assert json.loads(moderate("redrive", *SINCE, "--json").stdout)["dead_letters_in_flight"] == 2


def test_a_limit_leaves_letters_for_others_to_receive(deployed, moderate, lies):
    for number in range(5):
        lies("UnstartedQueueUrl", uploaded(key=f"in/{number}.jpg") | {"id": f"id-{number}"})

    moderate("redrive", *SINCE, "--limit", 2)

    assert (len(executions(deployed)), left(deployed)) == (2, 3)
