"""`make e2e`: deploy to the AWS account of the environment, moderate some images, destroy, and report leftovers.

It first prints account and region, runs `moderate doctor`, prints the approximate cost and asks for confirmation. After
that it always ends with `cdk destroy`, even after Ctrl-C, unless --keep is given. The exit status is 1 if a check fails
or a resource is left over.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.table import Table

from local.demo import MODERATE
from local.samples import sample_drawings
from local.synth import CDK, PROJECT
from moderate.checks.plan import Plan
from moderate.costs import prices
from moderate.deployment import Deployment, find
from moderate.failures import CommandFailed
from moderation import contract
from moderation.domain.image_ref import ImageRef
from scripts.release import inventory

STACKS = tuple(contract.STACKS.values())
NAME_MARKER = "moderation"  # part of every name given by CloudFormation or this script
DRAWINGS = 5
HOURS = 1.0  # creating two endpoints takes most of it
VERDICT_TIMEOUT_S = 1800
MESSAGE_TIMEOUT_S = 120


class RunFailed(Exception):
    """The run can't start, or a check failed; the message names the remedy or the problems."""


EXPECTED_ERRORS = (RunFailed, CommandFailed, BotoCoreError, ClientError)


@dataclass(frozen=True)
class RunOptions:
    """Options of a run. `instances` has the initial number of instances by type, empty for existing endpoints."""

    context: tuple[str, ...]
    deploy_options: tuple[str, ...]
    yes: bool
    keep: bool
    instances: Mapping[str, int]


def main() -> int:
    console = Console()
    try:
        run = _arguments()
        _print_target(console)
        _refuse_to_touch_a_deployment()
        _refuse_what_would_fail(run)
        _ask(console, run)
        with _removed_at_the_end(console, run):
            return _deploy_and_check(console, run)
    except EXPECTED_ERRORS as error:
        _print_error(console, error)
        return 1
    except KeyboardInterrupt:
        return 130


def _deploy_and_check(console: Console, run: RunOptions) -> int:
    try:
        _cdk("deploy", "--all", "--require-approval=never", *run.deploy_options, *run.context)
        with _subscribed_queue() as (queue, arn):
            _check(console, queue, arn)
    except EXPECTED_ERRORS as error:
        _print_error(console, error)
        return 1
    return 0


def _print_error(console: Console, error: Exception) -> None:
    console.print(str(error), style="red", soft_wrap=True, markup=False)


def _arguments() -> RunOptions:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--yes", action="store_true", help="don't ask for confirmation, for CI")
    parser.add_argument("--keep", action="store_true", help="keep the deployment, which goes on costing money")
    parser.add_argument("--existing-endpoints", metavar="BLIP2,LLAMA", help="use existing endpoints, create none")
    parser.add_argument("--accept-llama2-eula", action="store_true", help="accept Meta's licence for Llama 2")
    parser.add_argument("-c", "--context", action="append", default=[], help="a setting, as for cdk")
    parser.add_argument("--deploy-option", action="append", default=[], help="additional option of cdk deploy")
    given = parser.parse_args()
    endpoints = (given.existing_endpoints or "").split(",")
    if given.existing_endpoints and len(endpoints) != 2:
        parser.error("--existing-endpoints takes two names, as in blip2,llama")
    if not given.existing_endpoints and not given.accept_llama2_eula:
        parser.error(
            "read Meta's licence (https://ai.meta.com/llama/license/) and pass --accept-llama2-eula, or pass your own "
            "--existing-endpoints"
        )
    names = [f"blip2Endpoint={endpoints[0]}", f"llamaEndpoint={endpoints[1]}"] if given.existing_endpoints else []
    settings = [*(names or ["acceptLlama2Eula=true"]), *given.context]
    plan = Plan.of(settings)
    if plan.context.get("terminationProtection", "").lower() == "true":
        parser.error("terminationProtection=true would prevent the run from destroying its deployment: leave it out")
    context = tuple(word for setting in settings for word in ("--context", setting))
    instances = {instance: least for instance, (least, _) in plan.instances.items()}
    return RunOptions(context, tuple(given.deploy_option), given.yes, given.keep, instances)


