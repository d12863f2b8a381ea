"""Whatever goes wrong: exactly one record, never `safe` by accident, with a reason that helps."""

import json
import time

import pytest
from botocore.exceptions import ClientError

from local.harness.instant_models import (
    GARBAGE,
    INTERNAL,
    NO_CAPACITY,
    NOT_FOUND,
    RESET,
    THROTTLED,
    UNAVAILABLE,
    model_error,
    slow,
)
from tests.support.images import bomb
from tests.support.waiting import eventually
from tests.workflow.steps import drawing, refresh, status_when_ended, tag_of, wait_until_asked


def start(laptop, key: str, version: str, name: str) -> str:
    """Start the workflow as the intake rule does, under a name of one's own; the execution's ARN."""
    given = {"bucket": laptop.outputs["IntakeBucketName"], "key": key, "version": version, "size": 1, "event_id": "e"}
    arn = laptop.outputs["WorkflowArn"]
    body = json.dumps(given | {"time": "2026-11-23T10:00:00Z"})
    return laptop.client("stepfunctions").start_execution(stateMachineArn=arn, name=name, input=body)["executionArn"]


@pytest.mark.parametrize(
    "key, body, says",
    [
        ("notes.txt", b"just some text", "accepted format"),
        ("empty.jpg", b"", "empty"),
        ("bomb.png", bomb(60_000, 60_000), "pixels"),
        ("cut.png", drawing()[:60], "damaged"),
        ("huge.bin", b"\0" * 20_000_001, "20,000,001 bytes"),
    ],
    ids=["text", "empty", "bomb", "damaged", "huge"],
)
def test_what_is_not_an_image_is_reviewed_without_a_retry(laptop, models, key, body, says):
    version = laptop.upload(key, body)

    record = laptop.wait_for_verdict(key)

    assert (record["verdict"], record["decided_by"]) == ("review", "failure")
    assert says in record["reason"]
    assert (record["needs"], record["policy"]["name"]) == ("reupload", "blog")
    assert "queue" not in record
    laptop.wait_until_idle()
    assert tag_of(laptop, key, version) == {"moderation": "review"}
    events = [event["type"] for event in laptop.history(record["execution"])]
    assert events.count("TaskScheduled") == 4  # Claim, PrepareImage once, RecordVerdict, Notify
    assert models.asked("blip2") == []


def test_a_version_deleted_before_it_was_read_is_recorded(laptop):
    version = laptop.upload("gone/marker.png", drawing())
    laptop.wait_for_verdict("gone/marker.png")
    bucket = laptop.outputs["IntakeBucketName"]
    laptop.client("s3").delete_object(Bucket=bucket, Key="gone/marker.png", VersionId=version)

    execution = start(laptop, "gone/marker.png", "no-longer-there", "deleted")

    assert status_when_ended(laptop, execution) == "SUCCEEDED"
    record = laptop.item("gone/marker.png", "no-longer-there")
    assert (record["verdict"], "deleted" in record["reason"]) == ("review", True)


@pytest.fixture
def unblocked(laptop):
    """The intake bucket as one that exists already may be: it takes uploads under keys that uploaders keep."""
    s3, bucket = laptop.client("s3"), laptop.outputs["IntakeBucketName"]
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}

    def put(**more) -> None:
        s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule | more]})

    put()
    yield laptop
    put(BlockedEncryptionTypes={"EncryptionType": ["SSE-C"]})


KEPT_KEY = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": "k" * 32}


def test_an_upload_under_its_uploaders_own_key_is_refused(laptop):
    with pytest.raises(ClientError) as refused:
        laptop.upload("own-key/refused.png", drawing(), **KEPT_KEY)

    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


def test_an_object_under_its_uploaders_own_key_is_reviewed_without_an_alarm(unblocked, models):
    unblocked.upload("own-key/taken.png", drawing(), **KEPT_KEY)

    record = unblocked.wait_for_verdict("own-key/taken.png")

    assert (record["verdict"], record["decided_by"]) == ("review", "failure")
    assert "(SSE-C)" in record["reason"]
    assert json.loads(record["cause"])["Error"] == "ImageUnavailable", "which no alarm counts"
    assert models.asked("blip2") == []


