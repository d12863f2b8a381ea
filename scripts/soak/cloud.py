"""The laptop cloud as the soak needs it: every call of the pipeline goes through the proxy."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from local.cloud.runtime.fleet import Limits
from local.harness.laptop import Laptop
from local.policies import publish_demo_pack
from scripts.soak.faults import Fault, How, Plan, Reply
from scripts.soak.images import colour_models
from scripts.soak.proxy import Doom, FaultProxy

TOPICS = ("UnsafeTopicArn", "ReviewTopicArn")
_REDRIVES = 3
_POISONED = Fault("poison: process killed", How.KILLED_BEFORE)
_FORBIDDEN = b"<ErrorResponse><Error><Type>Sender</Type><Code>AuthorizationError</Code></Error></ErrorResponse>"
_UNHEARD = Fault("unheard: publishing forbidden", How.ANSWER, Reply(403, "text/xml", _FORBIDDEN))


def doom_of_pictures(call: str, path: str, body: bytes) -> Fault | None:
    """What fails for good, whatever the plan: see `Picture`."""
    if call == "function: S3 GetObject" and "/poison/" in path:
        return _POISONED
    if call == "function: SNS Publish" and b"unheard" in body:
        return _UNHEARD
    return None


@contextmanager
def cloud(
    assembly: Path, plan: Plan, time_scale: float, doom: Doom = doom_of_pictures
) -> Iterator[tuple[Laptop, FaultProxy]]:
    """A deployed laptop cloud behind a fault proxy; nothing fails yet."""
    with colour_models() as models, FaultProxy(plan, doom) as proxy:
        environment = {
            "LOCAL_TIME_SCALE": str(time_scale),
            # the workflow's own calls; the functions get theirs below
            "AWS_ENDPOINT_URL_DYNAMODB": proxy.url,
            "AWS_ENDPOINT_URL_LAMBDA": proxy.url,
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
    """The pipeline's."""
    functions = laptop.client("lambda").list_functions()["Functions"]
    return [function for function in functions if function["Handler"].startswith("moderation.")]


def _abort(laptop: Laptop, name: str) -> None:
    arn = f"{laptop.outputs['WorkflowArn'].replace(':stateMachine:', ':execution:')}:{name}"
    laptop.client("stepfunctions").stop_execution(executionArn=arn, error="Aborted", cause="injected")


def redrive(laptop: Laptop) -> str:
    """Run `moderate redrive` as an operator does, again if it fails; all that it prints."""
    environment = {
        **os.environ,
        "AWS_ENDPOINT_URL": laptop.url,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    command = [sys.executable, "-c", "from moderate.main import run; run()", "redrive"]
    printed = ""
    for _ in range(_REDRIVES):
        run = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
        printed += run.stdout + run.stderr
        if run.returncode == 0:
            break
    return printed


@dataclass(frozen=True)
class Census:
    """What the emulator occupies, worker processes, its threads and open files, megabytes, and the CPU used so far."""

    workers: int
    most_workers: int
    threads: int
    files: int
    megabytes: int
    workers_megabytes: int
    core_seconds: float  # of emulator, workers and the soak itself

    @property
    def other_threads(self) -> int:
        """Threads that serve no worker: each idle one has a server, a connection and a watch."""
        return self.threads - 3 * self.workers


def census(laptop: Laptop) -> Census:
    """Count now."""
    process = _process(laptop)
    workers = [child for child in process.children() if child.status() != psutil.STATUS_ZOMBIE]
    return Census(
        workers=len(workers),
        most_workers=Limits.for_this_machine().workers_per_function * len(_functions(laptop)),
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
    """Return when no execution runs any more, or False after the time-out."""
    until = time.monotonic() + timeout_s
    request = {"stateMachineArn": laptop.outputs["WorkflowArn"], "statusFilter": "RUNNING", "maxResults": 1}
    while laptop.client("stepfunctions").list_executions(**request)["executions"]:
        if time.monotonic() > until:
            return False
        time.sleep(0.5)
    return True


def dead_letters(laptop: Laptop) -> list[dict[str, Any]]:
    """The events in the dead-letter queues, taken out."""
    sqs = laptop.client("sqs")
    urls = [url for url in sqs.list_queues().get("QueueUrls", []) if "Unstarted" in url or "Unrecorded" in url]
    return [json.loads(message) for url in urls for message in drain(laptop, url)]


def drain(laptop: Laptop, queue_url: str) -> Iterator[str]:
    """The bodies of all messages in a queue, taken out."""
    sqs = laptop.client("sqs")
    while messages := sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10).get("Messages"):
        for message in messages:
            sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
            yield str(message["Body"])