def _print_target(console: Console) -> None:
    identity = boto3.client("sts").get_caller_identity()
    region = boto3.session.Session().region_name
    console.print(f"Account {identity['Account']}, region {region}, as {identity['Arn']}", soft_wrap=True)
    if "AWS_ENDPOINT_URL" in os.environ:
        console.print(
            f"AWS_ENDPOINT_URL is set: the target is not AWS but {os.environ['AWS_ENDPOINT_URL']}", style="yellow"
        )


def _refuse_to_touch_a_deployment() -> None:
    pages = boto3.client("cloudformation").get_paginator("describe_stacks").paginate()
    existing = {stack["StackName"] for page in pages for stack in page["Stacks"]} & set(STACKS)
    if existing:
        raise RunFailed(
            f"{', '.join(sorted(existing))} already exists here, and this run would destroy it with its data: use "
            "another account or region, or run `cdk destroy --all` first."
        )


def _refuse_what_would_fail(run: RunOptions) -> None:
    path = f"{CDK.parent}{os.pathsep}{os.environ['PATH']}"
    command = [str(MODERATE), "doctor", *run.context]
    if subprocess.run(command, env={**os.environ, "PATH": path}, check=False).returncode:
        raise RunFailed("Nothing was deployed: fix the failed checks above first.")


def _ask(console: Console, run: RunOptions) -> None:
    console.print(cost(run.instances), soft_wrap=True)
    if not run.yes and console.input("Deploy, moderate, and destroy it all again? Type yes: ").strip() != "yes":
        raise RunFailed("Nothing was deployed.")


def cost(instances: Mapping[str, int]) -> str:
    """Return the approximate cost of a run, with its calculation."""
    if not instances:
        return "The run creates no endpoints; everything else costs a few cents."
    known = prices.load()
    sum_of = " + ".join(f"{number} x {name} ${known[name]:.3f}" for name, number in instances.items())
    total = sum(number * known[name] for name, number in instances.items()) * HOURS
    return (
        f"The run costs about ${total:.2f}: ({sum_of}) per hour on demand in {known.region} as of {known.as_of}, for "
        f"about {HOURS:g} h, and a few cents for everything else."
    )


@contextmanager
def _removed_at_the_end(console: Console, run: RunOptions) -> Iterator[None]:
    """Destroy the deployment after the block. Raises RunFailed if that fails or a resource is left over."""
    before = inventory.take(_client)
    try:
        yield
    finally:
        if run.keep:
            console.print("The deployment is kept and costs money: `cdk destroy --all` removes it.", style="yellow")
        else:
            console.print("Destroying the deployment; Ctrl-C is ignored until it is gone.")
            handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
            try:
                _cdk("destroy", "--all", "--force", *run.context)
                _report_leftovers(console, before)
            finally:
                signal.signal(signal.SIGINT, handler)


def _cdk(*words: str) -> None:
    done = subprocess.run([str(CDK), *words], cwd=PROJECT, check=False)
    if done.returncode:
        raise RunFailed(f"cdk {words[0]} failed with status {done.returncode}: see above. Look for stacks {STACKS}.")


