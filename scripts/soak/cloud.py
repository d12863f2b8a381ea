"""Laptop cloud whose pipeline makes every call through the fault proxy."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from local.cloud.runtime.fleet import Limits
from local.harness.laptop import Laptop
from local.policies import publish_demo_pack
from moderation.contract import VERDICT_TAG
from scripts.soak.faults import Fault, FaultMode, FaultPlan, HttpReply
from scripts.soak.images import colour_models
from scripts.soak.proxy import FaultProxy, PermanentFaults

TOPICS = ("UnsafeTopicArn", "ReviewTopicArn")
_REDRIVES = 3
_LAST_EVENTS = 20
_HELD_S = 600  # a dead letter is invisible to others while it is looked at
_POISONED = Fault("poison: process killed", FaultMode.KILLED_BEFORE)
_FORBIDDEN = b"<ErrorResponse><Error><Type>Sender</Type><Code>AuthorizationError</Code></Error></ErrorResponse>"
_UNPUBLISHABLE = Fault("unpublishable: publishing forbidden", FaultMode.ANSWER, HttpReply(403, "text/xml", _FORBIDDEN))
_ABORTED = Fault("unrecordable: execution aborted", FaultMode.ABORTED)
_DENIED = HttpReply(400, "application/json", b"{}", "AccessDeniedException")
_UNRECORDABLE = Fault("unrecordable: writing forbidden", FaultMode.ANSWER, _DENIED)


def permanent_fault_of_image(call: str, path: str, body: bytes) -> Fault | None:
    """Return the fault of a call that fails permanently, whatever the plan: see `SoakImage`."""
    if call == "function: S3 GetObject" and "/poison/" in path:
        return _POISONED
    if call == "function: SNS Publish" and b"unpublishable" in body:
        return _UNPUBLISHABLE
    if b"/unrecordable/" in body and call == "workflow: Lambda Invoke PrepareImage":
        return _ABORTED
    if b"/unrecordable/" in body and call == "function: DynamoDB UpdateItem":
        return _UNRECORDABLE
    return None


@contextmanager
def cloud(
    assembly: Path, plan: FaultPlan, time_scale: float, permanent_fault: PermanentFaults = permanent_fault_of_image
) -> Iterator[tuple[Laptop, FaultProxy]]:
    """Deploy a laptop cloud behind a fault proxy that injects nothing yet."""
    with colour_models() as models, FaultProxy(plan, permanent_fault) as proxy:
        environment = {
            "LOCAL_TIME_SCALE": str(time_scale),
            # calls of the workflow; those of the functions are redirected below
            "AWS_ENDPOINT_URL_DYNAMODB": proxy.url,
            "AWS_ENDPOINT_URL_LAMBDA": proxy.url,
            "AWS_ENDPOINT_URL_STEPFUNCTIONS": proxy.url,
        }
        with Laptop(assembly, models.url, environment=environment) as laptop:
            proxy.connect(laptop.url)
            proxy.abort = lambda name: _abort(laptop, name)
            _send_functions_through(proxy, laptop)
            publish_demo_pack(laptop.outputs, laptop.url)
            yield laptop, proxy


def _send_functions_through(proxy: FaultProxy, laptop: Laptop) -> None:
    through = {f"AWS_ENDPOINT_URL_{service}": proxy.url for service in ("S3", "DYNAMODB", "SNS", "SAGEMAKER_RUNTIME")}
    for function in _functions(laptop):
        variables = function["Environment"]["Variables"] | through
        laptop.client("lambda").update_function_configuration(
            FunctionName=function["FunctionName"], Environment={"Variables": variables}
        )


def _functions(laptop: Laptop) -> list[dict[str, Any]]:
    """Return the functions of the pipeline, without custom resources."""
    functions = laptop.client("lambda").list_functions()["Functions"]
    return [function for function in functions if function["Handler"].startswith("moderation.")]


def _abort(laptop: Laptop, name: str) -> None:
    arn = f"{laptop.outputs['WorkflowArn'].replace(':stateMachine:', ':execution:')}:{name}"
    laptop.client("stepfunctions").stop_execution(executionArn=arn, error="Aborted", cause="injected")


def redrive(laptop: Laptop) -> str:
    """Run `moderate redrive`, repeat it if it fails, and return its output."""
    environment = {
        **os.environ,
        "AWS_ENDPOINT_URL": laptop.url,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    command = [sys.executable, "-c", "from moderate.entry import run; run()", "redrive"]
    output = ""
    for _ in range(_REDRIVES):
        run = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
        output += run.stdout + run.stderr
        if run.returncode == 0:
            break
    return output


@dataclass(frozen=True)
class ResourceSnapshot:
    """Resources held by the emulator and its workers: processes, threads, open files, memory and CPU time."""

    workers: int
    max_workers: int
    threads: int
    files: int
    megabytes: int
    workers_megabytes: int
    core_seconds: float  # of the emulator, its workers and this process

    @property
    def other_threads(self) -> int:
        """Number of threads that serve no worker: an idle worker has three (server, connection, watcher)."""
        return self.threads - 3 * self.workers


def resource_snapshot(laptop: Laptop) -> ResourceSnapshot:
    """Measure the resources in use."""
    process = _process(laptop)
    workers = [child for child in process.children() if child.status() != psutil.STATUS_ZOMBIE]
    return ResourceSnapshot(
        workers=len(workers),
        max_workers=Limits.for_this_machine().workers_per_function * len(_functions(laptop)),
        threads=process.num_threads(),
        files=process.num_fds(),
        megabytes=round(process.memory_info().rss / 1e6),
        workers_megabytes=round(sum(worker.memory_info().rss for worker in workers) / 1e6),
        core_seconds=sum(sum(one.cpu_times()[:4]) for one in (psutil.Process(), process, *workers)),
    )


def _process(laptop: Laptop) -> psutil.Process:
    port = int(laptop.url.rsplit(":", 1)[1])
    for process in psutil.Process().children():
        listening = [link.laddr.port for link in process.net_connections("tcp") if link.status == psutil.CONN_LISTEN]
        if port in listening:
            return process
    raise LookupError(f"No child process listens on port {port}.")


def wait_until_idle(laptop: Laptop, timeout_s: float) -> bool:
    """Wait until no execution is running. Return False on time-out."""
    until = time.monotonic() + timeout_s
    request = {"stateMachineArn": laptop.outputs["WorkflowArn"], "statusFilter": "RUNNING", "maxResults": 1}
    while laptop.client("stepfunctions").list_executions(**request)["executions"]:
        if time.monotonic() > until:
            return False
        time.sleep(0.5)
    return True


def undecided(laptop: Laptop, records: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the records without a verdict, each with the last events of the execution that claimed it."""
    workflow = laptop.client("stepfunctions")
    found = [record for record in records if not record.get("verdict")]
    return [
        {
            "record": record,
            "events": workflow.get_execution_history(
                executionArn=record["owner"], reverseOrder=True, maxResults=_LAST_EVENTS
            )["events"],
        }
        for record in found
    ]


