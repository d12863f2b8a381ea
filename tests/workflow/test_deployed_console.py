"""The deployed console's function under its own role: a review from the queue to the tag, and what it can't do.

Each test has people and images of its own: nobody's queue holds another test's images.
"""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from typing import Any

import jwt
import pytest
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives.asymmetric import rsa
from moto.utilities.utils import load_resource

from local.deploy import REGION
from local.harness.instant_models import YES
from local.harness.laptop import Laptop
from local.synth import STACK
from moderation.adapters.dynamodb_items import to_item
from moderation.adapters.dynamodb_verdicts import DynamoVerdictStore
from moderation.adapters.dynamodb_vouches import DynamoVouches
from moderation.adapters.s3_audit import S3AuditLog, S3AuditReader
from moderation.adapters.s3_people import S3PeopleStore
from moderation.domain.audit import AuditEvent
from moderation.domain.image_ref import ImageRef
from moderation.domain.lanes import PENDING, away
from moderation.domain.people import Person
from moderation.domain.record import Record, utc
from moderation.domain.review import PENDING_FOR, Pending, alike_id, screen_of
from moderation.domain.vouch import digest_of, vouched
from tests.workflow.steps import ROOT, drawing, tag_of, variant

ANNA = Person(id="3f6c2a10-anna", pseudonym="p-1", roles=frozenset({"lead"}), graphic_an_hour=100)
SHOP = Person(id="arn:aws:sts::123456789012:assumed-role/Shop", pseudonym="p-shop", roles=frozenset({"app"}))
REFUSED = ("AccessDenied", "AccessDeniedException", "AuthorizationError")
LONG_AGO = "2026-01-01T00:00:00.000Z"
PASSWORD = "Correct-horse-9"
# With which the laptop cloud signs the tokens of all its pools.
POOLS_KEY = "cognitoidp/resources/jwks-private.json"
KEPT = ("verdict", "decided_at", "history")
NUMBERS = count(1)


@pytest.fixture(scope="module")
def laptop(tmp_path_factory, running) -> Iterator[Laptop]:
    """A deployment with the console."""
    assembly = variant(tmp_path_factory.mktemp("console"), console="true")
    running.reset()
    running.answer = lambda png, prompt: YES
    with Laptop(assembly, running.url, environment={"LOCAL_TIME_SCALE": "100"}) as laptop:
        blog = (ROOT / "lambdas/moderation/packs/blog.yaml").read_text() + "\nreuse: false\nsticky_decisions: false\n"
        laptop.publish("packs/blog.yaml", blog)
        laptop.publish("routes.yaml", "'': {enforce: blog}\n")
        enrol(laptop, ANNA, SHOP)
        yield laptop
    running.reset()


class Pool:
    """A user pool of the laptop cloud, whose tokens the deployment takes once it is `named`."""

    def __init__(self, laptop: Laptop) -> None:
        self._laptop, self._cognito = laptop, laptop.client("cognito-idp")
        self.id = self._cognito.create_user_pool(PoolName="people")["UserPool"]["Id"]
        client = self._cognito.create_user_pool_client(
            UserPoolId=self.id, ClientName="page", ExplicitAuthFlows=["ALLOW_ADMIN_USER_PASSWORD_AUTH"]
        )
        self.client = client["UserPoolClient"]["ClientId"]
        self.issuer = f"https://cognito-idp.{REGION}.amazonaws.com/{self.id}"

    def name(self) -> None:
        """Name this pool as the one whose tokens count, as the stack ModerationConsole does."""
        keys = f"{self._laptop.url}/{self.id}/.well-known/jwks.json"
        value = json.dumps({"issuer": self.issuer, "client": self.client, "keys": keys})
        self._laptop.client("ssm").put_parameter(Name=f"/{STACK}/console-tokens", Value=value, Type="String")

    def add(self, name: str) -> str:
        """Add somebody and return the subject of their tokens."""
        made = self._cognito.admin_create_user(UserPoolId=self.id, Username=name)["User"]["Attributes"]
        self._cognito.admin_set_user_password(UserPoolId=self.id, Username=name, Password=PASSWORD, Permanent=True)
        return next(str(each["Value"]) for each in made if each["Name"] == "sub")

    def tokens(self, name: str) -> dict[str, str]:
        """Sign somebody in."""
        signed_in = self._cognito.admin_initiate_auth(
            UserPoolId=self.id,
            ClientId=self.client,
            AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": name, "PASSWORD": PASSWORD},
        )
        tokens: dict[str, str] = signed_in["AuthenticationResult"]
        return tokens


@pytest.fixture(scope="module")
def pool(laptop) -> Pool:
    made = Pool(laptop)
    made.name()
    return made


