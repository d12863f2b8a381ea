"""What the patches make of moto, seen from outside: each of these fails on stock moto."""

import json
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Literal

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from local.cloud.moto_patches.express import ending_in_time
from local.harness.laptop import Laptop
from local.queues import queue_policy
from tests.local.small_stack import EXPRESS

DUMMY: Any = {"aws_access_key_id": "local", "aws_secret_access_key": "local"}


def start(laptop: Laptop, *items: dict[str, Any], name: str | None = None) -> str:
    """Start the small machine on `items`, what its function shall do."""
    key = uuid.uuid4().hex
    request = {"stateMachineArn": laptop.outputs["WorkflowArn"], **({"name": name} if name else {})}
    given = json.dumps({"key": key, "version": "1", "items": list(items)})
    return str(laptop.client("stepfunctions").start_execution(**request, input=given)["executionArn"])


def outcome(laptop: Laptop, execution: str, timeout_s: float = 20) -> dict[str, Any]:
    """The description of an execution once it has ended."""
    until = time.monotonic() + timeout_s
    while time.monotonic() < until:
        description = laptop.client("stepfunctions").describe_execution(executionArn=execution)
        if description["status"] != "RUNNING":
            return dict(description)
        time.sleep(0.02)
    raise AssertionError(f"still running: {description}")


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


def eventually(check: Any, timeout_s: float = 15) -> Any:
    """The first truthy result of `check`."""
    until = time.monotonic() + timeout_s
    while not (result := check()):
        assert time.monotonic() < until, "it didn't happen in time"
        time.sleep(0.05)
    return result


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

    def test_a_bucket_says_that_it_tells_event_bridge(self, laptop: Laptop) -> None:
        said = laptop.client("s3").get_bucket_notification_configuration(Bucket=laptop.outputs["IntakeBucketName"])

        assert said["EventBridgeConfiguration"] == {}

    def test_every_event_has_an_id_of_its_own(self, laptop: Laptop) -> None:
        keys = {f"ids/{number}" for number in range(3)}
        for key in keys:
            laptop.upload(key, b"image")

        def ids() -> set[str] | None:
            given = [json.loads(e["input"]) for e in laptop.executions()]
            found = {g["event_id"] for g in given if g["key"] in keys}
            return found if len(found) == 3 else None

        assert eventually(ids)

    def test_a_folder_key_is_ignored(self, laptop: Laptop) -> None:
        laptop.upload("folder/", b"")
        laptop.upload("folder/after", b"x")

        eventually(lambda: [e for e in laptop.executions() if json.loads(e["input"])["key"] == "folder/after"])
        assert not [e for e in laptop.executions() if json.loads(e["input"])["key"] == "folder/"]

    def test_an_empty_object_is_not(self, laptop: Laptop) -> None:
        laptop.upload("empty.png", b"")

        assert eventually(lambda: [e for e in laptop.executions() if json.loads(e["input"])["key"] == "empty.png"])


