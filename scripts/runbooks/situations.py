"""Situation of each runbook: make the fault, follow the page block by block, check what it promises."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from typing import Any

from local.deploy import ACCOUNT, REGION
from local.harness.instant_models import INTERNAL, NO, SURE, THROTTLED, YES, model_error
from local.queues import queue_policy
from moderation.adapters.dynamodb_items import key_of, record_of, to_item
from moderation.adapters.s3_audit import put_new
from moderation.adapters.s3_canary import shipped_canary
from moderation.adapters.s3_people import S3PeopleStore
from moderation.domain.audit import AuditEvent, Head, entry
from moderation.domain.image_ref import ImageRef
from moderation.domain.lanes import PENDING, away
from moderation.domain.people import Person
from moderation.domain.record import decided, utc
from moderation.domain.review import LONGEST_REQUEST, Pending, alike_id, screen_of
from scripts.runbooks.page import Block
from scripts.runbooks.scene import Scene, check, drawing

DECIDED_S = 30
FRESH_S = 5.5  # a function may use a pack that it read for five seconds
PACK = (
    "name: runbooks\ndescription: {}\n"
    "categories:\n  - {{name: Violence, description: Weapons.}}\n"
    "questions:\n  - {{id: weapon, text: 'Is there a weapon?', categories: [Violence]}}\n"
)
UNSAFE = '{"flag": "unsafe", "category": "Violence", "reason": "A weapon."}'


def alarms(scene: Scene) -> None:
    with scene.following("Alarms", skip=1) as page:
        page.paste("arn:aws:sns", PAGER_ADDRESS="pager@example.com")
        page.leave()


def intake_delayed(scene: Scene) -> None:
    with scene.following("IntakeDelayed") as page:
        page.paste("ACTIVE")


def unstarted_executions(scene: Scene) -> None:
    key = "runbooks/unstarted.png"
    letter = scene.given(key, scene.upload_unnoticed(key))
    _send(scene, "UnstartedQueueUrl", json.dumps(letter), ERROR_CODE="NO_PERMISSIONS")
    with scene.following("UnstartedExecutions") as page:
        page.paste("NO_PERMISSIONS", key)
        page.paste(key)
    _decided(scene, key)
    check(not _received(scene, "UnstartedQueueUrl"), "the queue isn't empty")


def executions_failed(scene: Scene) -> None:
    key = "runbooks/failed.png"
    workflow = {"stateMachineArn": scene.laptop.outputs["WorkflowArn"]}
    role = scene.laptop.client("stepfunctions").describe_state_machine(**workflow)["roleArn"]
    with scene.denied(role, "dynamodb:UpdateItem"):
        scene.upload(key)
        _failed(scene, key)
        scene.laptop.wait_until_idle()
    with scene.following("ExecutionsFailed") as page:
        page.paste(key, "UpdateItem")
        page.paste(key)
    _decided(scene, key)


def caught_failures(scene: Scene) -> None:
    key = "runbooks/caught.png"
    scene.models.fail("llama", *[INTERNAL] * 100)
    scene.upload(key)
    _failed(scene, key)
    scene.laptop.wait_until_idle()
    with scene.following("CaughtFailures") as page:
        page.paste(key, "EndpointUnavailable", "recorded")
        scene.models.reset()
        page.paste(key)
    _decided(scene, key)


def unrecorded_failures(scene: Scene) -> None:
    key = "runbooks/unrecorded.png"
    given = scene.given(key, scene.upload_unnoticed(key))
    ended = {
        "executionArn": scene.laptop.outputs["WorkflowArn"].replace("stateMachine", "execution") + ":gone",
        "status": "ABORTED",
        "input": json.dumps(given),
        "startDate": int(datetime.now(UTC).timestamp() * 1000),
    }
    _send(scene, "UnrecordedQueueUrl", json.dumps({"detail": ended}))
    junk = _send(scene, "UnrecordedQueueUrl", "no event")
    with scene.following("UnrecordedFailures") as page:
        page.paste(key, junk)
        page.paste(key, "not an event", junk)
        page.paste(MESSAGE_ID=junk)
    _decided(scene, key)
    check(not _received(scene, "UnrecordedQueueUrl"), "the queue isn't empty")


def slow_verdicts(scene: Scene) -> None:
    scene.models.fail("blip2", THROTTLED, THROTTLED)
    scene.upload("runbooks/slow.png")
    _decided(scene, "runbooks/slow.png")
    with scene.following("SlowVerdicts") as page:
        page.paste("EndpointThrottled")


def oldest_undecided(scene: Scene) -> None:
    key = "runbooks/oldest.png"
    scene.models.fail("blip2", *[THROTTLED] * 1000)
    scene.upload(key)
    until = time.monotonic() + 120
    while len(scene.models.asked("blip2")) < 3:
        check(time.monotonic() < until, "the model wasn't asked")
        time.sleep(0.05)
    with scene.following("OldestUndecided") as page:
        page.paste("EndpointThrottled")
        page.paste("stopDate")
        _failed(scene, key)
        scene.models.reset()
        page.paste(key)
    _decided(scene, key)


def rule_silent(scene: Scene, runbook: str, rule: str) -> None:
    """Follow the runbook of a schedule whose rule, by its output, was disabled."""
    events, name = scene.laptop.client("events"), scene.laptop.outputs[rule]
    events.disable_rule(Name=name)
    with scene.following(runbook) as page:
        page.paste("DISABLED")
        page.paste("200\tNone")
    check(events.describe_rule(Name=name)["State"] == "ENABLED", "the rule isn't enabled")


def review_rate(scene: Scene) -> None:
    for text in ("The first.", "The second."):
        scene.laptop.publish("packs/runbooks.yaml", PACK.format(text))
    scene.laptop.upload("runbooks/notes.png", b"no picture")
    scene.laptop.wait_for_verdict("runbooks/notes.png")
    with scene.following("ReviewRate") as page:
        page.paste("runbooks/notes.png", "packs/runbooks.yaml")
        page.paste(PACK="runbooks")
    bucket = scene.laptop.outputs["PolicyBucketName"]
    pack = scene.laptop.client("s3").get_object(Bucket=bucket, Key="packs/runbooks.yaml")["Body"].read().decode()
    check("The first." in pack, f"the pack wasn't restored:\n{pack}")


def broken_pack(scene: Scene) -> None:
    key = "runbooks/broken/held.png"
    with _routed(scene, "runbooks/broken/", "runbooks"):
        scene.laptop.publish("packs/runbooks.yaml", PACK.format("Usable."))
        scene.laptop.publish("packs/runbooks.yaml", "name: runbooks\n")
        time.sleep(FRESH_S)
        scene.upload(key)
        check(scene.laptop.wait_for_verdict(key).get("needs") == "policy", "it isn't held for a corrected pack")
        with scene.following("BrokenPack") as page:
            page.paste(key, "packs/runbooks.yaml")
            page.paste(PACK="runbooks")
            page.paste(FILE=scene.write("runbooks.yaml", PACK.format("Corrected.").encode()))
            time.sleep(FRESH_S)
            page.paste(key)
        check(_decided(scene, key)["policy"]["name"] == "runbooks", "another pack decided")


def misconfigured(scene: Scene) -> None:
    key = "runbooks/misconfigured.png"
    scene.models.fail("blip2", model_error(400))
    scene.upload(key)
    _failed(scene, key)
    scene.models.answer = lambda png, prompt: YES if shipped_canary().yes in prompt else NO
    with scene.following("Misconfigured") as page:
        page.paste(key, "intake: policy")
        page.paste(key, CAUSE="EndpointRejected")
    _decided(scene, key)


def broken_model(scene: Scene) -> None:
    key = "runbooks/called-safe.png"
    scene.upload(key)
    _decided(scene, key)
    scene.laptop.invoke_rule("CanarySchedule")
    with scene.following("BrokenModel") as page:
        page.paste(shipped_canary().yes, fails="moderate doctor", PICTURE=scene.write("picture.png", drawing()))
        page.paste(key)
        scene.models.answer = lambda png, prompt: YES if "dog" in prompt else NO
        try:
            page.paste(PICTURE=scene.write("dog.png", drawing()))
        finally:
            bucket = scene.laptop.outputs["PolicyBucketName"]
            scene.laptop.client_of("PolicyEditor", "s3").delete_object(Bucket=bucket, Key="canary.json")


def drift(scene: Scene) -> None:
    key = "runbooks/drifting.png"
    scene.upload(key)
    _decided(scene, key)
    scene.laptop.invoke_rule("DriftSchedule")
    with scene.following("Drift") as page:
        page.paste("compared", "Too few verdicts to compare: each of the two weeks needs 20.")
        page.paste("reached")


def audit_gaps(scene: Scene) -> None:
    now = datetime.now(UTC)
    day = f"{now:%Y-%m-%d}"
    bucket, s3, head = scene.laptop.outputs["AuditBucketName"], scene.laptop.client("s3"), Head()
    chain, files = f"{day}/{time.time_ns()}", []
    for _ in range(3):
        event = AuditEvent(action="reveal", who="p-1", at=utc(now))
        file, head = entry(event, chain, head)
        files.append(file)
    put_new(s3, bucket, files[0])
    put_new(s3, bucket, files[2])
    scene.laptop.invoke_rule("AuditSchedule")
    with scene.following("AuditGaps") as page:
        page.paste("has a gap: number 3 follows 1", fails="moderate audit verify --since 30d")
        page.paste("entries are in audit.jsonl", fails="moderate audit export --since 2026-11-01 --out audit.jsonl")
        page.paste("200\tNone")
    (checked,) = scene.laptop.invoke_rule("AuditSchedule")
    check(checked["faults"] == 0, f"it is explained, and {checked['faults']} faults are told")
    put_new(s3, bucket, files[1])  # others find the log whole


def reviews_overdue(scene: Scene) -> None:
    _waits(scene, "runbooks/overdue.png", "2026-01-01T00:00:00.000Z")
    (swept,) = scene.laptop.invoke_rule("FinaliseSchedule")
    check(swept["overdue"] >= 1, f"nothing is overdue: {swept}")
    with scene.following("ReviewsOverdue") as page:
        page.paste("waiting for a person")


def reviews_unseen(scene: Scene) -> None:
    now, table = utc(datetime.now(UTC)), {"TableName": scene.laptop.outputs["VerdictTableName"]}
    _waits(scene, "runbooks/unseen.png", now)
    broken = _waits(scene, "elsewhere/broken.png", now, skipped_by=7)
    reader = Person(id="runbooks", pseudonym="p-1", roles=frozenset({"reviewer"}), prefixes=("elsewhere/",))
    with _people(scene, reader):
        (swept,) = scene.laptop.invoke_rule("FinaliseSchedule")
        check(swept["unseen"] >= 1, f"nothing is unseen: {swept}")
        with scene.following("ReviewsUnseen") as page:
            scene.laptop.invoke_rule("ListAheadSchedule")
            page.paste("elsewhere/", "runbooks/unseen.png", broken.id)
    scene.laptop.client("dynamodb").delete_item(**table, Key=key_of(broken))  # it can't be read by others either


def decisions_stuck(scene: Scene) -> None:
    with scene.following("DecisionsStuck") as page:
        scene.laptop.invoke_rule("FinaliseSchedule")
        page.paste("swept")


def decisions_unvouched(scene: Scene) -> None:
    image = _waits(scene, "runbooks/forged.png", utc(datetime.now(UTC)))
    at = utc(datetime.now(UTC) - 2 * LONGEST_REQUEST)  # the schedule leaves one alone whose request may be at work
    forged = Pending(
        id=alike_id([image], "runbooks", at),
        verdict="safe",
        categories=(),
        note="Forged",
        who="runbooks",
        at=at,
        until=at,
        screen="",
    )
    table = {"TableName": scene.laptop.outputs["VerdictTableName"]}
    found = scene.laptop.client("dynamodb").get_item(**table, Key=key_of(image))["Item"]
    record = record_of(found)
    added = {
        "pending": asdict(forged) | {"screen": screen_of(record)},
        "pending_id": forged.id,
        "lease_holder": forged.who,
    }
    item = found | to_item({**added, "queue": away(PENDING), "queue_order": at})
    scene.laptop.client("dynamodb").put_item(**table, Item=item)
    scene.laptop.invoke_rule("FinaliseSchedule")
    with scene.following("DecisionsUnvouched") as page:
        page.paste("NotVouched", image.id)


def vouches_refused(scene: Scene) -> None:
    reader = Person(id="runbooks", pseudonym="p-1", roles=frozenset({"reviewer"}))
    with _people(scene, reader), scene.following("VouchesRefused") as page:
        page.paste("p-1")


def _waits(scene: Scene, key: str, created_at: str, **more: Any) -> ImageRef:
    """Make a record that waits for a person since a time, as the workflow records a failure."""
    image = ImageRef(scene.laptop.outputs["IntakeBucketName"], key, "v")
    failed = {"verdict": "review", "category": None, "reason": "?", "decided_by": "failure", "owner": "runbooks"}
    item = {"pk": image.pk, "sk": image.version, **decided(failed, image, created_at, created_at), **more}
    scene.laptop.client("dynamodb").put_item(TableName=scene.laptop.outputs["VerdictTableName"], Item=to_item(item))
    return image


@contextmanager
def _people(scene: Scene, *people: Person) -> Iterator[None]:
    """Let nobody but these people use the console."""
    store = S3PeopleStore(scene.laptop.client_of("Administrator", "s3"), scene.laptop.outputs["PolicyBucketName"])
    before, mark = store.all()
    store.replace(people, mark)
    try:
        yield
    finally:
        store.replace(before.values(), store.all()[1])


def blip2_errors(scene: Scene) -> None:
    with _endpoint(scene, "Blip2"), scene.following("Blip2Errors") as page:
        page.paste("InService", "CUDA out of memory", PICTURE=scene.write("picture.png", drawing()))
        page.leave()


def llama_errors(scene: Scene) -> None:
    with _endpoint(scene, "Llama"), scene.following("LlamaErrors") as page:
        page.paste("InService", "CUDA out of memory")


def notification_failures(scene: Scene) -> None:
    key, outputs = "runbooks/unnotified.png", scene.laptop.outputs
    functions = scene.laptop.client("lambda").list_functions()["Functions"]
    [role] = [each["Role"] for each in functions if "FunctionsNotify" in each["FunctionName"]]
    scene.laptop.client("kms").disable_key(KeyId=outputs["TopicsKeyId"])
    with scene.following("NotificationFailures") as page:
        with scene.denied(role, "kms:GenerateDataKey"):
            scene.laptop.upload(key, b"no picture")
            scene.laptop.wait_for_verdict(key)
            scene.laptop.wait_until_idle()
            page.paste(key, "Disabled")
            page.paste()
        page.paste(key)
    check(scene.laptop.wait_for_verdict(key)["notified"] is True, "it isn't published")


def undelivered(scene: Scene) -> None:
    key, url = "runbooks/unsafe.png", scene.laptop.subscribe_queue("UnsafeTopicArn")
    scene.models.answer = lambda png, prompt: SURE
    scene.models.judge = lambda prompt: UNSAFE
    scene.upload(key)
    check(scene.laptop.wait_for_verdict(key)["verdict"] == "unsafe", "it isn't unsafe")
    with scene.following("Undelivered") as page:
        page.paste(url.rpartition("/")[2])
        page.paste(key)


def erasing_an_upload(scene: Scene) -> None:
    key = "runbooks/of-user-9.png"
    for name in (key, "runbooks/erased.png"):
        scene.laptop.upload(name, drawing(), Metadata={"uploader": "user-9"})
        _decided(scene, name)
    scene.shell.paste(Block("moderate erase runbooks/erased.png --yes"))
    with scene.following("Erasing an upload") as page:
        page.paste('"finished_at"', "/deployer", DAY=f"{datetime.now(UTC):%Y-%m-%d}")
        check("erased.png" not in page.paste(key, UPLOADER="user-9"), "it isn't erased")


def illegal_content(scene: Scene) -> None:
    key = f"runbooks/illegal-{time.time_ns()}.png"
    scene.laptop.upload(key, drawing())
    _decided(scene, key)
    with scene.following("Illegal content") as page:
        page.paste("is in quarantine", KEY=key)


def message_on_the_topics(scene: Scene) -> None:
    arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:runbooks-{time.time_ns()}"
    policy = json.dumps(queue_policy(arn, scene.laptop.outputs["UnsafeTopicArn"]))
    queue = {"QueueName": arn.rpartition(":")[2], "Attributes": {"Policy": policy}}
    url = scene.laptop.client("sqs").create_queue(**queue)["QueueUrl"]
    with scene.following("The message on the topics") as page:
        page.paste("SubscriptionArn", QUEUE_ARN=arn)
    scene.models.answer = lambda png, prompt: SURE
    scene.models.judge = lambda prompt: UNSAFE
    scene.upload("runbooks/filtered.png")
    check(scene.laptop.receive(url)["category"] == "Violence", "another message")


SITUATIONS: dict[str, Callable[[Scene], None]] = {
    "Alarms": alarms,
    "IntakeDelayed": intake_delayed,
    "UnstartedExecutions": unstarted_executions,
    "ExecutionsFailed": executions_failed,
    "CaughtFailures": caught_failures,
    "UnrecordedFailures": unrecorded_failures,
    "SlowVerdicts": slow_verdicts,
    "OldestUndecided": oldest_undecided,
    "SweeperSilent": partial(rule_silent, runbook="SweeperSilent", rule="SweepRuleName"),
    "ReviewRate": review_rate,
    "BrokenPack": broken_pack,
    "Misconfigured": misconfigured,
    "BrokenModel": broken_model,
    "Drift": drift,
    "AuditGaps": audit_gaps,
    "AuditCheckSilent": partial(rule_silent, runbook="AuditCheckSilent", rule="AuditRuleName"),
    "ReviewsOverdue": reviews_overdue,
    "ReviewsUnseen": reviews_unseen,
    "DecisionsStuck": decisions_stuck,
    "DecisionsUnvouched": decisions_unvouched,
    "VouchesRefused": vouches_refused,
    "FinaliserSilent": partial(rule_silent, runbook="FinaliserSilent", rule="FinaliseRuleName"),
    "Blip2Errors": blip2_errors,
    "LlamaErrors": llama_errors,
    "NotificationFailures": notification_failures,
    "Undelivered": undelivered,
    "The message on the topics": message_on_the_topics,
    "Erasing an upload": erasing_an_upload,
    "Illegal content": illegal_content,
}


def _decided(scene: Scene, key: str) -> dict[str, Any]:
    """Return the record once models have decided it; a redrive only starts a moderation."""
    until = time.monotonic() + DECIDED_S
    while True:
        scene.laptop.wait_until_idle()
        record = scene.laptop.wait_for_verdict(key)
        if record["decided_by"] != "failure" or time.monotonic() > until:
            break
        time.sleep(0.5)
    by = record["decided_by"]
    check(by in ("judge", "evidence"), f"{key} was decided by {by}: {record['reason']}")
    return record


def _failed(scene: Scene, key: str) -> None:
    record = scene.laptop.wait_for_verdict(key)
    check(record["decided_by"] == "failure", f"{key} didn't fail: {record}")


def _send(scene: Scene, queue: str, body: str, **attributes: str) -> str:
    """Send a message to the queue in an output, and return its id."""
    sent = scene.laptop.client("sqs").send_message(
        QueueUrl=scene.laptop.outputs[queue],
        MessageBody=body,
        MessageAttributes={name: {"DataType": "String", "StringValue": text} for name, text in attributes.items()},
    )
    return str(sent["MessageId"])


def _received(scene: Scene, queue: str) -> list[Any]:
    found = scene.laptop.client("sqs").receive_message(QueueUrl=scene.laptop.outputs[queue], VisibilityTimeout=0)
    return list(found.get("Messages", []))


@contextmanager
def _routed(scene: Scene, prefix: str, pack: str) -> Iterator[None]:
    """Let a pack decide for a prefix, for the duration of the block."""
    s3, routes = scene.laptop.client("s3"), "routes.yaml"
    bucket = scene.laptop.outputs["PolicyBucketName"]
    before = s3.get_object(Bucket=bucket, Key=routes)["Body"].read().decode()
    scene.laptop.publish(routes, f"{before.rstrip()}\n'{prefix}': {{enforce: {pack}}}\n")
    try:
        yield
    finally:
        scene.laptop.publish(routes, before)


@contextmanager
def _endpoint(scene: Scene, model: str) -> Iterator[None]:
    """An endpoint of that name with a line in its container's log; the laptop's models have neither."""
    sagemaker, logs = scene.laptop.client("sagemaker"), scene.laptop.client("logs")
    name, group = scene.laptop.outputs[f"{model}EndpointName"], {"logGroupName": scene.laptop.outputs[f"{model}Log"]}
    role = scene.laptop.outputs["OperatorRoleArn"]
    variant = {"VariantName": "AllTraffic", "ModelName": name, "InitialInstanceCount": 1, "InitialVariantWeight": 1}
    sagemaker.create_model(ModelName=name, ExecutionRoleArn=role, PrimaryContainer={"Image": "image"})
    config = {"EndpointConfigName": name, "ProductionVariants": [variant | {"InstanceType": "ml.g4dn.xlarge"}]}
    sagemaker.create_endpoint_config(**config)
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    logs.create_log_group(**group)
    logs.create_log_stream(**group, logStreamName="AllTraffic/i-1")
    event = {"timestamp": int(time.time() * 1000), "message": "CUDA out of memory"}
    logs.put_log_events(**group, logStreamName="AllTraffic/i-1", logEvents=[event])
    try:
        yield
    finally:
        logs.delete_log_group(**group)
        sagemaker.delete_endpoint(EndpointName=name)
        sagemaker.delete_endpoint_config(EndpointConfigName=name)
        sagemaker.delete_model(ModelName=name)