def enrol(laptop, *people: Person) -> None:
    """Add people to those who have rights."""
    store = S3PeopleStore(laptop.client_of("Administrator", "s3"), laptop.outputs["PolicyBucketName"])
    known, mark = store.all()
    store.replace((known | {person.id: person for person in people}).values(), mark)


@dataclass(frozen=True)
class Desk:
    """A lead at work on the images under a prefix, which nobody else sees."""

    laptop: Laptop
    who: Person
    prefix: str
    token: str

    def wait(self, *names: str, colour: str = "navy") -> list[ImageRef]:
        """Upload images of the same bytes that wait for a person."""
        bucket, keys = self.laptop.outputs["IntakeBucketName"], [f"{self.prefix}{name}" for name in names]
        made = [ImageRef(bucket, key, self.laptop.upload(key, drawing(colour=colour))) for key in keys]
        for image in made:
            assert self.laptop.wait_for_verdict(image.key)["verdict"] == "review"
        self.laptop.wait_until_idle()  # the tag follows the record
        return made

    def ask(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        return ask(self.laptop, method, path, body, token=self.token, token_use="access", sub=self.who.id)

    def take(self) -> Any:
        """The next item, leased."""
        status, taken = self.ask("POST", "/next")
        assert status == 200
        return taken["item"]


@pytest.fixture
def desk(laptop, pool) -> Desk:
    number = next(NUMBERS)
    who = replace(ANNA, id=pool.add(f"lead-{number}"), pseudonym=f"p-lead-{number}", prefixes=(f"posts-{number}/",))
    enrol(laptop, who)
    return Desk(laptop, who, f"posts-{number}/", pool.tokens(f"lead-{number}")["AccessToken"])


def ask(
    laptop, method: str, path: str, body: object = None, function: str = "Api", token: str = "", **claims: str
) -> tuple[int, Any]:
    """The answer to a request whose token API Gateway verified."""
    event = {
        "version": "2.0",
        "rawPath": f"/api{path}",
        "headers": {"content-type": "application/json", "authorization": f"Bearer {token}"},
        "requestContext": {
            "http": {"method": method, "path": f"/api{path}"},
            "stage": "$default",
            "authorizer": {"jwt": {"claims": claims, "scopes": ["review/use"]}},
        },
        "body": None if body is None else json.dumps(body),
        "isBase64Encoded": False,
    }
    name = laptop.outputs[f"{function}FunctionName"]
    answer = laptop.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event))
    said = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, said
    return said["statusCode"], json.loads(said["body"])


def test_a_review_goes_from_the_queue_to_the_tag(laptop, desk):
    [image] = desk.wait("a.png")
    taken = desk.take()
    assert taken["key"] == image.key and taken["preview"]
    item = f"/items/{taken['item']}"
    assert desk.ask("GET", item)[1]["held_by_you"] is True
    assert desk.ask("POST", f"{item}/renew", {})[0] == 200
    status, shown = desk.ask("POST", f"{item}/reveal", {})
    assert status == 200 and shown["pictures"][0]["url"].startswith("http")
    status, shown = desk.ask("POST", f"{item}/original", {})
    assert status == 200 and shown["pictures"][0]["url"].startswith("data:image/jpeg;base64,/9j/")
    decision = {"screen": taken["screen"], "verdict": "safe", "note": "A toy", "seen": True}
    status, made = desk.ask("POST", f"{item}/decide", decision)
    assert status == 200
    assert desk.ask("POST", f"{item}/undo", {"pending": made["pending"]})[0] == 200
    status, made = desk.ask("POST", f"{item}/decide", decision)
    assert status == 200
    assert desk.ask("POST", f"{item}/finish", {"pending": made["pending"]})[0] == 409
    assert tag_of(laptop, image.key, image.version) == {"moderation": "review"}
    let_time_pass(laptop, image)

    assert desk.ask("POST", f"{item}/finish", {"pending": made["pending"]}) == (200, {})

    assert tag_of(laptop, image.key, image.version) == {"moderation": "safe"}
    made = laptop.item(image.key)["history"][-1]
    assert (made["who"], made["seen"]) == (desk.who.id, True)


@pytest.mark.parametrize(("path", "name"), [("/audit", "entries"), ("/policy-log", "changes")])
def test_the_logs_are_read_by_a_function_of_their_own(laptop, path, name):
    log = S3AuditLog(laptop.client("s3"), laptop.outputs["AuditBucketName"])
    log.append(AuditEvent(action="reveal", who="p-1", at=utc(datetime.now(UTC)), image="a" * 32))
    laptop.invoke_rule("AuditSchedule")

    status, said = ask(laptop, "GET", path, function="LogApi", token_use="access", sub=ANNA.id)

    assert status == 200 and said[name]
    assert ask(laptop, "GET", path, token_use="access", sub=ANNA.id)[0] == 404, "not by the function that reviews"
    if path == "/audit":
        assert said["checked"]["entries"] and "p-1" in {one["event"]["who"] for one in said["entries"]}
    else:
        assert "packs/blog.yaml" in {change["key"] for change in said["changes"]}