@pytest.mark.parametrize("state, says", [("disabled", "is disabled"), ("deleted", "pending deletion")])
def test_an_object_under_a_key_that_cannot_be_used_is_reviewed_without_an_alarm(laptop, models, state, says):
    kms = laptop.client("kms")
    everyone = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "kms:*", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [everyone]})
    key = kms.create_key(Policy=policy)["KeyMetadata"]
    if state == "disabled":
        kms.disable_key(KeyId=key["KeyId"])
    else:
        kms.schedule_key_deletion(KeyId=key["KeyId"], PendingWindowInDays=7)
    # S3 would refuse the upload by now: it stands for a key that changed between upload and reading.
    laptop.upload(f"kms/{state}.png", drawing(), ServerSideEncryption="aws:kms", SSEKMSKeyId=key["Arn"])

    record = laptop.wait_for_verdict(f"kms/{state}.png")

    assert (record["verdict"], record["decided_by"]) == ("review", "failure")
    assert says in record["reason"]
    assert json.loads(record["cause"])["Error"] == "ImageUnavailable"


def test_a_folders_placeholder_alone_is_ignored(laptop):
    laptop.upload("holidays/", b"")
    laptop.upload("holidays/really", b"not empty")

    laptop.wait_for_verdict("holidays/really")
    laptop.wait_until_idle()

    assert laptop.item("holidays/") is None


OUT_OF_MEMORY = model_error(400, '{"code": 400, "type": "InternalServerException", "message": "CUDA out of memory."}')
FOR_A_WHILE = [
    THROTTLED,
    UNAVAILABLE,
    INTERNAL,
    NO_CAPACITY,
    NOT_FOUND,
    RESET,
    GARBAGE,
    model_error(503),
    OUT_OF_MEMORY,
]


@pytest.mark.parametrize("fault", FOR_A_WHILE)
@pytest.mark.parametrize("endpoint", ["blip2", "llama"])
def test_an_endpoint_that_fails_for_a_while_is_outlasted(laptop, models, endpoint, fault):
    models.fail(endpoint, fault, fault)
    key = f"outlasted/{endpoint}/{id(fault)}.png"
    laptop.upload(key, drawing())

    record = laptop.wait_for_verdict(key)

    assert (record["verdict"], record["decided_by"]) == ("safe", "judge")
    assert len(models.asked(endpoint)) == 3


@pytest.mark.parametrize("endpoint", ["blip2", "llama"])
def test_an_endpoint_that_refuses_the_request_is_not_asked_again(laptop, models, endpoint):
    models.fail(endpoint, *[model_error(400)] * 10)
    key = f"refused/{endpoint}.png"
    laptop.upload(key, drawing())

    record = laptop.wait_for_verdict(key)

    assert (record["verdict"], record["decided_by"]) == ("review", "failure")
    assert "refuses" in record["reason"]
    assert len(models.asked(endpoint)) == 1


@pytest.mark.parametrize(
    "words, says",
    [
        ("Need to pass custom_attributes='accept_eula=true' as part of header.", "-c llamaDialect=dialog"),
        ("Failed to deserialize the JSON body into the target type: inputs: invalid type: sequence", "inputs: invalid"),
    ],
    ids=["licence", "dialect"],
)
def test_a_judge_behind_another_dialect_is_reviewed_at_once_with_the_remedy(laptop, models, words, says):
    models.fail("llama", *[model_error(424, words)] * 10)
    key = f"dialect/{says}.png"
    laptop.upload(key, drawing())

    record = laptop.wait_for_verdict(key)

    assert (record["verdict"], record["decided_by"]) == ("review", "failure")
    assert says in record["reason"]
    assert len(models.asked("llama")) == 1


def test_a_delivered_duplicate_changes_nothing(laptop, models):
    version = laptop.upload("duplicate.png", drawing())
    first = laptop.wait_for_verdict("duplicate.png")

    again = start(laptop, "duplicate.png", version, "duplicate")

    assert status_when_ended(laptop, again) == "SUCCEEDED"
    assert laptop.states_entered(again) == ["Claim", "Duplicate"]
    assert laptop.item("duplicate.png") == laptop.item("duplicate.png", version)
    assert laptop.item("duplicate.png")["execution"] == first["execution"]
    assert len(models.asked("blip2")) == 1


def test_a_claim_whose_reply_was_lost_is_claimed_again_by_the_same_execution(laptop):
    """The put went through, its reply didn't: the state is retried and finds its own name."""
    bucket, machine = laptop.outputs["IntakeBucketName"], laptop.outputs["WorkflowArn"]
    execution = machine.replace(":stateMachine:", ":execution:") + ":lost-reply"
    laptop.client("dynamodb").put_item(
        TableName=laptop.outputs["VerdictTableName"],
        Item={
            "pk": {"S": f"{bucket}#lost.png"},
            "sk": {"S": "v1"},
            "owner": {"S": execution},
            "status": {"S": "claimed"},
        },
    )

    assert start(laptop, "lost.png", "v1", "lost-reply") == execution

    assert status_when_ended(laptop, execution) == "SUCCEEDED"
    assert laptop.item("lost.png", "v1")["owner"] == execution
    assert "Duplicate" not in laptop.states_entered(execution)


