"""A deployment in moto, and a person who types commands at it."""

import copy
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.cloudformation.models import Stack
from typer.testing import CliRunner

from moderate.deployment import outputs_of
from moderate.main import app
from moderation.adapters.dynamodb_items import from_item, to_item
from moderation.adapters.dynamodb_verdicts import DynamoVerdictStore
from moderation.domain.image_ref import ImageRef
from moderation.domain.policy import pack_data
from moderation.domain.record import shard_of
from tests.command.history import CREATED, DECIDED, OWNER, PACK
from tests.support.sessions import new_session

EDITOR = "arn:aws:iam::123456789012:role/PolicyEditor"
TEMPLATE = Path(__file__).with_name("deployment.template.yaml")


class KeptClients(boto3.Session):
    """A session that makes a client once for the same arguments and environment."""

    def __init__(self) -> None:
        super().__init__()
        self.made: dict[object, Any] = {}

    def client(self, service_name: Any, config: Any = None, **others: Any) -> Any:  # type: ignore[override]  # it has an overload a service
        if others or service_name in ("dynamodb", "stepfunctions"):  # on these the adapters register handlers
            return super().client(service_name, config=config, **others)
        environment = frozenset((name, value) for name, value in os.environ.items() if name.startswith("AWS_"))
        key = (service_name, id(config), environment)
        if key not in self.made:
            self.made[key] = (super().client(service_name, config=config), config)
        return self.made[key][0]


@pytest.fixture(scope="session")
def session():
    """One session for all tests: making one reads megabytes of service models."""
    return KeptClients()


@pytest.fixture(autouse=True)
def aws(monkeypatch, session):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE", "MODERATION_STACK"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "400")
    monkeypatch.setattr("moderation.adapters.sqs_dead_letters._POLL_SECONDS", 0)  # moto has one server to ask
    with mock_aws():
        monkeypatch.setattr(boto3, "DEFAULT_SESSION", session)
        yield


@dataclass
class Deployed:
    """A deployment that tests look into, with ways to bring a record into a state."""

    outputs: dict[str, str]

    def __post_init__(self):
        self.s3, self.sns, self.sqs = boto3.client("s3"), boto3.client("sns"), boto3.client("sqs")
        self.workflow = boto3.client("stepfunctions")
        self.dynamodb = boto3.client("dynamodb")
        self.verdicts = DynamoVerdictStore(self.dynamodb, "verdicts")

    def put_object(self, key: str = "in/a.jpg") -> ImageRef:
        version = self.s3.put_object(Bucket="intake", Key=key, Body=b"x")["VersionId"]
        return ImageRef("intake", key, version)

    def put_record(self, image: ImageRef, **attributes: Any) -> None:
        """A record; a claim unless told otherwise."""
        record = {
            "pk": image.pk,
            "sk": image.version,
            "schema_version": 1,
            "owner": OWNER,
            "status": "decided" if "verdict" in attributes else "claimed",
            "created_at": CREATED,
            "image": {"bucket": image.bucket, "key": image.key, "version": image.version, "size": 1},
            **attributes,
        }
        record["verdict_shard"] = shard_of(image, attributes.get("verdict", "claimed"), record["created_at"])
        self.dynamodb.put_item(TableName="verdicts", Item=to_item(record))

    def put_unsafe(self, image: ImageRef, **attributes: Any) -> None:
        """A record of a machine's verdict, unsafe for violence."""
        self.work("provenance/packs/" + PACK.digest + ".json", pack_data(PACK))
        finding: dict[str, Any] = {"view": "full", "question_id": "weapon", "question": PACK.questions[0].text}
        finding |= {"categories": ["Violence"], "score": 0.97, "threshold": 0.5, "over": True, "near": True}
        answer = {"view": "full", "question": PACK.questions[0].text, "text": "yes", "p_yes": 0.97, "p_blank": 0.1}
        verdict = {
            "verdict": "unsafe",
            "category": "Violence",
            "reason": "The judge sees a gun.",
            "decided_by": "judge",
        }
        self.put_record(
            image,
            **verdict,
            decided_at=DECIDED,
            execution=OWNER,
            policy={"name": "default", "digest": PACK.digest},
            evidence=[finding],
            answers=[answer],
            top_finding=finding,
            captions=[{"view": "full", "text": "a man with a gun"}],
            models={"blip2": "blip2-demo", "llama": "stand-in"},
            prompt_version="judge-1",
            preprocessing_version="4",
            repairs=0,
            notified=True,
            **attributes,
        )

    def put_failure(self, image: ImageRef, error: str = "EndpointUnavailable", **attributes: Any) -> None:
        """A record of a failure."""
        verdict = {"verdict": "review", "category": None, "reason": "It failed.", "decided_by": "failure"}
        cause = json.dumps({"Error": error, "Cause": ""})
        standing = {**verdict, "cause": cause, "decided_at": DECIDED, "execution": OWNER}
        self.put_record(image, **(standing | attributes))

    def record(self, image: ImageRef) -> Any:
        """The item as it is stored, or None."""
        key = {"pk": {"S": image.pk}, "sk": {"S": image.version}}
        item = self.dynamodb.get_item(TableName="verdicts", Key=key).get("Item")
        return from_item(item) if item else None

    def tag(self, image: ImageRef) -> str | None:
        tags = self.s3.get_object_tagging(Bucket=image.bucket, Key=image.key, VersionId=image.version)["TagSet"]
        return next((tag["Value"] for tag in tags if tag["Key"] == "moderation"), None)

    def work(self, key: str, content: dict[str, Any]) -> None:
        self.s3.put_object(Bucket="work", Key=key, Body=json.dumps(content).encode())

    def listen(self, topic: str) -> str:
        """A queue that hears what a topic says from now on."""
        url = self.sqs.create_queue(QueueName=topic)["QueueUrl"]
        arn = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        self.sns.subscribe(TopicArn=self.outputs[topic], Protocol="sqs", Endpoint=arn)
        return url

    def heard(self, queue: str) -> list[dict[str, Any]]:
        """The messages on a queue; reading takes them off."""
        messages = self.sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
        for message in messages:
            self.sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return [json.loads(json.loads(message["Body"])["Message"]) for message in messages]