def let_time_pass(laptop, *images: ImageRef) -> None:
    for image in images:
        laptop.client("dynamodb").update_item(
            TableName=laptop.outputs["VerdictTableName"],
            Key={"pk": {"S": image.pk}, "sk": {"S": image.version}},
            UpdateExpression="SET pending.#until = :past",
            ExpressionAttributeNames={"#until": "until"},
            ExpressionAttributeValues={":past": {"S": LONG_AGO}},
        )
        vouch_for(laptop, image)


def vouch_for(laptop, image: ImageRef) -> None:
    """Vouch for what is pending, as nobody but the function that verifies tokens can."""
    dynamodb, table = laptop.client("dynamodb"), laptop.outputs["VerdictTableName"]
    record = DynamoVerdictStore(dynamodb, table).get(image)
    assert isinstance(record, Record) and DynamoVouches(dynamodb, table).put(image, vouched(record))


def test_a_batch_of_two_is_decided_taken_back_and_decided_again_as_one(laptop, desk):
    images = desk.wait("a.png", "b.png", colour="teal")
    found = desk.ask("GET", f"/items/{desk.take()['item']}/identical")[1]["items"]
    assert sorted(one["key"] for one in found) == [image.key for image in images]
    items, screens = ([one[name] for one in found] for name in ("item", "screen"))
    batch: dict[str, Any] = {"items": items, "screens": screens, "verdict": "safe", "note": "Both are toys"}
    status, tried = desk.ask("POST", "/batches/try", batch)
    assert (status, len(tried["items"]), tried["left_alone"]) == (200, 2, [])

    def decided() -> Any:
        status, made = desk.ask("POST", "/batches", {**batch, "confirmed": 2})
        assert (status, len(made["items"]), made["left_alone"]) == (200, 2, [])
        assert {laptop.item(image.key)["pending"]["batch"] for image in images} == {made["batch"]}
        return made

    pending = {one["item"]: one["pending"] for one in decided()["items"]}
    status, undone = desk.ask("POST", "/batches/undo", {"items": list(pending), "pending": list(pending.values())})
    assert (status, len(undone["items"]), undone["left_alone"]) == (200, 2, [])
    for image in images:
        assert "pending" not in laptop.item(image.key) and laptop.item(image.key)["verdict"] == "review"

    made = decided()
    let_time_pass(laptop, *images)
    for one in made["items"]:
        assert desk.ask("POST", f"/items/{one['item']}/finish", {"pending": one["pending"]}) == (200, {})
    assert [tag_of(laptop, image.key, image.version) for image in images] == [{"moderation": "safe"}] * 2


def test_a_batch_counts_once_however_late_it_is_sent_again(laptop, desk):
    images = desk.wait("a.png", "b.png", colour="navy")
    found = desk.ask("GET", f"/items/{desk.take()['item']}/identical")[1]["items"]
    items, screens = ([one[name] for one in found] for name in ("item", "screen"))
    batch = {"items": items, "screens": screens, "verdict": "safe", "note": "Both are toys", "confirmed": 2}
    made = desk.ask("POST", "/batches", {**batch, "press": "the first"})[1]["items"]
    undone = {name: [one[name] for one in made] for name in ("item", "pending")}
    assert desk.ask("POST", "/batches/undo", {"items": undone["item"], "pending": undone["pending"]})[0] == 200

    status, late = desk.ask("POST", "/batches", {**batch, "press": "the first"})

    assert (status, late["items"]) == (200, [])
    assert ["taken this decision back" in one["why"] for one in late["left_alone"]] == [True, True]
    assert [laptop.item(image.key)["pending"] for image in images] == [{"id": one["pending"]} for one in made]

    anew = desk.ask("POST", "/batches", {**batch, "press": "the second"})[1]["items"]
    let_time_pass(laptop, *images)
    for one in anew:
        assert desk.ask("POST", f"/items/{one['item']}/finish", {"pending": one["pending"]}) == (200, {})
    status, again = desk.ask("POST", "/batches", {**batch, "press": "the second"})
    assert (status, again["items"], again["left_alone"]) == (200, anew, [])
    assert {laptop.item(image.key).get("pending_id") for image in images} == {None}


def test_an_escalation_puts_the_picture_where_nobody_else_reads_it(laptop, desk):
    [image] = desk.wait("grave.png", colour="maroon")

    assert desk.ask("POST", f"/items/{desk.take()['item']}/escalate", {}) == (200, {})

    assert laptop.item(image.key)["escalated_at"]
    with pytest.raises(ClientError, match="AccessDenied"):
        laptop.client_of("Reviewer", "s3").get_object(Bucket=image.bucket, Key=image.key)
    bucket = laptop.outputs["QuarantineBucketName"]
    copies = laptop.client_of("Quarantine", "s3").list_objects_v2(Bucket=bucket, Prefix=f"cases/{image.id}/")
    assert any("original" in copy["Key"] for copy in copies["Contents"])


