"""The patched moto as a whole, with a stack that uses most of it; `moto_patches` checks each patch by itself."""

import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from local.cloud.moto_patches.express import ending_in_time
from local.harness.laptop import Laptop
from local.queues import queue_policy
from tests.local.small_stack import EXPRESS
from tests.support.waiting import eventually

DUMMY: Any = {"aws_access_key_id": "local", "aws_secret_access_key": "local"}


def start(laptop: Laptop, *items: dict[str, Any], name: str | None = None) -> str:
    """Start the small machine on `items`, what its function shall do."""
    key = uuid.uuid4().hex
    request = {"stateMachineArn": laptop.outputs["WorkflowArn"], **({"name": name} if name else {})}
    given = json.dumps({"key": key, "version": "1", "items": list(items)})
    return str(laptop.client("stepfunctions").start_execution(**request, input=given)["executionArn"])


def outcome(laptop: Laptop, execution: str) -> dict[str, Any]:
    """The description of an execution once it has ended."""

    def ended() -> dict[str, Any] | None:
        description = laptop.client("stepfunctions").describe_execution(executionArn=execution)
        return None if description["status"] == "RUNNING" else dict(description)

    return eventually(ended)


def invoke(laptop: Laptop, function: str, event: dict[str, Any]) -> dict[str, Any]:
    answer = laptop.client("lambda").invoke(
        FunctionName=laptop.outputs[function], Payload=json.dumps(event), LogType="Tail"
    )
    return {**answer, "result": json.loads(answer["Payload"].read())}


def recorded_events(laptop: Laptop) -> list[dict[str, Any]]:
    found = laptop.client("dynamodb").query(
        TableName=laptop.outputs["VerdictTableName"],
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": "event"}},
    )
    return [json.loads(item["body"]["S"]) for item in found["Items"]]


class TestUploads:
    def test_an_upload_starts_an_execution_with_the_transformed_input(self, laptop: Laptop) -> None:
        key = 'odd/ü +%"name".png'
        version = laptop.upload(key, b"image")

        execution = eventually(lambda: [e for e in laptop.executions() if json.loads(e["input"])["key"] == key])[0]

        given = json.loads(execution["input"])
        assert given["version"] == version
        assert given["size"] == 5
        assert uuid.UUID(given["event_id"])
        assert outcome(laptop, execution["executionArn"])["status"] == "SUCCEEDED"

    def test_a_folder_key_is_ignored(self, laptop: Laptop) -> None:
        laptop.upload("folder/", b"")
        laptop.upload("folder/after", b"x")

        eventually(lambda: [e for e in laptop.executions() if json.loads(e["input"])["key"] == "folder/after"])
        assert not [e for e in laptop.executions() if json.loads(e["input"])["key"] == "folder/"]

    def test_an_empty_object_is_not(self, laptop: Laptop) -> None:
        laptop.upload("empty.png", b"")

        assert eventually(lambda: [e for e in laptop.executions() if json.loads(e["input"])["key"] == "empty.png"])


class TestInterpreter:
    def test_the_same_name_is_taken_once(self, laptop: Laptop) -> None:
        name = uuid.uuid4().hex
        outcome(laptop, start(laptop, name=name))
        with pytest.raises(ClientError, match="ExecutionAlreadyExists"):
            start(laptop, name=name)

    def test_the_start_time_is_text_and_the_owner_is_the_execution(self, laptop: Laptop) -> None:
        execution = start(laptop)
        key = json.loads(outcome(laptop, execution)["input"])["key"]

        item = laptop.client("dynamodb").get_item(
            TableName=laptop.outputs["VerdictTableName"], Key={"pk": {"S": key}, "sk": {"S": "1"}}
        )["Item"]
        assert item["owner"]["S"] == execution
        assert item["created_at"]["S"].endswith("Z")
        assert item["created_at"]["S"][10] == "T"

    def test_retries_and_waits_are_scaled(self, laptop: Laptop) -> None:
        """Three retries of up to 30, 60 and 120 s, and a Wait of 60 s, which isn't left out."""
        item = {"how": "fail first", "times": 3, "name": uuid.uuid4().hex}
        execution = start(laptop, item)

        assert outcome(laptop, execution)["status"] == "SUCCEEDED"
        at = {event["type"]: event["timestamp"] for event in laptop.history(execution)}
        assert (at["WaitStateExited"] - at["WaitStateEntered"]).total_seconds() >= 0.6

    def test_parallel_items_of_a_map_keep_retry_counts_of_their_own(self, laptop: Laptop) -> None:
        items = [{"how": "fail first", "times": 3, "name": uuid.uuid4().hex} for _ in range(2)]

        assert outcome(laptop, start(laptop, *items))["status"] == "SUCCEEDED"

    def test_an_unknown_error_fails_the_execution_under_its_name(self, laptop: Laptop) -> None:
        description = outcome(laptop, start(laptop, {"how": "exit"}))

        assert description["status"] == "FAILED"
        assert description["error"] == "Runtime.ExitError"

    def test_a_function_over_its_time_can_be_caught_by_name(self, laptop: Laptop) -> None:
        description = outcome(laptop, start(laptop, {"how": "sleep", "seconds": 30}))

        assert description["status"] == "SUCCEEDED"
        assert json.loads(description["output"])["failure"]["Error"] == "Sandbox.Timedout"

    def test_stop_takes_effect_at_once(self, laptop: Laptop) -> None:
        execution = start(laptop, {"how": "sleep", "seconds": 1.5})
        laptop.client("stepfunctions").stop_execution(executionArn=execution)

        description = laptop.client("stepfunctions").describe_execution(executionArn=execution)
        assert description["status"] == "ABORTED"


