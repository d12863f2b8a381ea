"""`make bench-rights`: measure the CPU time that IAM decisions add to calls on the laptop cloud.

The emulator serves each call of a function's role with and without the decision, in 200 interleaved pairs and
one thread of this process. Prints medians in milliseconds; the time of the decision itself is measured within one call.
"""

import io
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import boto3
from rich.console import Console
from rich.table import Table

from local import deploy as deployment
from local.cloud import server
from local.cloud.iam.enforcement import Enforcement
from local.cloud.iam.gate import Gate
from local.sdk_request import wsgi_request
from local.synth import STACK, synthesise

PAIRS = 200
GOAL_MS = 0.3
App = Callable[..., Any]


def main() -> int:
    """Measure all calls and print the table."""
    console, captured = Console(), []

    class CapturedEnforcement(Enforcement):
        """Captures the emulator's application, to call it without HTTP."""

        def __init__(self, application: Any, gate: Gate) -> None:
            super().__init__(application, gate)
            captured.append((application, gate))

    with (
        tempfile.TemporaryDirectory(prefix="bench-rights-") as scratch,
        patch.object(server, "Enforcement", CapturedEnforcement),
    ):
        with console.status("Synthesising the stack"):
            assembly = synthesise(Path(scratch), model_input_size=64)
        with server.serve("http://127.0.0.1:9") as url, console.status("Measuring"):
            outputs = deployment.deploy(assembly, STACK, url)
            events = deployment.client("events", url)
            for rule in events.list_rules()["Rules"]:  # no other load while measuring
                events.disable_rule(Name=rule["Name"])
            ((emulator, gate),) = captured
            measured = {name: measure(gate, emulator, environ) for name, environ in calls(gate, outputs).items()}
    table = Table("call", "with ms", "without ms", "decision ms")
    for name, figures in measured.items():
        table.add_row(name, *(f"{figure:.3f}" for figure in figures))
    console.print(table)
    decisions = [decision for _, _, decision in measured.values()]
    console.print(
        f"A decision takes {statistics.mean(decisions):.3f} ms of CPU time on average and at most "
        f"{max(decisions):.3f} ms; the goal is {GOAL_MS} ms."
    )
    return 0


class Timed:
    """WSGI application that records the CPU time of its last call in milliseconds."""

    def __init__(self, application: App) -> None:
        self._application = application
        self.ms = 0.0

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        start = time.thread_time()
        answer = list(self._application(environ, start_response))
        self.ms = 1000 * (time.thread_time() - start)
        return answer


def measure(gate: Gate, emulator: App, environ: Callable[[], dict[str, Any]]) -> tuple[float, float, float]:
    """Return the median milliseconds of a call with and without the decision, and of the decision within one call."""
    plain = Timed(emulator)
    behind = Timed(emulator)
    enforced = Timed(Enforcement(behind, gate))
    taken: dict[Timed, list[float]] = {enforced: [], plain: []}
    decisions = []
    for pair in range(PAIRS):
        # in alternating order: the second one finds warm CPU caches
        for application in (enforced, plain) if pair % 2 else (plain, enforced):
            status: list[str] = []
            answer = application(environ(), lambda line, headers, exc_info=None, status=status: status.append(line))
            if not status[0].startswith("200"):
                raise RuntimeError(f"The call failed with {status[0]}: {answer!r}")
            taken[application].append(application.ms)
        decisions.append(enforced.ms - behind.ms)
    return statistics.median(taken[enforced]), statistics.median(taken[plain]), statistics.median(decisions)


def calls(gate: Gate, outputs: dict[str, str]) -> dict[str, Callable[[], dict[str, Any]]]:
    """Return the most frequent calls of the pipeline, each signed by the role that makes it."""
    table, work, intake = (outputs[f"{name}"] for name in ("VerdictTableName", "WorkBucketName", "IntakeBucketName"))
    s3 = deployment.client("s3", os.environ["AWS_ENDPOINT_URL"])
    version = s3.put_object(Bucket=intake, Key="a.png", Body=b"x" * 50_000)["VersionId"]
    upload = {"Bucket": intake, "Key": "a.png", "VersionId": version}
    key = {"pk": {"S": f"{intake}#a.png"}, "sk": {"S": version}}
    prepare, record = (_session(gate, step) for step in ("PrepareImage", "RecordVerdict"))
    view = f"work/{'0' * 32}/execution/views/full.png"
    update = {
        "UpdateExpression": "SET verdict = :v",
        "ConditionExpression": "attribute_not_exists(absent)",
        "ExpressionAttributeValues": {":v": {"S": "safe"}},
    }
    return {
        "S3 GetObject of an upload": _environ(
            prepare, "s3", "get_object", Bucket=intake, Key="a.png", VersionId=version
        ),
        "S3 PutObject of a view": _environ(prepare, "s3", "put_object", Bucket=work, Key=view, Body=b"x" * 5_000),
        "S3 GetObjectTagging": _environ(record, "s3", "get_object_tagging", **upload),
        "DynamoDB UpdateItem": _environ(record, "dynamodb", "update_item", TableName=table, Key=key, **update),
        "DynamoDB GetItem": _environ(record, "dynamodb", "get_item", TableName=table, Key=key),
    }


def _session(gate: Gate, step: str) -> boto3.session.Session:
    functions = deployment.client("lambda", os.environ["AWS_ENDPOINT_URL"]).list_functions()["Functions"]
    role = next(function["Role"] for function in functions if step in function["FunctionName"])
    keys = gate.credentials("lambda.amazonaws.com", role, step)
    return boto3.session.Session(
        keys["AWS_ACCESS_KEY_ID"], keys["AWS_SECRET_ACCESS_KEY"], keys["AWS_SESSION_TOKEN"], deployment.REGION
    )


def _environ(
    session: boto3.session.Session, service: str, operation: str, **parameters: Any
) -> Callable[[], dict[str, Any]]:
    """Return a factory of the WSGI request that the SDK would send."""
    client: Any = session.client(service, endpoint_url="http://127.0.0.1:1")  # type: ignore[call-overload]
    environ = wsgi_request(client, operation, **parameters).get_environ()
    body = environ["wsgi.input"].read()
    return lambda: {**environ, "wsgi.input": io.BytesIO(body)}


if __name__ == "__main__":
    sys.exit(main())
