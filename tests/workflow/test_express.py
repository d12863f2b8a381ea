"""The same definition as Express executions, which may run twice, end after five minutes and can't be asked after."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.harness.instant_models import NO, THROTTLED, YES
from local.harness.stock import unnoticed
from moderation.domain.backfill import Kind, new_run, run_of
from moderation.domain.record import utc
from tests.support.waiting import eventually
from tests.workflow.steps import drawing, refresh, status_when_ended, wait_until_asked

BUCKET = "express-images"  # no rule starts the deployed, Standard machine on it
UNSAFE = '{"flag": "unsafe", "category": "Violence", "reason": "A weapon."}'


class Machine:
    """A state machine of one type, with the deployed one's definition over the deployed functions."""

    def __init__(self, laptop, name: str, machine_type: str, **changes: Any) -> None:
        self._name, self._type, self._changes = name, machine_type, changes
        self._client = laptop.client("stepfunctions")
        self._deployed = self._client.describe_state_machine(stateMachineArn=laptop.outputs["WorkflowArn"])
        self.arn = ""

    def __enter__(self) -> "Machine":
        definition, role = (
            json.dumps(json.loads(self._deployed["definition"]) | self._changes),
            self._deployed["roleArn"],
        )
        made = self._client.create_state_machine(name=self._name, type=self._type, definition=definition, roleArn=role)
        self.arn = made["stateMachineArn"]
        return self

    def __exit__(self, *_: object) -> None:
        self._client.delete_state_machine(stateMachineArn=self.arn)

    def start(self, key: str, version: str, name: str) -> str:
        given = {"bucket": BUCKET, "key": key, "version": version, "size": 1, "event_id": "e", "time": "t"}
        started = self._client.start_execution(stateMachineArn=self.arn, name=name, input=json.dumps(given))
        return str(started["executionArn"])

    def is_idle(self) -> bool:
        """Tell whether no execution runs. AWS doesn't list Express executions; the laptop cloud does."""
        running = self._client.list_executions(stateMachineArn=self.arn, statusFilter="RUNNING")
        return not running["executions"]


