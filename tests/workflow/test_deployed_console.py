"""The deployed console's function under its own role: a review from the queue to the tag, and what it can't do."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.harness.instant_models import YES
from local.harness.laptop import Laptop
from moderation.adapters.s3_people import S3PeopleStore
from moderation.domain.people import Person
from tests.workflow.steps import ROOT, drawing, tag_of, variant

ANNA = Person(id="3f6c2a10-anna", pseudonym="p-1", roles=frozenset({"lead"}))
SHOP = Person(id="arn:aws:sts::123456789012:assumed-role/Shop", pseudonym="p-shop", roles=frozenset({"app"}))
KEY = "posts/a.png"
REFUSED = ("AccessDenied", "AccessDeniedException", "AuthorizationError")


@pytest.fixture(scope="module")
def laptop(tmp_path_factory, running) -> Iterator[Laptop]:
    """A deployment with the console and one image that waits for a person."""
    assembly = variant(tmp_path_factory.mktemp("console"), console="true")
    running.reset()
    running.answer = lambda png, prompt: YES
    with Laptop(assembly, running.url, environment={"LOCAL_TIME_SCALE": "100"}) as laptop:
        blog = (ROOT / "lambdas/moderation/packs/blog.yaml").read_text() + "\nreuse: false\nsticky_decisions: false\n"
        laptop.publish("packs/blog.yaml", blog)
        laptop.publish("routes.yaml", "'': {enforce: blog}\n")
        people = S3PeopleStore(laptop.client_of("Administrator", "s3"), laptop.outputs["PolicyBucketName"])
        people.replace([ANNA, SHOP], people.all()[1])
        yield laptop
    running.reset()


@pytest.fixture(scope="module")
def version(laptop) -> str:
    version = laptop.upload(KEY, drawing())
    assert laptop.wait_for_verdict(KEY)["verdict"] == "review"
    return str(version)


def ask(laptop, method: str, path: str, body: object = None, **claims: str) -> tuple[int, Any]:
    """The answer to a request whose token API Gateway verified."""
    known = claims or {"token_use": "access", "sub": ANNA.id}
    event = {
        "version": "2.0",
        "rawPath": f"/api{path}",
        "headers": {"content-type": "application/json"},
        "requestContext": {
            "http": {"method": method, "path": f"/api{path}"},
            "stage": "$default",
            "authorizer": {"jwt": {"claims": known, "scopes": ["review/use"]}},
        },
        "body": None if body is None else json.dumps(body),
        "isBase64Encoded": False,
    }
    answer = laptop.client("lambda").invoke(FunctionName=laptop.outputs["ApiFunctionName"], Payload=json.dumps(event))
    said = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, said
    return said["statusCode"], json.loads(said["body"])


def test_a_review_goes_from_the_queue_to_the_tag(laptop, version):
    status, taken = ask(laptop, "POST", "/next")
    assert status == 200 and taken["item"]["key"] == KEY and taken["item"]["preview"]
    item = f"/items/{taken['item']['item']}"
    assert ask(laptop, "GET", item)[1]["held_by_you"] is True
    assert ask(laptop, "POST", f"{item}/renew", {})[0] == 200
    status, shown = ask(laptop, "POST", f"{item}/reveal", {})
    assert status == 200 and shown["pictures"][0]["url"].startswith("http")
    screen = taken["item"]["screen"]
    decision = {"screen": screen, "verdict": "safe", "note": "A toy", "seen": True}
    status, made = ask(laptop, "POST", f"{item}/decide", decision)
    assert status == 200
    assert ask(laptop, "POST", f"{item}/undo", {"pending": made["pending"]})[0] == 200
    status, made = ask(laptop, "POST", f"{item}/decide", decision)
    assert status == 200
    assert ask(laptop, "POST", f"{item}/finish", {"pending": made["pending"]})[0] == 409
    assert tag_of(laptop, KEY, version) == {"moderation": "review"}
    let_time_pass(laptop, version)

    assert ask(laptop, "POST", f"{item}/finish", {"pending": made["pending"]}) == (200, {})

    assert tag_of(laptop, KEY, version) == {"moderation": "safe"}
    assert laptop.item(KEY)["history"][-1]["who"] == ANNA.id


def let_time_pass(laptop, version: str) -> None:
    laptop.client("dynamodb").update_item(
        TableName=laptop.outputs["VerdictTableName"],
        Key={"pk": {"S": f"{laptop.outputs['IntakeBucketName']}#{KEY}"}, "sk": {"S": version}},
        UpdateExpression="SET pending.#until = :past",
        ExpressionAttributeNames={"#until": "until"},
        ExpressionAttributeValues={":past": {"S": "2026-01-01T00:00:00.000Z"}},
    )


def test_an_escalation_puts_the_picture_where_nobody_else_reads_it(laptop, version):
    key = "posts/grave.png"
    laptop.upload(key, drawing(colour="maroon"))
    assert laptop.wait_for_verdict(key)["verdict"] == "review"
    status, taken = ask(laptop, "POST", "/next")
    assert (status, taken["item"]["key"]) == (200, key)

    assert ask(laptop, "POST", f"/items/{taken['item']['item']}/escalate", {}) == (200, {})

    assert laptop.item(key)["escalated_at"]
    with pytest.raises(ClientError, match="AccessDenied"):
        laptop.client_of("Reviewer", "s3").get_object(Bucket=laptop.outputs["IntakeBucketName"], Key=key)
    bucket = laptop.outputs["QuarantineBucketName"]
    copies = laptop.client_of("Quarantine", "s3").list_objects_v2(Bucket=bucket, Prefix="cases/")["Contents"]
    assert any("original" in copy["Key"] for copy in copies)


@pytest.mark.parametrize("path", ["/me", "/queue", "/policies", "/policies/blog", "/metrics"])
def test_what_is_read_can_be_read(laptop, version, path):
    assert ask(laptop, "GET", path)[0] == 200


@pytest.mark.parametrize(
    "claims",
    [
        {"token_use": "access", "sub": "somebody-else"},
        {"token_use": "id", "sub": ANNA.id},
        {"token_use": "access", "username": ANNA.id},
        {"token_use": "access", "sub": "x", "custom:sub": ANNA.id, "cognito:groups": "[lead]"},
    ],
)
def test_only_the_subject_of_an_access_token_says_who_asks(laptop, version, claims):
    assert ask(laptop, "GET", "/me", **claims)[0] == 401


@pytest.fixture(scope="module")
def stolen(laptop) -> Any:
    """Clients of whoever got hold of the credentials of the console's function."""
    anybody = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    laptop.client("iam").update_assume_role_policy(
        RoleName=laptop.outputs["ApiRoleArn"].rpartition("/")[2],
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [anybody]}),
    )

    return partial(laptop.client_of, "Api")