@contextmanager
def _subscribed_queue() -> Iterator[tuple[str, str]]:
    """Create a queue that any topic of this account may send to, and yield its URL and ARN."""
    sqs = boto3.client("sqs")
    url = sqs.create_queue(QueueName=f"{NAME_MARKER}-e2e-{uuid.uuid4().hex[:8]}")["QueueUrl"]
    try:
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        account = boto3.client("sts").get_caller_identity()["Account"]
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": arn,
            "Condition": {"StringEquals": {"aws:SourceAccount": account}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
        yield url, arn
    finally:
        sqs.delete_queue(QueueUrl=url)


def _check(console: Console, queue: str, arn: str) -> None:
    """Moderate drawings and a text file named like an image, and check records, tags and notifications."""
    deployment = find(STACKS[0])
    for topic in deployment.topics.values():
        boto3.client("sns").subscribe(
            TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"}
        )
    with TemporaryDirectory(prefix="moderation-e2e-") as scratch:
        folder = Path(scratch)
        for sample in islice(sample_drawings(seed=1), DRAWINGS):
            sample.image.save(folder / f"{sample.name}.png")
        (folder / "no-image.png").write_text("This is a text file.")
        rows = _moderate(folder)
    problems = [problem for row in rows for problem in record_problems(deployment, row)]
    notified = {row["key"] for row in rows if row["verdict"] in deployment.topics}
    missing = notified - _messages(queue, notified)
    problems += [f"{key}: no message was received from the topics" for key in sorted(missing)]
    table = Table("image", "verdict", "category", "ms")
    for row in rows:
        table.add_row(row["key"], row["verdict"], row["category"], str(row["ms"]))
    console.print(table)
    if problems:
        raise RunFailed("\n".join(problems))
    console.print(f"{len(rows)} images: all recorded and tagged, {len(notified)} with a notification.", style="green")


def _moderate(folder: Path) -> list[dict[str, Any]]:
    command = [str(MODERATE), "upload", str(folder), "--wait", "--timeout", str(VERDICT_TIMEOUT_S), "--json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    if done.returncode:
        raise RunFailed(f"moderate upload failed with status {done.returncode}: see above.")
    rows: list[dict[str, Any]] = json.loads(done.stdout)
    return rows


def record_problems(deployment: Deployment, row: dict[str, Any]) -> list[str]:
    """Return the problems of an upload's record and tag. The verdicts on drawings depend on the models: unchecked."""
    image = ImageRef(deployment.intake_bucket, row["key"], row["version"])
    record = deployment.verdicts.get(image)
    if record is None or record.verdict is None:
        return [f"{row['key']}: no final record"]
    problems = []
    if row["key"].endswith("no-image.png"):
        if (record.verdict, record.decided_by) != ("review", "failure"):
            problems.append(f"a text file got {record.verdict}, decided by {record.decided_by}")
    else:
        if record.decided_by == "failure":
            problems.append(f"no verdict of the models: {record.reason}")
        problems += [
            f"the record has no {name}" for name in ("evidence", "policy", "models") if not getattr(record, name)
        ]
    tags = deployment.s3.get_object_tagging(Bucket=image.bucket, Key=image.key, VersionId=image.version)["TagSet"]
    if {"Key": "moderation", "Value": record.verdict} not in tags:
        problems.append(f"the object is tagged {tags}, its verdict is {record.verdict}")
    return [f"{row['key']}: {problem}" for problem in problems]


def _messages(queue: str, expected: set[str]) -> set[str]:
    """Receive messages until all expected ones came or the time is up, and return the keys of their images."""
    sqs, received, until = boto3.client("sqs"), set[str](), time.monotonic() + MESSAGE_TIMEOUT_S
    while not expected <= received and time.monotonic() < until:
        answer = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=5, MaxNumberOfMessages=10)
        for message in answer.get("Messages", []):
            received.add(json.loads(message["Body"])["image"]["key"])
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    return received


def _client(service: str) -> Any:
    return boto3.client(service)  # type: ignore[call-overload]  # the stubs know the services by literal names


def _report_leftovers(console: Console, before: inventory.Inventory) -> None:
    after = inventory.take(_client)
    for kind, reason in after.unlisted.items():
        console.print(f"Not checked, because it can't be listed: {kind} ({reason})", style="yellow", soft_wrap=True)
    retained = [("key", "of the topics", "KMS deletes it after 7 days"), *inventory.retained(before, after)]
    for kind, name, reason in retained:
        console.print(f"Retained in the account: {kind} {name} ({reason})", soft_wrap=True)
    left = inventory.leftovers(before, after, NAME_MARKER)
    if left:
        raise RunFailed("\n".join(["Left over:", *(f"  {kind} {name}" for kind, name in left)]))
    console.print("No other resource is left over.", style="green")


if __name__ == "__main__":
    sys.exit(main())
