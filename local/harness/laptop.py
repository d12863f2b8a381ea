"""Deployed laptop cloud for tests: a synthesised assembly, running, with the calls that tests need."""

import json
import tempfile
import time
import uuid
from collections.abc import Mapping
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any

import boto3
from boto3.dynamodb.types import TypeDeserializer

from local import deploy as deployment
from local.emulator import emulator
from local.policies import publish
from local.queues import subscribe_queue
from local.schedules import invoke
from local.synth import STACK

_deserialize = TypeDeserializer().deserialize


class Laptop:
    """`with Laptop(assembly, models.url) as laptop:` starts the emulator in a process of its own and deploys.

    `environment` is added to the emulator's: `{"LOCAL_TIME_SCALE": "100"}` makes waits 100 times shorter.
    """

    def __init__(
        self,
        assembly: Path,
        models_url: str,
        *,
        stack: str = STACK,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._assembly = assembly
        self._models_url = models_url
        self._stack = stack
        self._environment = environment
        self._exits = ExitStack()
        self.client = cache(self._client)
        self.url = ""
        self.outputs: dict[str, str] = {}

    def __enter__(self) -> "Laptop":
        with ExitStack() as starting:
            folder = Path(starting.enter_context(tempfile.TemporaryDirectory(prefix="laptop-test-")))
            self.url = starting.enter_context(emulator(folder, self._models_url, self._environment))
            self.log = folder / "cloud.log"
            self.outputs = deployment.deploy(self._assembly, self._stack, self.url)
            self._exits = starting.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._exits.close()

    def _client(self, service: str) -> Any:
        """Return a boto3 client of the emulator; `client` caches it."""
        return deployment.client(service, self.url)

    def keys_of(self, role: str) -> dict[str, str]:
        """Return the environment variables for an operator role, such as `Reviewer`."""
        sts = self.client("sts")
        name = sts.get_caller_identity()["Arn"].rpartition("/")[2]
        keys = sts.assume_role(RoleArn=self.outputs[f"{role}RoleArn"], RoleSessionName=name)["Credentials"]
        return {
            "AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
            "AWS_SESSION_TOKEN": keys["SessionToken"],
        }

    def client_of(self, role: str, service: str) -> Any:
        """Return a boto3 client under an operator role."""
        keys = {name.lower(): value for name, value in self.keys_of(role).items()}
        return boto3.client(service, endpoint_url=self.url, region_name=deployment.REGION, **keys)  # type: ignore[call-overload]

    def upload(self, key: str, body: bytes, **more: Any) -> str:
        """Put an object into the intake bucket, return its version. `more` goes to PutObject (Metadata, Tagging, …)."""
        bucket = self.outputs["IntakeBucketName"]
        answer = self.client("s3").put_object(Bucket=bucket, Key=key, Body=body, **more)
        return str(answer["VersionId"])

    def publish(self, key: str, text: str) -> None:
        """Put a pack or the routes into the policy bucket without validation."""
        publish(self.outputs, self.url, key, text.encode())

    def item(self, key: str, version: str | None = None) -> dict[str, Any] | None:
        """Return the item of an object version (by default the newest) as plain data, None if there is none."""
        request = {
            "TableName": self.outputs["VerdictTableName"],
            "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": {":pk": {"S": f"{self.outputs['IntakeBucketName']}#{key}"}},
            "ConsistentRead": True,
        }
        found = self.client("dynamodb").query(**request)["Items"]
        items = [{name: _deserialize(value) for name, value in item.items()} for item in found]
        items = [item for item in items if version in (None, item["sk"])]
        return max(items, key=lambda item: (item.get("created_at", ""), item.get("claimed_at", "")), default=None)

    def wait_for_verdict(
        self, key: str, version: str | None = None, timeout_s: float = 120, poll_s: float = 0.02
    ) -> dict[str, Any]:
        """Wait for a verdict and return the item. Fails after `timeout_s` with the item and the executions."""
        until = time.monotonic() + timeout_s
        while True:
            item = self.item(key, version)
            if item and "verdict" in item:
                return item
            if time.monotonic() > until:
                raise AssertionError(f"No verdict on {key} after {timeout_s} s: {item}\n{self.executions()}")
            time.sleep(poll_s)

    def executions(self, status: str | None = None) -> list[dict[str, Any]]:
        """Return all executions of the workflow as in DescribeExecution, newest first."""
        machine = {"stateMachineArn": self.outputs["WorkflowArn"], **({"statusFilter": status} if status else {})}
        stepfunctions = self.client("stepfunctions")
        pages = stepfunctions.get_paginator("list_executions").paginate(**machine)
        arns = [execution["executionArn"] for page in pages for execution in page["executions"]]
        return [stepfunctions.describe_execution(executionArn=arn) for arn in arns]

    def wait_until_idle(self, timeout_s: float = 120) -> None:
        """Return when no execution runs any more."""
        until = time.monotonic() + timeout_s
        while running := self.executions("RUNNING"):
            if time.monotonic() > until:
                raise AssertionError(f"Still running after {timeout_s} s: {running}")
            time.sleep(0.05)

    def history(self, execution_arn: str) -> list[dict[str, Any]]:
        """Return all events of an execution."""
        return list(self.client("stepfunctions").get_execution_history(executionArn=execution_arn)["events"])

    def states_entered(self, execution_arn: str) -> list[str]:
        """Return the names of the states that an execution entered, in order."""
        details = (event.get("stateEnteredEventDetails") for event in self.history(execution_arn))
        return [detail["name"] for detail in details if detail]

    def subscribe_queue(self, topic_output: str) -> str:
        """Create a queue subscribed to the topic in output `topic_output` and return its URL."""
        name = f"test-{uuid.uuid4().hex}"
        return subscribe_queue(self.client("sqs"), self.client("sns"), self.outputs[topic_output], name)

    def receive(self, queue_url: str, timeout_s: float = 120) -> dict[str, Any]:
        """The next message of a queue, deleted; its body parsed. Fails after `timeout_s`."""
        sqs = self.client("sqs")
        until = time.monotonic() + timeout_s
        while time.monotonic() < until:
            for message in sqs.receive_message(QueueUrl=queue_url).get("Messages", []):
                sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
                body: dict[str, Any] = json.loads(message["Body"])
                return body
            time.sleep(0.05)
        raise AssertionError(f"No message in {queue_url} after {timeout_s} s")

    def invoke_rule(self, name: str) -> list[Any]:
        """Invoke the function targets of the scheduled rules whose name contains `name`, and return their answers."""
        events = self.client("events")
        rules = [rule["Name"] for rule in events.list_rules()["Rules"] if name in rule["Name"]]
        if not rules:
            raise AssertionError(f"No rule's name contains {name!r}")
        targets = [t for rule in rules for t in events.list_targets_by_rule(Rule=rule)["Targets"]]
        return [self._invoke(target) for target in targets]

    def _invoke(self, target: Mapping[str, Any]) -> Any:
        answer = invoke(self.client("lambda"), target)
        result = json.loads(answer["Payload"].read())
        if "FunctionError" in answer:
            raise AssertionError(f"{target['Arn']} failed: {result}")
        return result

    def logs(self, function_name: str) -> str:
        """Return the content of the log groups whose name contains `function_name`, such as `PrepareImage`."""
        logs = self.client("logs")
        names = [group["logGroupName"] for group in logs.describe_log_groups()["logGroups"]]
        lines = []
        for group in (name for name in names if function_name in name):
            pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group)
            lines += [event["message"] for page in pages for event in page["events"]]
        return "\n".join(lines)