def rendered(laptop, image: ImageRef, who: Person, client: Any) -> dict[str, str]:
    """Ask the function that shows uploads, without the API before it."""
    asked = {"bucket": image.bucket, "key": image.key, "version": image.version, "who": who.id}
    name = laptop.outputs["RenderOriginalFunctionName"]
    answer = client.invoke(FunctionName=name, Payload=json.dumps(asked))
    said: dict[str, str] = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, said
    return said


def test_no_upload_is_shown_that_is_not_leased_or_that_is_in_quarantine(laptop, desk, stolen):
    [image] = desk.wait("unseen.png", colour="olive")

    assert rendered(laptop, image, desk.who, stolen("lambda"))["refused"].startswith("This item isn't leased to you")

    assert desk.take()["key"] == image.key
    assert rendered(laptop, image, desk.who, stolen("lambda"))["picture"]
    version = {"Bucket": image.bucket, "Key": image.key, "VersionId": image.version}
    tags = {"TagSet": [{"Key": "quarantine", "Value": "escalated"}]}
    laptop.client_of("Quarantine", "s3").put_object_tagging(**version, Tagging=tags)
    denied = rendered(laptop, image, desk.who, stolen("lambda"))
    assert (denied["picture"], denied["refused"][:46]) == ("", "The upload can't be shown: The object can't be")


@pytest.mark.parametrize("path", ["/me", "/queue", "/policies", "/policies/blog", "/metrics"])
def test_what_is_read_can_be_read(laptop, path):
    assert ask(laptop, "GET", path, token_use="access", sub=ANNA.id)[0] == 200


@pytest.mark.parametrize(
    "claims",
    [
        {"token_use": "access", "sub": "somebody-else"},
        {"token_use": "id", "sub": ANNA.id},
        {"token_use": "access", "username": ANNA.id},
        {"token_use": "access", "sub": "x", "custom:sub": ANNA.id, "cognito:groups": "[lead]"},
    ],
)
def test_only_the_subject_of_an_access_token_says_who_asks(laptop, claims):
    assert ask(laptop, "GET", "/me", **claims)[0] == 401


def steal(laptop, role: str) -> Any:
    """Return what makes clients of whoever got hold of the credentials of a function with this role."""
    anybody = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    laptop.client("iam").update_assume_role_policy(
        RoleName=laptop.outputs[f"{role}RoleArn"].rpartition("/")[2],
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [anybody]}),
    )
    return partial(laptop.client_of, role)


@pytest.fixture(scope="module")
def stolen(laptop) -> Any:
    """Clients of whoever got hold of the credentials of the console's function."""
    return steal(laptop, "Api")


@pytest.fixture(scope="module")
def stolen_logs(laptop) -> Any:
    """Clients of whoever got hold of the credentials of the function that reads the logs."""
    function = laptop.client("lambda").get_function_configuration(FunctionName=laptop.outputs["LogApiFunctionName"])
    laptop.outputs["LogApiRoleArn"] = function["Role"]
    return steal(laptop, "LogApi")


def test_a_stolen_role_gets_nowhere(laptop, desk, stolen):
    outputs, now = laptop.outputs, datetime.now(UTC)
    s3, table = stolen("s3"), outputs["VerdictTableName"]
    [standing] = desk.wait("a.png")
    key = {"pk": {"S": standing.pk}, "sk": {"S": standing.version}}
    image = {"Bucket": standing.bucket, "Key": standing.key, "VersionId": standing.version}
    desk.ask("POST", f"/items/{desk.take()['item']}/reveal", {})
    audit = laptop.client("s3").list_objects_v2(Bucket=outputs["AuditBucketName"], Prefix="entries/")
    entry = {"Bucket": outputs["AuditBucketName"], "Key": audit["Contents"][0]["Key"]}
    before = laptop.item(standing.key)

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
        "write whose decision it is": written(":value", "vouched"),
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

    assert laptop.item(standing.key) == before


