"""`python -m local up`: keep the laptop cloud running and print how to use it."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from rich.console import Console

from local.deploy import ACCOUNT, REGION, client
from local.queues import queue_policy
from local.samples import write_samples
from local.schedules import schedules
from local.session import Session, laptop_cloud
from local.synth import PROJECT, judge_settings

MODERATE = Path(sys.executable).with_name("moderate")
_ROLES = ("reviewer", "lead", "auditor", "app")
_DRAWINGS, _DRAWING = "build/drawings", "06-weapon.png"


def up(console: Console) -> int:
    """Run the laptop cloud and its review console until Ctrl-C."""
    with laptop_cloud(console) as session:
        write_samples(PROJECT / _DRAWINGS, seed=1)
        console.print("\nThe laptop cloud is running; Ctrl-C stops it.\n", style="bold green")
        # no wrapping: the lines are to be copied
        console.print(usage(session), soft_wrap=True, markup=False, highlight=False)
        with schedules(session.url), review_console(session), suppress(KeyboardInterrupt):
            signal.pause()
    console.print("Everything is stopped.")
    return 0


@contextmanager
def review_console(session: Session, stdout: int | None = None) -> Iterator[subprocess.Popen[str]]:
    """Run `moderate console`, which prints its own link, for a person who may review and report."""
    environment = {**os.environ, **session.environment}
    roles = [word for role in _ROLES for word in ("--role", role)]
    give = [str(MODERATE), "people", "set", reviewer(session), *roles]
    subprocess.run(give, env=environment, check=True, stdout=subprocess.DEVNULL)
    with subprocess.Popen([str(MODERATE), "console"], env=environment, stdout=stdout, text=True) as process:
        try:
            yield process
        finally:
            process.terminate()


def reviewer(session: Session) -> str:
    """Return the ARN under which the laptop's own user reviews: a session of the role Reviewer in its name."""
    role = session.outputs["ReviewerRoleArn"].rpartition("/")[2]
    user = client("sts", session.url).get_caller_identity()["Arn"].rpartition("/")[2]
    return f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{user}"


def usage(session: Session) -> str:
    """Return the endpoints, and commands to paste into another terminal.

    `aws sqs` gets the endpoint as an option, because version 1 of the AWS CLI ignores AWS_ENDPOINT_URL for SQS.
    """
    out, models = session.outputs, session.models
    bucket, table = out["IntakeBucketName"], out["VerdictTableName"]
    exports = " ".join(f"{name}={value}" for name, value in session.environment.items())
    queue = f"arn:aws:sqs:{REGION}:{ACCOUNT}:unsafe"
    judge = " ".join(f"-c {name}={value}" for name, value in judge_settings().items())
    item = f'''{{"pk": {{"S": "{bucket}#{_DRAWING}"}}, "sk": {{"S": "'$VERSION'"}}}}'''
    return f"""\
Cloud    {session.url}
BLIP-2   {models.blip2}{" (knows drawings only)" if models.demo else ""}
Llama 2  {models.llama}

In another terminal, in this folder, point the AWS command line at it:

  source .venv/bin/activate
  export {exports}

Subscribe a queue to the topic of unsafe images:

  QUEUE=$(aws sqs --endpoint-url $AWS_ENDPOINT_URL create-queue --queue-name unsafe --query QueueUrl --output text \
    --attributes '{json.dumps({"Policy": json.dumps(queue_policy(queue, out["UnsafeTopicArn"]))})}')
  aws sns subscribe --topic-arn {out["UnsafeTopicArn"]} --protocol sqs --notification-endpoint {queue}

Upload one of the fourteen drawings in {_DRAWINGS}; some seconds later, read its verdict and the message:

  aws s3 cp {_DRAWINGS}/{_DRAWING} s3://{bucket}/
  VERSION=$(aws s3api head-object --bucket {bucket} --key {_DRAWING} --query VersionId --output text)
  aws dynamodb get-item --table-name {table} --key '{item}'
  aws sqs --endpoint-url $AWS_ENDPOINT_URL receive-message --queue-url $QUEUE

Follow an execution:

  aws stepfunctions list-executions --state-machine-arn {out["WorkflowArn"]}
  aws stepfunctions describe-execution --execution-arn <executionArn from above>

Or use this project's own command; the review console, whose link is below, has what ends in review or is reported:

  moderate upload {_DRAWINGS} --wait
  moderate verdicts
  moderate show {_DRAWING}
  moderate report {_DRAWING} notice --notifier user-7 --text "This is me"
  moderate doctor
  moderate console

Deploy a change with the CDK's own command (no `cdk bootstrap` is needed):

  npx cdk deploy Moderation --method=direct --no-previous-parameters --require-approval=never \\
    -c blip2Endpoint=blip2 {judge} -c blip2Dialect={models.dialect} \\
    -c modelInputSize={models.input_size}
"""