def tags(laptop: Laptop, records: Sequence[Mapping[str, Any]]) -> dict[str, str | None]:
    """Return the verdict in the tag of each record's object version by key, None if it has none."""
    s3, bucket = laptop.client("s3"), laptop.outputs["IntakeBucketName"]

    def tag(record: Mapping[str, Any]) -> str | None:
        tagged = s3.get_object_tagging(Bucket=bucket, Key=record["image"]["key"], VersionId=record["sk"])["TagSet"]
        return next((str(one["Value"]) for one in tagged if one["Key"] == VERDICT_TAG), None)

    return {record["image"]["key"]: tag(record) for record in records}


def dead_letters(laptop: Laptop) -> list[str]:
    """Return the events in the dead-letter queues and leave them there for a redrive."""
    urls = (laptop.outputs[name] for name in ("UnstartedQueueUrl", "UnrecordedQueueUrl"))
    return [body for url in urls for body in _look_at(laptop, url)]


def in_letters(key: str, letters: Sequence[str]) -> bool:
    """Tell if a dead letter is about the upload under a key: its event may hold it as JSON within JSON."""
    return any(f'"{key}"' in letter.replace("\\", "") for letter in letters)


def _look_at(laptop: Laptop, queue_url: str) -> list[str]:
    sqs, found = laptop.client("sqs"), []
    request = {"QueueUrl": queue_url, "MaxNumberOfMessages": 10, "VisibilityTimeout": _HELD_S}
    while messages := sqs.receive_message(**request).get("Messages"):
        found += messages
    for message in found:
        sqs.change_message_visibility(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0)
    return [str(message["Body"]) for message in found]


def drain(laptop: Laptop, queue_url: str) -> Iterator[str]:
    """Remove all messages from a queue and yield their bodies."""
    sqs = laptop.client("sqs")
    while messages := sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10).get("Messages"):
        for message in messages:
            sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
            yield str(message["Body"])