@pytest.mark.parametrize(
    ("function", "may"),
    [
        ("AppApi", {"write a report", "write a place in the queue", "write a pending decision"}),
        ("Vouch", {"write whose decision it is"}),
        ("RenderOriginal", {"read the upload"}),
    ],
)
def test_the_stolen_role_of_another_function_decides_nothing_either(laptop, desk, function, may):
    """Nothing that each may write of a record is a decision: one that comes into force takes two of these functions."""
    names = [found["FunctionName"] for found in laptop.client("lambda").list_functions()["Functions"]]
    [name] = [name for name in names if name.startswith(f"Moderation-Functions{function}Function")]
    configured = laptop.client("lambda").get_function_configuration(FunctionName=name)
    laptop.outputs[f"{function}RoleArn"] = configured["Role"]
    stolen, outputs = steal(laptop, function), laptop.outputs
    [standing] = desk.wait("a.png", colour="teal")
    s3, key = stolen("s3"), {"pk": {"S": standing.pk}, "sk": {"S": standing.version}}
    image = {"Bucket": standing.bucket, "Key": standing.key, "VersionId": standing.version}
    before = laptop.item(standing.key)

    def written(attribute: str) -> Any:
        return lambda: stolen("dynamodb").update_item(
            TableName=outputs["VerdictTableName"],
            Key=key,
            UpdateExpression="SET #name = :value",
            ConditionExpression="attribute_not_exists(pk)",  # a right is asked for first
            ExpressionAttributeNames={"#name": attribute},
            ExpressionAttributeValues={":value": {"S": "safe"}},
        )

    attempts = {
        "tag": lambda: s3.put_object_tagging(**image, Tagging={"TagSet": [{"Key": "moderation", "Value": "safe"}]}),
        "read the upload": lambda: s3.get_object(**image),
        "write the verdict": written("verdict"),
        "write the history": written("history"),
        "write what was found": written("evidence"),
        "write an opinion": written("opinions"),
        "write a sample": written("sample"),
        "write a report": written("reports"),
        "write a place in the queue": written("queue"),
        "write a pending decision": written("pending"),
        "write whose decision it is": written("vouched"),
        "delete the record": lambda: stolen("dynamodb").delete_item(TableName=outputs["VerdictTableName"], Key=key),
        "give itself rights": lambda: s3.put_object(Bucket=outputs["PolicyBucketName"], Key="people.json", Body=b"{}"),
        "push a pack": lambda: s3.put_object(Bucket=outputs["PolicyBucketName"], Key="packs/blog.yaml", Body=b"x"),
        "read the audit": lambda: s3.list_objects_v2(Bucket=outputs["AuditBucketName"]),
        "look into the quarantine": lambda: s3.list_objects_v2(Bucket=outputs["QuarantineBucketName"]),
        "publish": lambda: stolen("sns").publish(TopicArn=outputs["UnsafeTopicArn"], Message="x"),
        "take the role of the quarantine": lambda: stolen("sts").assume_role(
            RoleArn=outputs["QuarantineRoleArn"], RoleSessionName="deployer"
        ),
        "run another function": lambda: stolen("lambda").invoke(FunctionName=outputs["SweepFunctionName"]),
        "start an execution": lambda: stolen("stepfunctions").start_execution(stateMachineArn=outputs["WorkflowArn"]),
    }
    done = set()
    for what, attempt in attempts.items():
        try:
            attempt()
        except ClientError as refused:
            if refused.response["Error"]["Code"] in REFUSED:
                continue
        done.add(what)

    assert done == may
    assert laptop.item(standing.key) == before