class TestStatusEvents:
    @pytest.mark.parametrize("status", ["FAILED", "ABORTED"])
    def test_a_bad_end_reaches_the_rule_s_function_once(self, laptop: Laptop, status: str) -> None:
        mark = uuid.uuid4().hex
        slow = {"how": "sleep", "seconds": 1, "mark": mark}
        execution = start(laptop, {"how": "exit"} if status == "FAILED" else slow)
        if status == "ABORTED":
            eventually(lambda: "Misbehave" in laptop.states_entered(execution))
            laptop.client("stepfunctions").stop_execution(executionArn=execution)

        def events(execution: str = execution) -> list[dict[str, Any]]:
            return [e for e in recorded_events(laptop) if e["detail"]["executionArn"] == execution]

        event = eventually(events)[0]
        assert event["source"] == "aws.states"
        assert event["detail"]["status"] == status
        assert json.loads(event["detail"]["input"])["key"]
        assert event["detail"]["stateMachineArn"] == laptop.outputs["WorkflowArn"]
        if status == "ABORTED":
            eventually(lambda: mark in laptop.logs("FunctionLog"))  # its function has ended
        later = start(laptop, {"how": "exit"})
        eventually(lambda: events(later))
        assert len(events()) == 1


class TestExpress:
    def test_a_name_can_be_started_again_and_cannot_be_described(self, laptop: Laptop) -> None:
        machine, client = laptop.outputs["ExpressArn"], laptop.client("stepfunctions")

        arns = {client.start_execution(stateMachineArn=machine, name="same")["executionArn"] for _ in range(2)}

        assert len(arns) == 2
        for arn in arns:
            assert arn.rsplit(":", 1)[0] == machine.replace(":stateMachine:", ":express:") + ":same"
            with pytest.raises(ClientError, match="InvalidArn"):
                client.describe_execution(executionArn=arn)

    def test_its_end_is_no_event(self, laptop: Laptop) -> None:
        events, sqs = laptop.client("events"), laptop.client("sqs")
        queue = sqs.create_queue(QueueName=f"status-{uuid.uuid4().hex}")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        rule = events.put_rule(Name="ends", EventPattern=json.dumps({"source": ["aws.states"]}))["RuleArn"]
        policy = json.dumps(queue_policy(arn, rule, "events.amazonaws.com"))
        sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})
        events.put_targets(Rule="ends", Targets=[{"Id": "queue", "Arn": arn}])

        laptop.client("stepfunctions").start_execution(stateMachineArn=laptop.outputs["ExpressArn"])
        standard = start(laptop)

        ends = [laptop.receive(queue)["detail"]["executionArn"]]
        while ends[-1] != standard:
            ends.append(laptop.receive(queue)["detail"]["executionArn"])
        assert not [arn for arn in ends if ":express:" in arn]

    @pytest.mark.parametrize(
        ("given", "ends_after"), [({}, 300), ({"TimeoutSeconds": 900}, 300), ({"TimeoutSeconds": 2}, 2)]
    )
    def test_it_ends_after_five_minutes_or_sooner(self, given: dict[str, int], ends_after: int) -> None:
        assert json.loads(ending_in_time(json.dumps(EXPRESS | given))) == EXPRESS | {"TimeoutSeconds": ends_after}


def letter(laptop: Laptop, mark: str) -> dict[str, Any]:
    """The next dead letter with a mark; those of other tests may come late."""
    while mark not in json.dumps(found := laptop.receive(laptop.outputs["DeadLettersUrl"])):
        pass
    return found


