"""`make e2e`: deploy to the AWS account of the environment, moderate some images, destroy, list what stays and is left.

It says first where it goes, what `moderate doctor` finds there and what it costs about, and asks. Whatever happens
after that, Ctrl-C included, it ends with `cdk destroy`, unless told to --keep. Exit status 1 if a check fails or
something is left over.
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
MARK = "moderation"  # in every name that CloudFormation or this script gives
DRAWINGS = 5
HOURS = 1.0  # making two endpoints takes most of it
VERDICT_TIMEOUT_S = 1800
MESSAGE_TIMEOUT_S = 120


class Failed(Exception):
    """The run can't begin, or a check failed; the message says what to do or what was seen."""


FAULTS = (Failed, CommandFailed, BotoCoreError, ClientError)


@dataclass(frozen=True)
class Run:
    """What was asked for; `instances` are by type how many the endpoints start with, none where it makes none."""

    context: tuple[str, ...]
    deploy_options: tuple[str, ...]
    yes: bool
    keep: bool
    instances: Mapping[str, int]


def main() -> int:
    console = Console()
    try:
        run = _arguments()
        _say_where(console)
        _refuse_to_touch_a_deployment()
        _refuse_what_would_fail(run)
        _ask(console, run)
        with _removed_at_the_end(console, run):
            return _try(console, run)
    except FAULTS as error:
        _say(console, error)
        return 1
    except KeyboardInterrupt:
        return 130


def _try(console: Console, run: Run) -> int:
    try:
        _cdk("deploy", "--all", "--require-approval=never", *run.deploy_options, *run.context)
        with _subscribed_queue() as (queue, arn):
            _check(console, queue, arn)
    except FAULTS as error:
        _say(console, error)
        return 1
    return 0


def _say(console: Console, error: Exception) -> None:
    console.print(str(error), style="red", soft_wrap=True, markup=False)


def _arguments() -> Run:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--yes", action="store_true", help="don't ask: for CI")
    parser.add_argument("--keep", action="store_true", help="leave the deployment standing, and its bill running")
    parser.add_argument("--existing-endpoints", metavar="BLIP2,LLAMA", help="use these endpoints and make none")
    parser.add_argument("--accept-llama2-eula", action="store_true", help="you accept Meta's licence for Llama 2")
    parser.add_argument("-c", "--context", action="append", default=[], help="a setting, as for cdk")
    parser.add_argument("--deploy-option", action="append", default=[], help="an option more for cdk deploy")
    given = parser.parse_args()
    endpoints = (given.existing_endpoints or "").split(",")
    if given.existing_endpoints and len(endpoints) != 2:
        parser.error("--existing-endpoints takes two names, as in blip2,llama")
    if not given.existing_endpoints and not given.accept_llama2_eula:
        parser.error(
            "read Meta's licence (https://ai.meta.com/llama/license/) and say --accept-llama2-eula, or name your own "
            "--existing-endpoints"
        )
    names = [f"blip2Endpoint={endpoints[0]}", f"llamaEndpoint={endpoints[1]}"] if given.existing_endpoints else []
    settings = [*(names or ["acceptLlama2Eula=true"]), *given.context]
    plan = Plan.of(settings)
    if plan.context.get("terminationProtection", "").lower() == "true":
        parser.error("terminationProtection=true would keep the run from destroying what it deploys: leave it out")
    context = tuple(word for setting in settings for word in ("--context", setting))
    instances = {instance: least for instance, (least, _) in plan.instances.items()}
    return Run(context, tuple(given.deploy_option), given.yes, given.keep, instances)


def _say_where(console: Console) -> None:
    identity = boto3.client("sts").get_caller_identity()
    region = boto3.session.Session().region_name
    console.print(f"Account {identity['Account']}, region {region}, as {identity['Arn']}", soft_wrap=True)
    if "AWS_ENDPOINT_URL" in os.environ:
        console.print(f"AWS_ENDPOINT_URL is set: this isn't AWS but {os.environ['AWS_ENDPOINT_URL']}", style="yellow")


def _refuse_to_touch_a_deployment() -> None:
    pages = boto3.client("cloudformation").get_paginator("describe_stacks").paginate()
    standing = {stack["StackName"] for page in pages for stack in page["Stacks"]} & set(STACKS)
    if standing:
        raise Failed(
            f"{', '.join(sorted(standing))} stands here already, and this run would destroy it with its data: use "
            "another account or region, or `cdk destroy --all` first."
        )


def _refuse_what_would_fail(run: Run) -> None:
    path = f"{CDK.parent}{os.pathsep}{os.environ['PATH']}"
    command = [str(MODERATE), "doctor", *run.context]
    if subprocess.run(command, env={**os.environ, "PATH": path}, check=False).returncode:
        raise Failed("Nothing was deployed: first do what the rows above that fail say.")


def _ask(console: Console, run: Run) -> None:
    console.print(cost(run.instances), soft_wrap=True)
    if not run.yes and console.input("Deploy, moderate, and destroy it all again? Type yes: ").strip() != "yes":
        raise Failed("Nothing was deployed.")


def cost(instances: Mapping[str, int]) -> str:
    """About what a run costs, with its arithmetic."""
    if not instances:
        return "It makes no endpoints; the rest of a run costs cents."
    known = prices.load()
    sum_of = " + ".join(f"{number} x {name} ${known[name]:.3f}" for name, number in instances.items())
    total = sum(number * known[name] for name, number in instances.items()) * HOURS
    return (
        f"It costs about ${total:.2f}: ({sum_of}) an hour in {known.region}, on demand, as of {known.as_of}, for about "
        f"{HOURS:g} h, and cents for the rest."
    )