def test_the_stolen_role_of_the_logs_reads_what_it_serves_and_nothing_else(laptop, desk, stolen_logs):
    outputs, s3 = laptop.outputs, stolen_logs("s3")
    [standing] = desk.wait("a.png", colour="olive")
    desk.ask("POST", f"/items/{desk.take()['item']}/reveal", {})
    laptop.invoke_rule("AuditSchedule")
    key = {"pk": {"S": standing.pk}, "sk": {"S": standing.version}}
    image = {"Bucket": standing.bucket, "Key": standing.key, "VersionId": standing.version}
    audit, policies, work = (outputs[f"{name}BucketName"] for name in ("Audit", "Policy", "Work"))
    all_keys = partial(laptop.client("s3").list_objects_v2, Bucket=audit)
    entry = {"Bucket": audit, "Key": all_keys(Prefix="entries/")["Contents"][0]["Key"]}
    [view, *_] = laptop.client("s3").list_objects_v2(Bucket=work, Prefix="work/")["Contents"]
    rights = {"Bucket": policies, "Key": "people.json"}
    table, dynamodb = outputs["VerdictTableName"], stolen_logs("dynamodb")
    versions = s3.list_object_versions(Bucket=policies)["Versions"]
    [earlier, *_] = [version["VersionId"] for version in versions if version["Key"] == "people.json"]
    before = (laptop.item(standing.key), laptop.client("s3").get_object(**rights)["ETag"])

    assert s3.get_object(**entry)["Body"].read() and s3.get_object(**rights)["Body"].read()
    attempts = {
        "read an upload": lambda: s3.get_object(**image),
        "list uploads": lambda: s3.list_objects_v2(Bucket=standing.bucket),
        "read a view": lambda: s3.get_object(Bucket=work, Key=view["Key"]),
        "list the work": lambda: s3.list_objects_v2(Bucket=work),
        "read a record": lambda: dynamodb.get_item(TableName=table, Key=key),
        "list records": lambda: dynamodb.scan(TableName=table),
        "read a pack": lambda: s3.get_object(Bucket=policies, Key="packs/blog.yaml"),
        "read earlier rights": lambda: s3.get_object(**rights, VersionId=earlier),
        "read the quarantine": lambda: s3.list_objects_v2(Bucket=outputs["QuarantineBucketName"]),
        "give itself rights": lambda: s3.put_object(**rights, Body=b"{}"),
        "push a pack": lambda: s3.put_object(Bucket=policies, Key="packs/blog.yaml", Body=b"x"),
        "log a change": lambda: s3.put_object(Bucket=policies, Key="history/log/x/y.json", Body=b"x", IfNoneMatch="*"),
        "add to the audit": lambda: s3.put_object(Bucket=audit, Key="entries/x/y.json", Body=b"x", IfNoneMatch="*"),
        "overwrite the audit": lambda: s3.put_object(**entry, Body=b"x"),
        "delete the audit": lambda: s3.delete_object(**entry),
        "seal the audit": lambda: s3.put_object(Bucket=audit, Key="seals/2026-01-01.json", Body=b"x", IfNoneMatch="*"),
        "claim a check": lambda: s3.put_object(Bucket=audit, Key="checks/9.json", Body=b"x", IfNoneMatch="*"),
        "tag": lambda: s3.put_object_tagging(**image, Tagging={"TagSet": [{"Key": "moderation", "Value": "safe"}]}),
        "write a record": lambda: dynamodb.put_item(TableName=table, Item=key),
        "publish": lambda: stolen_logs("sns").publish(TopicArn=outputs["UnsafeTopicArn"], Message="x"),
        "end a decision": lambda: stolen_logs("lambda").invoke(FunctionName=outputs["FinaliseFunctionName"]),
        "show an upload": lambda: stolen_logs("lambda").invoke(FunctionName=outputs["RenderOriginalFunctionName"]),
        "take another role": lambda: stolen_logs("sts").assume_role(
            RoleArn=outputs["QuarantineRoleArn"], RoleSessionName="deployer"
        ),
        "start an execution": lambda: stolen_logs("stepfunctions").start_execution(
            stateMachineArn=outputs["WorkflowArn"]
        ),
    }
    for what, attempt in attempts.items():
        with pytest.raises(ClientError) as refused:
            attempt()
        assert refused.value.response["Error"]["Code"] in REFUSED, what

    assert (laptop.item(standing.key), laptop.client("s3").get_object(**rights)["ETag"]) == before


def forged(laptop, stolen, image: ImageRef, who: Person, holder: Person | None = None, **said: Any) -> Pending:
    """Make a decision pending in somebody's name, leased to them, by the stolen role alone."""
    at = utc(datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=next(NUMBERS)))
    standing = standing_of(laptop, stolen, image)
    name, screen = alike_id([image], who.id, at), screen_of(standing)
    pending = replace(Pending(name, "safe", (), "Forged", who.id, at, LONG_AGO, screen, seen=True), **said)
    lease = {"lease_holder": (holder or who).id, "lease_until": "2099-01-01T00:00:00.000Z"}
    home = {f"home_{name}": standing.other[f"queue{end}"] for name, end in (("queue", ""), ("order", "_order"))}
    place = {"queue": away(PENDING), "queue_order": LONG_AGO} | (home if standing.home_queue is None else {})
    stored = {**asdict(pending), "categories": list(pending.categories)}
    write(laptop, stolen, image, {"pending": stored, "pending_id": pending.id, **lease, **place})
    return pending


def standing_of(laptop, stolen, image: ImageRef) -> Record:
    record = DynamoVerdictStore(stolen("dynamodb"), laptop.outputs["VerdictTableName"]).get(image)
    assert isinstance(record, Record)
    return record


def write(laptop, stolen, image: ImageRef, attributes: dict[str, Any]) -> None:
    stolen("dynamodb").update_item(
        TableName=laptop.outputs["VerdictTableName"],
        Key={"pk": {"S": image.pk}, "sk": {"S": image.version}},
        UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in attributes),
        ExpressionAttributeNames={f"#{name}": name for name in attributes},
        ExpressionAttributeValues=to_item({f":{name}": value for name, value in attributes.items()}),
    )


def asked(laptop, stolen, function: str, image: ImageRef, pending: str, **more: str) -> Any:
    """The answer of a function that the stolen role may invoke."""
    event = {"bucket": image.bucket, "key": image.key, "version": image.version, "pending": pending, **more}
    name = laptop.outputs[f"{function}FunctionName"]
    answer = stolen("lambda").invoke(FunctionName=name, Payload=json.dumps(event))
    said = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, said
    return said