@pytest.fixture(scope="session")
def template() -> dict[str, Any]:
    """The deployment's template, read once."""
    return Stack.parse_template(TEMPLATE.read_text())


@pytest.fixture
def deployed(template) -> Deployed:
    cloudformation = boto3.client("cloudformation")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Stack, "parse_template", staticmethod(lambda _: copy.deepcopy(template)))
        cloudformation.create_stack(StackName="Moderation", TemplateBody=TEMPLATE.read_text())
    for bucket in ("intake", "policies"):  # moto makes buckets from templates without their versioning
        boto3.client("s3").put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    outputs = cloudformation.describe_stacks(StackName="Moderation")["Stacks"][0]["Outputs"]
    return Deployed({output["OutputKey"]: output["OutputValue"] for output in outputs})


@pytest.fixture
def moderate():
    """Runs `moderate` with arguments; gives the result with its exit code, stdout and stderr."""

    def run(*arguments: object):
        result = CliRunner().invoke(app, [str(argument) for argument in arguments])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    return run


@pytest.fixture
def shared(deployed, monkeypatch):
    """A deployment that needs two editors."""
    monkeypatch.setattr("moderate.deployment.outputs_of", lambda stack: outputs_of(stack) | {"PolicyApproval": "true"})
    return deployed


@pytest.fixture
def editor(deployed, moderate, monkeypatch):
    """Runs `moderate policy` as an editor of that name."""
    sessions = {}

    def run(name, *words):
        if name not in sessions:
            sessions[name] = boto3.client("sts").assume_role(RoleArn=EDITOR, RoleSessionName=name)["Credentials"]
        keys = sessions[name]
        with monkeypatch.context() as patch:
            patch.setenv("AWS_ACCESS_KEY_ID", keys["AccessKeyId"])
            patch.setenv("AWS_SECRET_ACCESS_KEY", keys["SecretAccessKey"])
            patch.setenv("AWS_SESSION_TOKEN", keys["SessionToken"])
            patch.setattr(boto3, "DEFAULT_SESSION", new_session())
            return moderate("policy", *words)

    return run
