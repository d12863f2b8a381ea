"""A cloud to check, patched moto or stock, and the resources that the checks make in it."""

import io
import json
import uuid
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.support.waiting import PATIENCE_S, eventually

T = TypeVar("T")

CODE = """
def handler(event, context):
    if event.get("fail", True):
        raise RuntimeError("this function never works")
    return "done"
"""
DUMMY = {"aws_access_key_id": "local", "aws_secret_access_key": "local"}


@dataclass(frozen=True)
class Cloud:
    """A running moto: its URL, and the time to wait for what it does in the background."""

    url: str
    patience_s: float

    def client(self, service: str) -> Any:
        """A boto3 client that doesn't retry: a call that moto can't answer fails at once."""
        once = Config(retries={"total_max_attempts": 1})
        return boto3.client(service, endpoint_url=self.url, region_name="us-east-1", config=once, **DUMMY)  # type: ignore[call-overload]

    def eventually(self, look: Callable[[], T | None], patience_s: float | None = None) -> T:
        """Return the first truthy result of `look`."""
        return eventually(look, patience_s or self.patience_s)

    def bucket(self) -> str:
        name = unique()
        self.client("s3").create_bucket(Bucket=name)
        return name

    def queue(self) -> tuple[str, str]:
        """A queue that takes messages from everyone: its URL and ARN."""
        sqs = self.client("sqs")
        url = sqs.create_queue(QueueName=unique())["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        policy = document({"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": arn})
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
        return url, arn

    def receive(self, queue_url: str) -> dict[str, Any]:
        """The next message, parsed."""
        body: dict[str, Any] = json.loads(self.message(queue_url)["Body"])
        return body

    def message(self, queue_url: str) -> dict[str, Any]:
        """The next message, with its attributes."""
        sqs = self.client("sqs")
        whole = {"QueueUrl": queue_url, "MessageAttributeNames": ["All"]}
        message: dict[str, Any] = self.eventually(lambda: sqs.receive_message(**whole).get("Messages"))[0]
        sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
        return message

    def role(self) -> str:
        """The ARN of a role that services may assume and that may do everything."""
        iam, name = self.client("iam"), unique()
        services = [f"{service}.amazonaws.com" for service in ("events", "lambda", "states")]
        trust = {"Effect": "Allow", "Principal": {"Service": services}, "Action": "sts:AssumeRole"}
        role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(trust))["Role"]["Arn"]
        everything = document({"Effect": "Allow", "Action": "*", "Resource": "*"})
        iam.put_role_policy(RoleName=name, PolicyName="Everything", PolicyDocument=everything)
        return str(role)

    def rule(self, pattern: Mapping[str, Any], *targets: Mapping[str, Any]) -> None:
        """A rule with these targets, which get the ids that they lack."""
        events, name = self.client("events"), unique()
        events.put_rule(Name=name, EventPattern=json.dumps(pattern))
        events.put_targets(Rule=name, Targets=[{"Id": str(n), **target} for n, target in enumerate(targets)])

    def send(self, source: str, detail: Mapping[str, Any]) -> None:
        """Put an event of our own on the default bus."""
        entry = {"Source": source, "DetailType": "Check", "Detail": json.dumps(detail)}
        self.client("events").put_events(Entries=[entry])

    def machine(self, state: Mapping[str, Any], *, kind: str = "STANDARD", **top: Any) -> str:
        """The ARN of a state machine of one state."""
        definition = json.dumps(one_state(state) | top)
        made = self.client("stepfunctions").create_state_machine(
            name=unique(), definition=definition, roleArn=self.role(), type=kind
        )
        return str(made["stateMachineArn"])

    def run(self, machine: str) -> dict[str, Any]:
        """Run a state machine; the description of the ended execution."""
        stepfunctions = self.client("stepfunctions")
        # a name of its own: moto gives none to an execution without
        execution = stepfunctions.start_execution(stateMachineArn=machine, name=unique())["executionArn"]

        def ended() -> dict[str, Any] | None:
            description: dict[str, Any] = stepfunctions.describe_execution(executionArn=execution)
            return None if description["status"] == "RUNNING" else description

        return self.eventually(ended, PATIENCE_S)

    def stack(
        self, resources: Mapping[str, Any], outputs: Mapping[str, Any] | None = None, *, protected: bool = False
    ) -> "Stack":
        """A stack of these resources, made."""
        stack = Stack(self, unique())
        self.client("cloudformation").create_stack(
            StackName=stack.name, TemplateBody=template(resources, outputs), EnableTerminationProtection=protected
        )
        return stack


@dataclass(frozen=True)
class Stack:
    cloud: Cloud
    name: str

    def update(self, resources: Mapping[str, Any], outputs: Mapping[str, Any] | None = None) -> None:
        self.cloud.client("cloudformation").update_stack(StackName=self.name, TemplateBody=template(resources, outputs))

    def delete(self) -> None:
        self.cloud.client("cloudformation").delete_stack(StackName=self.name)

    def outputs(self) -> dict[str, str]:
        stacks = self.cloud.client("cloudformation").describe_stacks(StackName=self.name)["Stacks"]
        return {output["OutputKey"]: output["OutputValue"] for output in stacks[0].get("Outputs", [])}

    def resource(self, logical_id: str) -> str:
        """The physical id of a resource."""
        found = self.cloud.client("cloudformation").describe_stack_resources(
            StackName=self.name, LogicalResourceId=logical_id
        )
        return str(found["StackResources"][0]["PhysicalResourceId"])


def unique() -> str:
    """A name that no other check uses."""
    return f"check-{uuid.uuid4().hex}"


def refusal(call: Callable[..., Any], *args: Any, **request: Any) -> str | None:
    """The code of the error with which a call is refused; None if it isn't."""
    try:
        call(*args, **request)
    except ClientError as fault:
        return str(fault.response["Error"]["Code"])
    return None


def code() -> bytes:
    """The code of a function that fails unless it is told not to."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("code.py", CODE)
    return buffer.getvalue()


def uploaded_code(cloud: Cloud) -> dict[str, str]:
    """The same in S3, as a template names it."""
    place = {"S3Bucket": cloud.bucket(), "S3Key": "code.zip"}
    cloud.client("s3").put_object(Bucket=place["S3Bucket"], Key=place["S3Key"], Body=code())
    return place


def function(cloud: Cloud, **more: Any) -> dict[str, Any]:
    """The properties of a function in a template, and what `more` gives."""
    return {
        "Code": uploaded_code(cloud),
        "Handler": "code.handler",
        "Runtime": "python3.14",
        "Role": cloud.role(),
        "Timeout": 20,
        **more,
    }


def document(*statements: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def one_state(state: Mapping[str, Any]) -> dict[str, Any]:
    """The definition of a state machine of one state."""
    end = {} if state["Type"] in ("Succeed", "Fail") else {"End": True}
    return {"StartAt": "Only", "States": {"Only": {**state, **end}}}


def template(resources: Mapping[str, Any], outputs: Mapping[str, Any] | None = None) -> str:
    """A CloudFormation template: resources as `(type, properties)`, or whole; outputs by name."""
    whole = {
        name: dict(zip(("Type", "Properties"), resource, strict=True)) if isinstance(resource, tuple) else resource
        for name, resource in resources.items()
    }
    return json.dumps(
        {"Resources": whole, "Outputs": {name: {"Value": value} for name, value in (outputs or {}).items()}}
    )


def ref(name: str) -> dict[str, str]:
    return {"Ref": name}


def get(name: str, attribute: str = "Arn") -> dict[str, list[str]]:
    return {"Fn::GetAtt": [name, attribute]}