def assert_nothing_came_into_force(laptop, stolen, image: ImageRef, pending: str) -> None:
    """Assert that a decision comes into force neither when it is ended nor by the schedule, and that its item waits."""
    ended = asked(laptop, stolen, "Finalise", image, pending)
    assert ended["verdict"] is None and "waits again" in ended["refused"]
    laptop.invoke_rule("FinaliseSchedule")
    standing = laptop.item(image.key)
    assert standing["verdict"] == "review" and "pending" not in standing and "history" not in standing
    assert tag_of(laptop, image.key, image.version) == {"moderation": "review"}


def test_a_stolen_role_decides_in_nobodys_name(laptop, desk, stolen):
    [image] = desk.wait("a.png", colour="olive")

    pending = forged(laptop, stolen, image, desk.who)

    assert_nothing_came_into_force(laptop, stolen, image, pending.id)
    log = S3AuditReader(laptop.client_of("Auditor", "s3"), laptop.outputs["AuditBucketName"])
    noted = [entry.body.decode() for entry in log.entries(f"{datetime.now(UTC):%Y-%m-%d}")]
    assert noted and not any(pending.id in entry for entry in noted)


def test_the_schedule_puts_no_forged_decision_into_force_either(laptop, desk, stolen):
    [image] = desk.wait("a.png", colour="olive")
    forged(laptop, stolen, image, desk.who)

    laptop.invoke_rule("FinaliseSchedule")

    standing = laptop.item(image.key)
    assert standing["verdict"] == "review" and "pending" not in standing and standing["queue"].startswith("review#")


@dataclass(frozen=True)
class Forgery:
    """Things that a forger may have at hand besides the stolen role."""

    claims: dict[str, Any]
    others: str
    foreign: Pool

    def signed(self, key: Any = None, **claims: Any) -> str:
        """A token like the person's own but for some claims, None leaving one out; by default signed by their pool."""
        said = {name: value for name, value in (self.claims | claims).items() if value is not None}
        return jwt.encode(said, key or jwt.PyJWK(load_resource(POOLS_KEY)).key, "RS256", {"kid": "dummy"})


TOKENS: dict[str, Callable[[Forgery], str]] = {
    "none": lambda given: "",
    "no token": lambda given: "a.b.c",
    "another person's": lambda given: given.others,
    "one that has ended": lambda given: given.signed(exp=1),
    "of another pool": lambda given: given.foreign.tokens("mallory")["AccessToken"],
    "of another pool in their name": lambda given: given.signed(iss=given.foreign.issuer),
    "of another client": lambda given: given.signed(client_id="another"),
    "one that says who they are": lambda given: given.signed(token_use="id"),
    "by another key": lambda given: given.signed(key=rsa.generate_private_key(65537, 2048)),
    "without a signature": lambda given: jwt.encode(given.claims, "", "none", {"kid": "dummy"}),
    "without an end": lambda given: given.signed(exp=None),
    "without a person": lambda given: given.signed(sub=None),
}


@pytest.fixture(scope="module")
def foreign(laptop) -> Pool:
    """A pool of somebody else, whose tokens are real."""
    made = Pool(laptop)
    made.add("mallory")
    return made


def test_nothing_but_a_persons_own_token_vouches_for_their_decision(laptop, desk, stolen, pool, foreign):
    [image] = desk.wait("a.png", colour="olive")
    pending = forged(laptop, stolen, image, desk.who)
    other = f"other-{next(NUMBERS)}"
    enrol(laptop, replace(desk.who, id=pool.add(other), pseudonym=other))
    claims = jwt.decode(desk.token, options={"verify_signature": False})
    forgery = Forgery(claims, pool.tokens(other)["AccessToken"], foreign)
    digest = digest_of(standing_of(laptop, stolen, image))

    for kind, made in TOKENS.items():
        token = made(forgery)
        said = asked(laptop, stolen, "Vouch", image, pending.id, digest=digest, token=token)
        assert said["refused"] and (not token or token not in said["refused"]), kind
        assert "vouched" not in laptop.item(image.key), kind

    assert_nothing_came_into_force(laptop, stolen, image, pending.id)


def test_a_token_is_in_no_log(laptop, desk, stolen):
    desk.wait("a.png", colour="olive")
    decided(desk)

    assert desk.token.split(".")[2] not in laptop.log.read_text()


def decided(desk: Desk) -> tuple[str, str]:
    """An item that its desk has just decided on: its name, and the decision's id."""
    taken = desk.take()
    body = {"screen": taken["screen"], "verdict": "safe", "note": "A toy", "seen": True}
    status, made = desk.ask("POST", f"/items/{taken['item']}/decide", body)
    assert status == 200, made
    return taken["item"], made["pending"]