@pytest.fixture(scope="module")
def bucket(deployed) -> None:
    s3 = deployed.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    # the functions' own rights speak of the deployed bucket: this one lets them in
    everything = {
        "Effect": "Allow",
        "Principal": {"AWS": roles_of(deployed)},
        "Action": "s3:*",
        "Resource": [f"arn:aws:s3:::{BUCKET}", f"arn:aws:s3:::{BUCKET}/*"],
    }
    s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps({"Statement": [everything]}))
    # ... and on the table: its records, too, are those of the deployed bucket alone
    records = {"Effect": "Allow", "Action": ["dynamodb:GetItem", "dynamodb:UpdateItem"], "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [records]})
    workflow = deployed.client("stepfunctions").describe_state_machine(stateMachineArn=deployed.outputs["WorkflowArn"])
    for role in (*roles_of(deployed), workflow["roleArn"]):
        name = role.rpartition("/")[2]
        deployed.client("iam").put_role_policy(RoleName=name, PolicyName=BUCKET, PolicyDocument=document)


def roles_of(laptop) -> list[str]:
    """The roles of the deployed functions."""
    return [
        f["Role"] for f in laptop.client("lambda").list_functions()["Functions"] if "Functions" in f["FunctionName"]
    ]


@pytest.fixture
def express(laptop, bucket):
    with Machine(laptop, "Express", "EXPRESS") as machine:
        yield machine


def put(laptop, key: str) -> str:
    return str(laptop.client("s3").put_object(Bucket=BUCKET, Key=key, Body=drawing())["VersionId"])


def item(laptop, key: str, version: str) -> dict[str, dict]:
    request = {"TableName": laptop.outputs["VerdictTableName"], "ConsistentRead": True}
    found = laptop.client("dynamodb").get_item(**request, Key={"pk": {"S": f"{BUCKET}#{key}"}, "sk": {"S": version}})
    return found.get("Item", {})


def until(laptop, key: str, version: str, attribute: str) -> dict[str, dict]:
    """The item once it has the attribute."""

    def found() -> dict[str, dict] | None:
        record = item(laptop, key, version)
        return record if attribute in record else None

    return eventually(found)


def until_notified(laptop, key: str, version: str) -> None:
    eventually(lambda: item(laptop, key, version).get("notified") == {"BOOL": True})


def sees_a_weapon(models) -> None:
    models.answer = lambda png, prompt: YES if "weapon" in prompt else NO
    models.judge = lambda prompt: UNSAFE


def heard(laptop, queue: str, key: str) -> int:
    """The number of messages about the image, once there are no more."""
    count = 0
    while True:
        try:
            count += json.loads(laptop.receive(queue, timeout_s=1)["Message"])["image"]["key"] == key
        except AssertionError:
            return count


def test_an_express_execution_moderates_and_notifies(laptop, models, express):
    sees_a_weapon(models)
    queue = laptop.subscribe_queue("UnsafeTopicArn")
    version = put(laptop, "once.png")

    execution = express.start("once.png", version, "once")

    until_notified(laptop, "once.png", version)
    record = item(laptop, "once.png", version)
    assert (record["verdict"]["S"], record["owner"]["S"]) == ("unsafe", execution)
    assert execution.split(":")[5:8] == ["express", "Express", "once"]
    assert heard(laptop, queue, "once.png") == 1
    with pytest.raises(ClientError, match="InvalidArn"):
        laptop.client("stepfunctions").describe_execution(executionArn=execution)


def test_the_same_name_started_twice_gives_one_verdict_and_one_message(laptop, models, express):
    """Express has no idempotency by name: two executions run, and one of them owns the image."""
    sees_a_weapon(models)
    queue = laptop.subscribe_queue("UnsafeTopicArn")
    version = put(laptop, "twice.png")

    executions = {express.start("twice.png", version, "same") for _ in range(2)}

    until_notified(laptop, "twice.png", version)
    assert len(executions) == 2
    assert item(laptop, "twice.png", version)["owner"]["S"] in executions
    assert heard(laptop, queue, "twice.png") == 1
    assert len(models.asked("llama")) == 1


@pytest.mark.parametrize("overlapping", [False, True], ids=["one after the other", "at the same time"])
def test_one_execution_that_runs_twice_gives_one_verdict_and_at_least_one_message(laptop, models, bucket, overlapping):
    """At least once: the second run has the first one's ARN, so both own the image.

    The emulator runs an ARN again when its machine was made anew.
    """
    sees_a_weapon(models)
    queue = laptop.subscribe_queue("UnsafeTopicArn")
    key, name = f"rerun-{overlapping}.png", f"Rerun{overlapping}"
    version = put(laptop, key)
    if overlapping:
        both = threading.Barrier(2, timeout=60)
        models.judge = lambda prompt: UNSAFE if both.wait() >= 0 else ""  # neither is judged before the other is there
    with Machine(laptop, name, "STANDARD") as machine:
        first = machine.start(key, version, "run")
        if overlapping:
            wait_until_asked(models, "llama")
        else:
            until_notified(laptop, key, version)
    with Machine(laptop, name, "STANDARD") as machine:
        assert machine.start(key, version, "run") == first
        assert status_when_ended(laptop, first) == "SUCCEEDED"
        until_notified(laptop, key, version)

    record = item(laptop, key, version)
    assert (record["verdict"]["S"], record["status"]["S"]) == ("unsafe", "decided")
    assert record["verdict_shard"]["S"].startswith("unsafe#")
    assert record["execution"]["S"] == first
    assert 1 <= heard(laptop, queue, key) <= (2 if overlapping else 1)
    assert len(models.asked("llama")) == (2 if overlapping else 1)


def test_what_five_minutes_are_not_enough_for_is_recorded_by_the_sweeper(laptop, models, bucket):
    models.fail("blip2", *[THROTTLED] * 1000)
    version = put(laptop, "outage.png")
    with Machine(laptop, "Outage", "EXPRESS", TimeoutSeconds=3) as machine:
        execution = machine.start("outage.png", version, "outage")
        until(laptop, "outage.png", version, "owner")
        eventually(machine.is_idle)

        laptop.invoke_rule("Sweep")
        assert "verdict" not in item(laptop, "outage.png", version)  # so young that it might run yet
        age(laptop, "outage.png", version)
        laptop.invoke_rule("Sweep")

    record = item(laptop, "outage.png", version)
    assert (record["verdict"]["S"], record["decided_by"]["S"]) == ("review", "failure")
    assert record["execution"]["S"] == execution


def age(laptop, key: str, version: str) -> None:
    """Make a claim an hour old."""
    then = utc(datetime.now(UTC) - timedelta(hours=1))
    laptop.client("dynamodb").update_item(
        TableName=laptop.outputs["VerdictTableName"],
        Key={"pk": {"S": f"{BUCKET}#{key}"}, "sk": {"S": version}},
        UpdateExpression="SET created_at = :then, claimed_at = :then, verdict_shard = :shard",
        ExpressionAttributeValues={":then": {"S": then}, ":shard": {"S": f"claimed#{then[:10]}#0"}},
    )


@contextmanager
def backfill_of(laptop, machine: Machine) -> Iterator[str]:
    """A copy of the deployed backfill that runs an Express machine, as a deployment of that type does."""
    client, iam = laptop.client("stepfunctions"), laptop.client("iam")
    deployed = client.describe_state_machine(stateMachineArn=laptop.outputs["BackfillArn"])
    definition = deployed["definition"].replace(laptop.outputs["WorkflowArn"], machine.arn)
    made = client.create_state_machine(name="ExpressBackfill", definition=definition, roleArn=deployed["roleArn"])
    copy = str(made["stateMachineArn"])
    rights = [
        {"Effect": "Allow", "Action": "states:StartSyncExecution", "Resource": machine.arn},
        {"Effect": "Allow", "Action": "states:StartExecution", "Resource": copy},  # its Map's children
    ]
    policy = {"RoleName": deployed["roleArn"].rpartition("/")[2], "PolicyName": "express"}
    iam.put_role_policy(**policy, PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": rights}))
    refresh(laptop, "SelectItem", WORKFLOW_TYPE="EXPRESS")
    try:
        yield copy
    finally:
        refresh(laptop, "SelectItem", WORKFLOW_TYPE="STANDARD")
        iam.delete_role_policy(**policy)
        client.delete_state_machine(stateMachineArn=copy)


def run_backfill(laptop, backfill: str, prefix: str) -> tuple[str, str, list[tuple[str, str]]]:
    """A run over a prefix that has ended, its status, and the error and cause of each item that failed."""
    client = laptop.client("stepfunctions")
    run = new_run(Kind.DIGEST, datetime.now(UTC), "0000ee")
    source = {"kind": "listing", "prefix": prefix}
    given = {"run": {"id": run}, "source": source, "concurrency": 2, "tolerated_failure_percentage": 5}
    execution = client.start_execution(stateMachineArn=backfill, input=json.dumps(given))["executionArn"]
    status = status_when_ended(laptop, execution)
    [map_run] = client.list_map_runs(executionArn=execution)["mapRuns"]
    failed = client.list_executions(mapRunArn=map_run["mapRunArn"], statusFilter="FAILED")["executions"]
    ended = [client.describe_execution(executionArn=child["executionArn"]) for child in failed]
    return run, status, [(child["error"], child["cause"]) for child in ended]


def test_a_backfill_awaits_express_executions(laptop, models, express):
    with unnoticed(laptop):
        version = laptop.upload("express-good/a.png", drawing())

    with backfill_of(laptop, express) as backfill:
        run, status, failed = run_backfill(laptop, backfill, "express-good/")

    assert (status, failed) == ("SUCCEEDED", [])
    record = laptop.item("express-good/a.png", version)
    assert (record["verdict"], run_of(record["owner"])) == ("safe", run)
    assert ":express:" in record["owner"]


@pytest.mark.parametrize(
    ("ended", "changes"),
    [
        ("TIMED_OUT", {"TimeoutSeconds": 2}),
        ("FAILED", {"StartAt": "Broken", "States": {"Broken": {"Type": "Fail", "Error": "Broken"}}}),
    ],
    ids=["timed out", "failed"],
)
def test_an_express_execution_that_did_not_succeed_is_a_failed_item_of_a_backfill(laptop, models, ended, changes):
    models.fail("blip2", *[THROTTLED] * 1000)
    key = f"express-{ended}/a.png"
    with unnoticed(laptop):
        laptop.upload(key, drawing())

    with Machine(laptop, f"Brief{ended}", "EXPRESS", **changes) as brief, backfill_of(laptop, brief) as backfill:
        _, status, failed = run_backfill(laptop, backfill, f"express-{ended}/")

    assert (status, failed) == ("FAILED", [("ExecutionFailed", f"The Express execution ended as {ended}.")])
    assert "verdict" not in (laptop.item(key) or {})