def test_a_stolen_role_gets_nowhere(laptop, version, stolen):
    outputs, now = laptop.outputs, datetime.now(UTC)
    s3, table, intake = stolen("s3"), outputs["VerdictTableName"], outputs["IntakeBucketName"]
    key = {"pk": {"S": f"{intake}#{KEY}"}, "sk": {"S": version}}
    image = {"Bucket": intake, "Key": KEY, "VersionId": version}
    audit = laptop.client("s3").list_objects_v2(Bucket=outputs["AuditBucketName"], Prefix="entries/")
    entry = {"Bucket": outputs["AuditBucketName"], "Key": audit["Contents"][0]["Key"]}
    before = laptop.item(KEY)

    def written(assignment: str, name: str) -> Any:
        return lambda: stolen("dynamodb").update_item(
            TableName=table,
            Key=key,
            UpdateExpression=f"SET #name = {assignment}",
            ExpressionAttributeNames={"#name": name},
            ExpressionAttributeValues={":value": {"S": "safe"}},
        )

    attempts = {
        "tag": lambda: s3.put_object_tagging(**image, Tagging={"TagSet": [{"Key": "moderation", "Value": "safe"}]}),
        "read the upload": lambda: s3.get_object(**image),
        "delete the upload": lambda: s3.delete_object(**image),
        "write the verdict": written(":value", "verdict"),
        "write the history": written(":value", "history"),
        "write what was found": written(":value", "evidence"),
        "delete the record": lambda: stolen("dynamodb").delete_item(TableName=table, Key=key),
        "push a pack": lambda: s3.put_object(Bucket=outputs["PolicyBucketName"], Key="packs/blog.yaml", Body=b"x"),
        "push routes": lambda: s3.put_object(Bucket=outputs["PolicyBucketName"], Key="routes.yaml", Body=b"x"),
        "give itself rights": lambda: s3.put_object(Bucket=outputs["PolicyBucketName"], Key="people.json", Body=b"{}"),
        "read the audit": lambda: s3.get_object(**entry),
        "overwrite the audit": lambda: s3.put_object(**entry, Body=b"x"),
        "delete the audit": lambda: s3.delete_object(**entry),
        "seal the audit": lambda: s3.put_object(
            Bucket=entry["Bucket"], Key=f"seals/{now:%Y-%m-%d}.json", Body=b"x", IfNoneMatch="*"
        ),
        "publish": lambda: stolen("sns").publish(TopicArn=outputs["UnsafeTopicArn"], Message="x"),
        "take the role of the quarantine": lambda: stolen("sts").assume_role(
            RoleArn=outputs["QuarantineRoleArn"], RoleSessionName="deployer"
        ),
        "run the sweeper": lambda: stolen("lambda").invoke(FunctionName=outputs["SweepFunctionName"]),
        "start an execution": lambda: stolen("stepfunctions").start_execution(stateMachineArn=outputs["WorkflowArn"]),
    }
    for what, attempt in attempts.items():
        with pytest.raises(ClientError) as refused:
            attempt()
        assert refused.value.response["Error"]["Code"] in REFUSED, what

    assert laptop.item(KEY) == before