def customer_key(letter: str = "k") -> dict[str, str]:
    """What an upload or a read says of a key that its uploader keeps."""
    return {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": letter * 32}


def code_and_status(call: Any, **request: Any) -> tuple[str, int]:
    """How a call to S3 is refused."""
    with pytest.raises(ClientError) as refused:
        call(**request)
    response = refused.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


class TestEncryptedObjects:
    def test_only_who_has_the_uploaders_key_reads_the_object(self, laptop: Laptop) -> None:
        s3, name = laptop.client("s3"), {"Bucket": laptop.outputs["IntakeBucketName"], "Key": "sse-c.png"}
        s3.put_object(**name, Body=b"image", **customer_key())

        assert code_and_status(s3.get_object, **name) == ("InvalidRequest", 400)
        assert code_and_status(s3.head_object, **name) == ("400", 400)
        assert code_and_status(s3.get_object, **name, **customer_key("x")) == ("AccessDenied", 403)
        assert code_and_status(s3.head_object, **name, **customer_key("x")) == ("403", 403)
        answer = s3.get_object(**name, **customer_key())
        assert (answer["Body"].read(), answer["SSECustomerAlgorithm"]) == (b"image", "AES256")
        assert s3.get_object_tagging(**name)["TagSet"] == [], "tags aren't encrypted"

    def test_a_key_is_refused_where_the_object_has_none(self, laptop: Laptop) -> None:
        s3, name = laptop.client("s3"), {"Bucket": laptop.outputs["IntakeBucketName"], "Key": "no-sse-c.png"}
        s3.put_object(**name, Body=b"image")

        assert code_and_status(s3.get_object, **name, **customer_key()) == ("InvalidRequest", 400)

    def test_a_multipart_upload_keeps_the_key_of_its_beginning(self, laptop: Laptop) -> None:
        s3, name = laptop.client("s3"), {"Bucket": laptop.outputs["IntakeBucketName"], "Key": "parts.png"}
        upload = s3.create_multipart_upload(**name, **customer_key())["UploadId"]
        part = s3.upload_part(**name, UploadId=upload, PartNumber=1, Body=b"image", **customer_key())
        parts = [{"PartNumber": 1, "ETag": part["ETag"]}]
        s3.complete_multipart_upload(**name, UploadId=upload, MultipartUpload={"Parts": parts})

        assert code_and_status(s3.get_object, **name) == ("InvalidRequest", 400)
        assert s3.get_object(**name, **customer_key())["Body"].read() == b"image"

    def test_a_copy_has_the_key_of_its_own_request(self, laptop: Laptop) -> None:
        s3, bucket = laptop.client("s3"), laptop.outputs["IntakeBucketName"]
        s3.put_object(Bucket=bucket, Key="original.png", Body=b"image")
        source = {"Bucket": bucket, "Key": "original.png"}
        s3.copy_object(Bucket=bucket, Key="copy.png", CopySource=source, **customer_key())

        assert code_and_status(s3.get_object, Bucket=bucket, Key="copy.png") == ("InvalidRequest", 400)
        assert s3.get_object(Bucket=bucket, Key="original.png")["Body"].read() == b"image"

    @pytest.mark.parametrize("by", ["template", "request"])
    def test_a_bucket_that_blocks_such_keys_refuses_every_way_of_uploading(self, laptop: Laptop, by: str) -> None:
        s3, name = laptop.client("s3"), {"Bucket": laptop.outputs["BlockingBucketName"], "Key": "sse-c.png"}
        if by == "request":
            name["Bucket"] = "blocking-by-request"
            s3.create_bucket(Bucket=name["Bucket"])
            default = {"SSEAlgorithm": "AES256"}
            blocked = {"EncryptionType": ["SSE-C"]}
            rule = {"ApplyServerSideEncryptionByDefault": default, "BlockedEncryptionTypes": blocked}
            s3.put_bucket_encryption(Bucket=name["Bucket"], ServerSideEncryptionConfiguration={"Rules": [rule]})
        s3.put_object(**name, Body=b"image")

        assert code_and_status(s3.put_object, **name, Body=b"x", **customer_key()) == ("AccessDenied", 403)
        assert code_and_status(s3.create_multipart_upload, **name, **customer_key()) == ("AccessDenied", 403)
        assert code_and_status(s3.copy_object, **name, CopySource=name, **customer_key()) == ("AccessDenied", 403)
        assert s3.get_object(**name)["Body"].read() == b"image"

    @pytest.mark.parametrize("encryption", ["aws:kms", "aws:kms:dsse"])
    def test_an_object_is_read_only_while_its_kms_key_is_enabled(
        self, laptop: Laptop, encryption: Literal["aws:kms", "aws:kms:dsse"]
    ) -> None:
        s3, kms = laptop.client("s3"), laptop.client("kms")
        name = {"Bucket": laptop.outputs["IntakeBucketName"], "Key": "kms.png"}
        key = kms.create_key()["KeyMetadata"]
        s3.put_object(**name, Body=b"image", ServerSideEncryption=encryption, SSEKMSKeyId=key["Arn"])

        assert s3.get_object(**name)["Body"].read() == b"image"
        kms.disable_key(KeyId=key["KeyId"])
        assert code_and_status(s3.get_object, **name) == ("KMS.DisabledException", 400)
        kms.schedule_key_deletion(KeyId=key["KeyId"], PendingWindowInDays=7)
        assert code_and_status(s3.get_object, **name) == ("KMS.KMSInvalidStateException", 400)
        assert code_and_status(s3.head_object, **name) == ("400", 400)


class TestInterpreter:
    def test_executions_without_a_name_get_one_each(self, laptop: Laptop) -> None:
        assert start(laptop) != start(laptop)

    def test_the_same_name_is_taken_once(self, laptop: Laptop) -> None:
        name = uuid.uuid4().hex
        outcome(laptop, start(laptop, name=name))
        with pytest.raises(ClientError, match="ExecutionAlreadyExists"):
            start(laptop, name=name)

    def test_get_att_arn_of_a_machine_is_its_arn(self, laptop: Laptop) -> None:
        assert laptop.outputs["MachineArn"] == laptop.outputs["WorkflowArn"]

    def test_the_start_time_is_text_and_the_owner_is_the_execution(self, laptop: Laptop) -> None:
        execution = start(laptop)
        key = json.loads(outcome(laptop, execution)["input"])["key"]

        item = laptop.client("dynamodb").get_item(
            TableName=laptop.outputs["VerdictTableName"], Key={"pk": {"S": key}, "sk": {"S": "1"}}
        )["Item"]
        assert item["owner"]["S"] == execution
        assert item["created_at"]["S"].endswith("Z")
        assert item["created_at"]["S"][10] == "T"

    def test_a_random_number_is_never_its_end(self, laptop: Laptop) -> None:
        drawn = f"States.Array({', '.join(['States.MathRandom(0, 1)'] * 30)})"
        state = {"Type": "Pass", "Parameters": {"drawn.$": drawn}, "End": True}
        definition = json.dumps({"StartAt": "Draw", "States": {"Draw": state}})
        stepfunctions, role = laptop.client("stepfunctions"), "arn:aws:iam::123456789012:role/any"
        machine = stepfunctions.create_state_machine(name="Draw", definition=definition, roleArn=role)

        execution = stepfunctions.start_execution(stateMachineArn=machine["stateMachineArn"])["executionArn"]

        assert json.loads(outcome(laptop, execution)["output"]) == {"drawn": [0] * 30}

    def test_retries_and_waits_are_scaled(self, laptop: Laptop) -> None:
        """Three retries of up to 30, 60 and 120 s and a Wait of 60 s."""
        began = time.monotonic()
        item = {"how": "fail first", "times": 3, "name": uuid.uuid4().hex}

        assert outcome(laptop, start(laptop, item))["status"] == "SUCCEEDED"
        assert 0.6 < time.monotonic() - began < 10

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


def test_a_connection_to_lambda_that_breaks_has_the_name_that_aws_gives_it(assembly: Path) -> None:
    nobody = "http://127.0.0.1:9"
    with Laptop(assembly, nobody, stack="Small", environment={"AWS_ENDPOINT_URL_LAMBDA": nobody}) as laptop:
        description = outcome(laptop, start(laptop, {"how": "exit"}))

    assert (description["status"], description["error"]) == ("FAILED", "Lambda.SdkClientException")


class TestStatusEvents:
    @pytest.mark.parametrize("status", ["FAILED", "ABORTED"])
    def test_a_bad_end_reaches_the_rule_s_function_once(self, laptop: Laptop, status: str) -> None:
        execution = start(laptop, {"how": "exit"} if status == "FAILED" else {"how": "sleep", "seconds": 1})
        if status == "ABORTED":
            laptop.client("stepfunctions").stop_execution(executionArn=execution)

        def events() -> list[dict[str, Any]]:
            return [e for e in recorded_events(laptop) if e["detail"]["executionArn"] == execution]

        event = eventually(events)[0]
        assert event["source"] == "aws.states"
        assert event["detail"]["status"] == status
        assert json.loads(event["detail"]["input"])["key"]
        assert event["detail"]["stateMachineArn"] == laptop.outputs["WorkflowArn"]
        time.sleep(1.2)  # the aborted execution's function ends meanwhile
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


class TestRuleTargets:
    def test_each_target_gets_its_input_and_failures_go_to_dead_letters(self, laptop: Laptop) -> None:
        mark = uuid.uuid4().hex
        laptop.client("events").put_events(
            Entries=[{"Source": "test", "DetailType": "Test", "Detail": json.dumps({"mark": mark})}]
        )

        assert laptop.receive(laptop.outputs["InboxUrl"]) == {"mark": mark}
        undelivered = [laptop.receive(laptop.outputs["DeadLettersUrl"]) for _ in range(2)]
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

    def test_an_asynchronous_invocation_returns_at_once_and_gives_up_after_three(self, laptop: Laptop) -> None:
        mark = uuid.uuid4().hex
        began = time.monotonic()
        answer = laptop.client("lambda").invoke(
            FunctionName=laptop.outputs["FailAlways"], InvocationType="Event", Payload=json.dumps({"mark": mark})
        )

        assert answer["StatusCode"] == 202
        assert time.monotonic() - began < 0.5
        assert laptop.receive(laptop.outputs["DeadLettersUrl"]) == {"mark": mark}


class TestTables:
    def test_a_reader_never_sees_half_an_update(self, laptop: Laptop) -> None:
        table, key = laptop.outputs["VerdictTableName"], {"pk": {"S": uuid.uuid4().hex}, "sk": {"S": "1"}}
        names = [f"a{number}" for number in range(40)]
        dynamodb = laptop.client("dynamodb")

        def write(value: int) -> None:
            dynamodb.update_item(
                TableName=table,
                Key=key,
                UpdateExpression="SET " + ", ".join(f"{name} = :v" for name in names),
                ExpressionAttributeValues={":v": {"N": str(value)}},
            )

        def read(_: int) -> set[str]:
            item = dynamodb.get_item(TableName=table, Key=key)["Item"]
            return {item[name]["N"] if name in item else "missing" for name in names}

        write(0)
        with ThreadPoolExecutor(8) as pool:
            writes = [pool.submit(write, value) for value in range(1, 30)]
            assert all(len(values) == 1 for values in pool.map(read, range(60)))
            for done in writes:
                done.result()

    def test_only_one_of_many_conditional_writes_succeeds(self, laptop: Laptop) -> None:
        item = {"pk": {"S": uuid.uuid4().hex}, "sk": {"S": "1"}}

        def claim(_: int) -> bool:
            try:
                laptop.client("dynamodb").put_item(
                    TableName=laptop.outputs["VerdictTableName"],
                    Item=item,
                    ConditionExpression="attribute_not_exists(pk)",
                )
            except ClientError:
                return False
            return True

        with ThreadPoolExecutor(16) as pool:
            assert sum(pool.map(claim, range(48))) == 1


class TestSubscriptions:
    def test_a_subscription_of_the_template_filters_and_delivers_raw(self, laptop: Laptop) -> None:
        for verdict in ("safe", "unsafe"):
            laptop.client("sns").publish(
                TopicArn=laptop.outputs["TopicArn"],
                Message=json.dumps({"verdict": verdict}),
                MessageAttributes={"verdict": {"DataType": "String", "StringValue": verdict}},
            )

        assert laptop.receive(laptop.outputs["InboxUrl"]) == {"verdict": "unsafe"}


def test_a_protected_stack_is_not_deleted(laptop: Laptop) -> None:
    cloudformation = laptop.client("cloudformation")
    topic = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}
    cloudformation.create_stack(StackName="guarded", TemplateBody=json.dumps(topic))

    cloudformation.update_termination_protection(StackName="guarded", EnableTerminationProtection=True)
    assert cloudformation.describe_stacks(StackName="guarded")["Stacks"][0]["EnableTerminationProtection"]
    with pytest.raises(
        ClientError, match=r"Stack \[guarded\] cannot be deleted while TerminationProtection is enabled"
    ):
        cloudformation.delete_stack(StackName="guarded")

    cloudformation.update_termination_protection(StackName="guarded", EnableTerminationProtection=False)
    cloudformation.delete_stack(StackName="guarded")
    with pytest.raises(ClientError, match="does not exist"):
        cloudformation.describe_stacks(StackName="guarded")
