"""`python -m local up`: keep the laptop cloud running and print how to use it."""

import json
import signal
from contextlib import suppress

from rich.console import Console

from local.deploy import ACCOUNT, REGION
from local.queues import queue_policy
from local.session import Session, laptop_cloud
from local.synth import judge_settings


def up(console: Console) -> int:
    """Run the laptop cloud until Ctrl-C."""
    with laptop_cloud(console) as session:
        console.print("\nThe laptop cloud is running; Ctrl-C stops it.\n", style="bold green")
        # no wrapping: the lines are to be copied
        console.print(usage(session), soft_wrap=True, markup=False, highlight=False)
        with suppress(KeyboardInterrupt):
            signal.pause()
    console.print("Everything is stopped.")
    return 0


def usage(session: Session) -> str:
    """Return the endpoints, and commands to paste into another terminal.

    `aws sqs` gets the endpoint as an option, because version 1 of the AWS CLI ignores AWS_ENDPOINT_URL for SQS.
    """
    out, models = session.outputs, session.models
    bucket, table = out["IntakeBucketName"], out["VerdictTableName"]
    exports = " ".join(f"{name}={value}" for name, value in session.environment.items())
    queue = f"arn:aws:sqs:{REGION}:{ACCOUNT}:unsafe"
    judge = " ".join(f"-c {name}={value}" for name, value in judge_settings().items())
    item = '\'{"pk": {"S": "' + bucket + '#img.jpg"}, "sk": {"S": "\'$VERSION\'"}}\''
    return f"""\
Cloud    {session.url}
BLIP-2   {models.blip2}{" (knows drawings only)" if models.demo else ""}
Llama 2  {models.llama}

In another terminal, in this folder, point the AWS command line at it:

  source .venv/bin/activate
  export {exports}

Upload an image and read its verdict:

  aws s3 cp img.jpg s3://{bucket}/
  VERSION=$(aws s3api head-object --bucket {bucket} --key img.jpg --query VersionId --output text)
  aws dynamodb get-item --table-name {table} --key {item}

Subscribe a queue to the topic of unsafe images:

  QUEUE=$(aws sqs --endpoint-url $AWS_ENDPOINT_URL create-queue --queue-name unsafe --query QueueUrl --output text \
    --attributes '{json.dumps({"Policy": json.dumps(queue_policy(queue, out["UnsafeTopicArn"]))})}')
  aws sns subscribe --topic-arn {out["UnsafeTopicArn"]} --protocol sqs --notification-endpoint {queue}
  aws sqs --endpoint-url $AWS_ENDPOINT_URL receive-message --queue-url $QUEUE

Follow an execution:

  aws stepfunctions list-executions --state-machine-arn {out["WorkflowArn"]}
  aws stepfunctions describe-execution --execution-arn <executionArn from above>

Or use this project's own command:

  moderate upload img.jpg --wait
  moderate verdicts
  moderate show img.jpg
  moderate doctor

Deploy a change with the CDK's own command (no `cdk bootstrap` is needed):

  npx cdk deploy Moderation --method=direct --no-previous-parameters --require-approval=never \\
    -c blip2Endpoint=blip2 {judge} -c blip2Dialect={models.dialect} \\
    -c modelInputSize={models.input_size}
"""