def ask_as_app(laptop, method: str, path: str, body: object = None, signer: str = f"{SHOP.id}/session") -> Any:
    """The answer to a request whose signature API Gateway verified."""
    event = {
        "version": "2.0",
        "rawPath": f"/app{path}",
        "headers": {"content-type": "application/json"},
        "queryStringParameters": None if body else {"key": KEY, "version": str(laptop.item(KEY)["sk"])},
        "requestContext": {
            "http": {"method": method, "path": f"/app{path}"},
            "stage": "$default",
            "authorizer": {"iam": {"userArn": signer}} if signer else {},
        },
        "body": None if body is None else json.dumps(body),
        "isBase64Encoded": False,
    }
    name = laptop.outputs["AppApiFunctionName"]
    answer = laptop.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event))
    said = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, said
    return said["statusCode"], json.loads(said["body"])


def test_an_app_reports_an_image_and_a_person_gets_it_while_the_verdict_stays(laptop, version):
    before = laptop.item(KEY)
    body = {"key": KEY, "version": version, "notifier": "user-7", "text": "This is me"}

    status, sent = ask_as_app(laptop, "POST", "/notices", body)

    assert (status, sent["kind"], sent["outcome"]) == (200, "notice", "")
    after = laptop.item(KEY)
    assert after["queue"].startswith("review#") and after["severity"] >= 7
    assert (after["verdict"], after["history"]) == (before["verdict"], before["history"])
    assert ask_as_app(laptop, "POST", "/notices", body) == (200, sent)
    status, said = ask_as_app(laptop, "GET", "/verdict")
    assert (status, said["verdict"], [one["id"] for one in said["reports"]]) == (200, "safe", [sent["id"]])
    assert ask(laptop, "POST", "/next")[1]["item"]["reports"][0]["text"] == "This is me"


@pytest.mark.parametrize("signer", ["", "arn:aws:sts::123456789012:assumed-role/Other/session", SHOP.id + "2/session"])
def test_who_signed_and_is_no_app_gets_nothing(laptop, version, signer):
    assert ask_as_app(laptop, "GET", "/verdict", signer=signer)[0] == 401