@contextmanager
def _removed_at_the_end(console: Console, run: Run) -> Iterator[None]:
    """Destroy what the block deployed, however it ends. Raises Failed where that fails or something is left over."""
    before = inventory.take(_client)
    try:
        yield
    finally:
        if run.keep:
            console.print("The deployment stands, and costs: `cdk destroy --all` removes it.", style="yellow")
        else:
            console.print("Destroying it; Ctrl-C is ignored until that is done.")
            handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
            try:
                _cdk("destroy", "--all", "--force", *run.context)
                _report_leftovers(console, before)
            finally:
                signal.signal(signal.SIGINT, handler)


def _cdk(*words: str) -> None:
    done = subprocess.run([str(CDK), *words], cwd=PROJECT, check=False)
    if done.returncode:
        raise Failed(f"cdk {words[0]} failed with status {done.returncode}: see above. Look for stacks {STACKS}.")


@contextmanager
def _subscribed_queue() -> Iterator[tuple[str, str]]:
    """(URL, ARN) of a queue that any topic of this account may send to."""
    sqs = boto3.client("sqs")
    url = sqs.create_queue(QueueName=f"{MARK}-e2e-{uuid.uuid4().hex[:8]}")["QueueUrl"]
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
    """Moderate drawings and a text that calls itself an image; every verdict is recorded, tagged and announced."""
    deployment = find(STACKS[0])
    for topic in deployment.topics.values():
        boto3.client("sns").subscribe(
            TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"}
        )
    with TemporaryDirectory(prefix="moderation-e2e-") as scratch:
        folder = Path(scratch)
        for sample in islice(sample_drawings(seed=1), DRAWINGS):
            sample.image.save(folder / f"{sample.name}.png")
        (folder / "no-image.png").write_text("Dear moderator, this is a text.")
        rows = _moderate(folder)
    faults = [fault for row in rows for fault in record_faults(deployment, row)]
    announced = {row["key"] for row in rows if row["verdict"] in deployment.topics}
    missing = announced - _messages(queue, announced)
    faults += [f"{key}: no message came to the queue that is subscribed to the topics" for key in sorted(missing)]
    table = Table("image", "verdict", "category", "ms")
    for row in rows:
        table.add_row(row["key"], row["verdict"], row["category"], str(row["ms"]))
    console.print(table)
    if faults:
        raise Failed("\n".join(faults))
    console.print(f"{len(rows)} images: each recorded and tagged, {len(announced)} announced.", style="green")


def _moderate(folder: Path) -> list[dict[str, Any]]:
    command = [str(MODERATE), "upload", str(folder), "--wait", "--timeout", str(VERDICT_TIMEOUT_S), "--json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    if done.returncode:
        raise Failed(f"moderate upload failed with status {done.returncode}: see above.")
    rows: list[dict[str, Any]] = json.loads(done.stdout)
    return rows


def record_faults(deployment: Deployment, row: dict[str, Any]) -> list[str]:
    """What is wrong with an upload's record and tag. Which verdict a drawing gets is the models' business."""
    image = ImageRef(deployment.intake_bucket, row["key"], row["version"])
    record = deployment.verdicts.get(image)
    if record is None or "verdict" not in record:
        return [f"{row['key']}: no final record"]
    faults = []
    if row["key"].endswith("no-image.png"):
        if (record["verdict"], record["decided_by"]) != ("review", "failure"):
            faults.append(f"a text was {record['verdict']}, decided by {record['decided_by']}")
    else:
        if record["decided_by"] == "failure":
            faults.append(f"no verdict of the models: {record['reason']}")
        faults += [f"the record has no {name}" for name in ("evidence", "policy", "models") if not record.get(name)]
    tags = deployment.s3.get_object_tagging(Bucket=image.bucket, Key=image.key, VersionId=image.version)["TagSet"]
    if {"Key": "moderation", "Value": record["verdict"]} not in tags:
        faults.append(f"the object is tagged {tags}, its verdict is {record['verdict']}")
    return [f"{row['key']}: {fault}" for fault in faults]


def _messages(queue: str, expected: set[str]) -> set[str]:
    """Keys of the images that messages came about, until all that are expected came or the time is up."""
    sqs, seen, until = boto3.client("sqs"), set[str](), time.monotonic() + MESSAGE_TIMEOUT_S
    while not expected <= seen and time.monotonic() < until:
        answer = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=5, MaxNumberOfMessages=10)
        for message in answer.get("Messages", []):
            seen.add(json.loads(message["Body"])["image"]["key"])
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    return seen


def _client(service: str) -> Any:
    return boto3.client(service)  # type: ignore[call-overload]  # the stubs know the services by literal names


def _report_leftovers(console: Console, before: inventory.Inventory) -> None:
    after = inventory.take(_client)
    for kind, reason in after.unlisted.items():
        console.print(f"Not looked for, since it can't be listed: {kind} ({reason})", style="yellow", soft_wrap=True)
    stays = [("key", "of the topics", "KMS deletes it after 7 days"), *inventory.staying(before, after)]
    for kind, name, why in stays:
        console.print(f"Stays in the account: {kind} {name} ({why})", soft_wrap=True)
    left = inventory.added(before, after, MARK)
    if left:
        raise Failed("\n".join(["Left over:", *(f"  {kind} {name}" for kind, name in left)]))
    console.print("Nothing else is left over.", style="green")


if __name__ == "__main__":
    sys.exit(main())