def test_a_claim_that_comes_after_its_execution_was_recorded_as_failed_changes_nothing(laptop):
    """The execution was aborted while its claim was on the way."""
    bucket, machine = laptop.outputs["IntakeBucketName"], laptop.outputs["WorkflowArn"]
    execution = machine.replace(":stateMachine:", ":execution:") + ":late-claim"
    item = {"pk": f"{bucket}#late.png", "sk": "v1", "owner": execution, "status": "decided", "verdict": "review"}
    laptop.client("dynamodb").put_item(
        TableName=laptop.outputs["VerdictTableName"], Item={name: {"S": value} for name, value in item.items()}
    )

    start(laptop, "late.png", "v1", "late-claim")

    assert status_when_ended(laptop, execution) == "SUCCEEDED"
    assert laptop.states_entered(execution) == ["Claim", "Duplicate"]
    assert laptop.item("late.png", "v1") == item


def test_an_aborted_execution_is_recorded_and_reviewers_are_told(laptop, models):
    queue = laptop.subscribe_queue("ReviewTopicArn")
    models.fail("blip2", slow(3))
    version = laptop.upload("aborted.png", drawing())
    execution = owner_of(laptop, "aborted.png")
    wait_until_asked(models, "blip2")

    laptop.client("stepfunctions").stop_execution(executionArn=execution)

    record = laptop.wait_for_verdict("aborted.png", version)
    assert (record["verdict"], record["decided_by"]) == ("review", "failure")
    assert "ABORTED" in record["reason"]
    assert json.loads(laptop.receive(queue)["Message"])["reason"] == record["reason"]


def test_a_claim_that_vanished_is_found_by_the_sweeper_and_reviewers_are_told(laptop):
    queue = laptop.subscribe_queue("ReviewTopicArn")
    bucket, machine = laptop.outputs["IntakeBucketName"], laptop.outputs["WorkflowArn"]
    today = time.strftime("%Y-%m-%d", time.gmtime(time.time() - 3600))
    item = {
        "pk": f"{bucket}#vanished.png",
        "sk": "v1",
        "owner": machine.replace(":stateMachine:", ":execution:") + ":vanished",
        "status": "claimed",
        "created_at": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(time.time() - 3600)),
        "verdict_shard": f"claimed#{today}#1",
    }
    laptop.client("dynamodb").put_item(
        TableName=laptop.outputs["VerdictTableName"], Item={name: {"S": value} for name, value in item.items()}
    )

    laptop.invoke_rule("Sweep")

    record = laptop.item("vanished.png", "v1")
    assert (record["verdict"], "VANISHED" in record["reason"], record["notified"]) == ("review", True, True)
    assert json.loads(laptop.receive(queue)["Message"])["image"]["key"] == "vanished.png"


def test_a_person_who_decides_while_the_machine_works_is_not_overruled(laptop, models):
    models.fail("blip2", slow(1))
    version = laptop.upload("person.png", drawing())
    execution = owner_of(laptop, "person.png")
    laptop.client("dynamodb").update_item(
        TableName=laptop.outputs["VerdictTableName"],
        Key={"pk": {"S": f"{laptop.outputs['IntakeBucketName']}#person.png"}, "sk": {"S": version}},
        UpdateExpression="SET verdict = :v, decided_by = :p",
        ExpressionAttributeValues={":v": {"S": "unsafe"}, ":p": {"S": "person"}},
    )

    assert status_when_ended(laptop, execution) == "SUCCEEDED"
    record = laptop.item("person.png")
    assert (record["verdict"], record["decided_by"]) == ("unsafe", "person")
    assert "Notify" not in laptop.states_entered(execution)


def test_a_topic_that_is_gone_leaves_the_verdict_and_marks_it_unnotified(laptop, models):
    models.judge = lambda prompt: "No."
    topic = laptop.outputs["ReviewTopicArn"]
    refresh(laptop, "Notify", REVIEW_TOPIC_ARN=topic + "-gone")
    try:
        laptop.upload("unheard.png", drawing())
        laptop.wait_for_verdict("unheard.png")
        laptop.wait_until_idle()
    finally:
        refresh(laptop, "Notify", REVIEW_TOPIC_ARN=topic)

    record = laptop.item("unheard.png")
    assert (record["verdict"], record["notified"]) == ("review", False)
    assert "MarkUnnotified" in laptop.states_entered(record["execution"]), "an alarm counts its entries in the log"


def owner_of(laptop, key: str) -> str:
    return eventually(lambda: laptop.item(key))["owner"]