@pytest.mark.parametrize(
    "change", [{"verdict": "unsafe", "categories": ["Weapons"]}, {"note": "x"}, {"until": LONG_AGO}], ids=str
)
def test_a_decision_that_was_vouched_for_is_not_exchanged(laptop, desk, stolen, change):
    [image] = desk.wait("a.png", colour="olive")
    _, pending = decided(desk)
    stored = dict(standing_of(laptop, stolen, image).pending or {})
    assert laptop.item(image.key)["vouched"]["id"] == pending
    write(laptop, stolen, image, {"pending": {**stored, "until": LONG_AGO, **change}})

    assert_nothing_came_into_force(laptop, stolen, image, pending)


def test_a_decision_that_was_taken_back_is_not_written_again(laptop, desk, stolen):
    [image] = desk.wait("a.png", colour="olive")
    item, pending = decided(desk)
    seen = standing_of(laptop, stolen, image)
    assert desk.ask("POST", f"/items/{item}/undo", {"pending": pending})[0] == 200
    again = {"pending": dict(seen.pending or {}), "pending_id": pending, "queue": seen.other["queue"]}
    write(laptop, stolen, image, again)
    time.sleep(PENDING_FOR.total_seconds())

    assert_nothing_came_into_force(laptop, stolen, image, pending)


def test_a_stolen_role_decides_for_nobody_who_may_not(laptop, desk, stolen):
    """Not even if somebody vouched for it."""
    [image] = desk.wait("a.png", colour="olive")
    auditor = replace(desk.who, id=f"{desk.who.id}-auditor", roles=frozenset({"auditor"}))
    elsewhere = replace(desk.who, id=f"{desk.who.id}-elsewhere", prefixes=("elsewhere/",))
    enrol(laptop, auditor, elsewhere)
    attempts: dict[str, Callable[[], Pending]] = {
        "nobody of the list": partial(forged, laptop, stolen, image, replace(desk.who, id="nobody")),
        "no right to decide": partial(forged, laptop, stolen, image, auditor),
        "out of scope": partial(forged, laptop, stolen, image, elsewhere),
        "another's lease": partial(forged, laptop, stolen, image, desk.who, holder=ANNA),
        "another screen": partial(forged, laptop, stolen, image, desk.who, screen="0" * 16),
    }

    for what, attempt in attempts.items():
        pending = attempt()
        vouch_for(laptop, image)
        ended = asked(laptop, stolen, "Finalise", image, pending.id)
        assert ended["verdict"] is None and "waits again" in ended["refused"], what
        standing = laptop.item(image.key)
        assert standing["verdict"] == "review" and "pending" not in standing, what
    assert tag_of(laptop, image.key, image.version) == {"moderation": "review"}


def ask_as_app(laptop, method: str, path: str, image: ImageRef, signer: str = "", body: object = None) -> Any:
    """The answer to a request whose signature API Gateway verified."""
    event = {
        "version": "2.0",
        "rawPath": f"/app{path}",
        "headers": {"content-type": "application/json"},
        "queryStringParameters": None if body else {"key": image.key, "version": image.version},
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


def test_an_app_reports_an_image_and_a_person_gets_it_while_the_verdict_stays(laptop, desk):
    [image] = desk.wait("a.png")
    before, shop = laptop.item(image.key), f"{SHOP.id}/session"
    body = {"key": image.key, "version": image.version, "notifier": "user-7", "text": "This is me"}

    status, sent = ask_as_app(laptop, "POST", "/notices", image, shop, body)

    assert (status, sent["kind"], sent["outcome"]) == (200, "notice", "")
    after = laptop.item(image.key)
    assert after["queue"].startswith("review#") and after["severity"] >= 7
    assert {name: after.get(name) for name in KEPT} == {name: before.get(name) for name in KEPT}
    assert ask_as_app(laptop, "POST", "/notices", image, shop, body) == (200, sent)
    status, said = ask_as_app(laptop, "GET", "/verdict", image, shop)
    assert (status, said["verdict"], [one["id"] for one in said["reports"]]) == (200, "review", [sent["id"]])
    status, stated = ask_as_app(laptop, "GET", "/statement", image, shop)
    assert (status, stated["verdict"], stated["restriction"]) == (200, "review", None)
    assert desk.take()["reports"][0]["text"] == "This is me"


@pytest.mark.parametrize("signer", ["", "arn:aws:sts::123456789012:assumed-role/Other/session", SHOP.id + "2/session"])
def test_who_signed_and_is_no_app_gets_nothing(laptop, signer):
    image = ImageRef(laptop.outputs["IntakeBucketName"], "any.png", "v1")

    assert ask_as_app(laptop, "GET", "/verdict", image, signer)[0] == 401