class TestRuleTargets:
    def test_each_target_gets_its_input_and_failures_go_to_dead_letters(self, laptop: Laptop) -> None:
        mark = uuid.uuid4().hex
        laptop.client("events").put_events(
            Entries=[{"Source": "test", "DetailType": "Test", "Detail": json.dumps({"mark": mark})}]
        )

        assert laptop.receive(laptop.outputs["InboxUrl"]) == {"mark": mark}
        undelivered = [letter(laptop, mark) for _ in range(2)]
        assert all(letter["detail"] == {"mark": mark} for letter in undelivered)

    def test_a_schedule_is_accepted_matches_no_event_and_fires_on_demand(self, laptop: Laptop) -> None:
        answers = laptop.invoke_rule("Schedule")

        assert [answer["event"]["detail-type"] for answer in answers] == ["Scheduled Event"]


class TestFunctions:
    def test_code_runs_and_logs_to_the_group_of_its_logging_config(self, laptop: Laptop) -> None:
        answer = invoke(laptop, "Echo", {"a": 1})

        assert answer["result"]["event"] == {"a": 1}
        assert 0 < answer["result"]["left_ms"] <= 20_000
        assert "echoed" in laptop.logs("FunctionLog")

    def test_workers_stay_warm(self, laptop: Laptop) -> None:
        assert invoke(laptop, "Echo", {})["result"]["pid"] == invoke(laptop, "Echo", {})["result"]["pid"]

    @pytest.mark.parametrize(
        ("how", "error_type", "words"),
        [
            ("raise", "TransientFault", "try again"),
            ("exit", "Runtime.ExitError", "exit status 3"),
            ("out of memory", "Runtime.ExitError", "signal: killed"),
            ("sleep", "Sandbox.Timedout", "Task timed out after 2.00 seconds"),
        ],
    )
    def test_failures_are_reported_as_aws_does(self, laptop: Laptop, how: str, error_type: str, words: str) -> None:
        answer = invoke(laptop, "Misbehave", {"how": how, "seconds": 30})

        assert answer["FunctionError"]
        assert answer["result"]["errorType"] == error_type
        assert words in answer["result"]["errorMessage"]
        assert invoke(laptop, "Misbehave", {})["result"] == {"how": None}  # the next invocation is well again

    def test_beyond_the_reserved_concurrency_it_is_too_many_requests(self, laptop: Laptop) -> None:
        once = Config(retries={"total_max_attempts": 1})
        client = boto3.client("lambda", endpoint_url=laptop.url, region_name="us-east-1", config=once, **DUMMY)
        payload = json.dumps({"how": "sleep", "seconds": 1})

        def call(_: int) -> str:
            try:
                client.invoke(FunctionName=laptop.outputs["Misbehave"], Payload=payload)
            except ClientError as fault:
                return f"{fault.response['ResponseMetadata']['HTTPStatusCode']} {fault.response['Error']['Code']}"
            return "ok"

        with ThreadPoolExecutor(3) as pool:
            answers = sorted(pool.map(call, range(3)))
        assert answers == ["429 TooManyRequestsException", "ok", "ok"]

    def test_an_execution_waits_out_too_many_requests(self, laptop: Laptop) -> None:
        items = [{"how": "sleep", "seconds": 0.2}] * 6

        assert outcome(laptop, start(laptop, *items))["status"] == "SUCCEEDED"

    def test_an_asynchronous_invocation_gives_up_after_three(self, laptop: Laptop) -> None:
        mark = uuid.uuid4().hex
        answer = laptop.client("lambda").invoke(
            FunctionName=laptop.outputs["FailAlways"], InvocationType="Event", Payload=json.dumps({"mark": mark})
        )

        assert answer["StatusCode"] == 202
        assert letter(laptop, mark) == {"mark": mark}

    def test_an_asynchronous_invocation_returns_before_its_function_ends(self, laptop: Laptop) -> None:
        """The function waits for what is done after the invocation alone."""
        key = {"pk": {"S": uuid.uuid4().hex}, "sk": {"S": "0"}}
        item = {"TableName": laptop.outputs["VerdictTableName"], "Key": key}
        dynamodb = laptop.client("dynamodb")

        laptop.client("lambda").invoke(
            FunctionName=laptop.outputs["Echo"], InvocationType="Event", Payload=json.dumps({"until": key["pk"]["S"]})
        )
        one = {":one": {"N": "1"}}
        dynamodb.update_item(**item, UpdateExpression="SET released = :one", ExpressionAttributeValues=one)

        assert eventually(lambda: "ended" in dynamodb.get_item(**item)["Item"])


class TestSubscriptions:
    def test_a_subscription_of_the_template_filters_and_delivers_raw(self, laptop: Laptop) -> None:
        for verdict in ("safe", "unsafe"):
            laptop.client("sns").publish(
                TopicArn=laptop.outputs["TopicArn"],
                Message=json.dumps({"verdict": verdict}),
                MessageAttributes={"verdict": {"DataType": "String", "StringValue": verdict}},
            )

        assert laptop.receive(laptop.outputs["InboxUrl"]) == {"verdict": "unsafe"}
