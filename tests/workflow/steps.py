"""Helpers for tests of a deployed workflow."""

import io
import json
import subprocess
from pathlib import Path
from typing import Any

from PIL import Image

from local.emulator import RECORD_CALLS
from local.harness.laptop import Laptop
from tests.support.waiting import eventually

ROOT = Path(__file__).parents[2]
CONTEXT = {"blip2Endpoint": "blip2", "modelInputSize": "96"}
JUDGE = {"llamaEndpoint": "llama"}
# Of a laptop cloud with waits a hundred times shorter, whose calls aren't those of the recorded deployments: `make
# record-calls` leaves them out.
UNRECORDED = {"LOCAL_TIME_SCALE": "100", RECORD_CALLS: ""}


def synthesised(out: Path) -> Path:
    """The app, synthesised into `out` by the CDK command line as a user does it."""
    context = [word for name, value in (CONTEXT | JUDGE).items() for word in ("-c", f"{name}={value}")]
    command = ["node_modules/.bin/cdk", "synth", "Moderation", "--quiet", "--output", str(out), *context]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return out


def variant(out: Path, **settings: str) -> Path:
    """The app with other settings, synthesised into `out` in this process, without the layers' wheels."""
    from scripts.release.synthesis import make_app  # takes seconds, and most tests don't need it

    make_app(outdir=str(out), **(CONTEXT | ({} if "judge" in settings else JUDGE) | settings)).synth()
    return out


def drawing(format: str = "PNG", colour: str = "navy", **options) -> bytes:
    """A small image, as its file's bytes."""
    buffer = io.BytesIO()
    Image.new("RGB", (120, 80), colour).save(buffer, format, **options)
    return buffer.getvalue()


def tag_of(laptop, key, version) -> dict:
    bucket = laptop.outputs["IntakeBucketName"]
    tags = laptop.client("s3").get_object_tagging(Bucket=bucket, Key=key, VersionId=version)["TagSet"]
    return {tag["Key"]: tag["Value"] for tag in tags}


class routed:  # noqa: N801  # reads as a verb where it is used
    """New routes, with fresh workers: those that run would read them within five seconds."""

    def __init__(self, laptop, routes: dict[str, str]) -> None:
        self.laptop, self.routes = laptop, routes

    def __enter__(self) -> None:
        self._put(self.routes)

    def __exit__(self, *_: object) -> None:
        self._put({"": "blog"})

    def _put(self, routes: dict[str, str]) -> None:
        body = "\n".join(f"'{prefix}': {{enforce: {pack}}}" for prefix, pack in routes.items())
        self.laptop.publish("routes.yaml", body)
        refresh(self.laptop, "PrepareImage")


def refresh(laptop, function: str, **changes: str) -> None:
    """Change a function's environment, as a deploy does: its next invocation starts a new worker."""
    client = laptop.client("lambda")
    names = [found["FunctionName"] for found in client.list_functions()["Functions"]]
    [name] = [name for name in names if name.startswith("Moderation-") and function in name]
    variables = client.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    variables["TESTS_REFRESHED"] = str(int(variables.get("TESTS_REFRESHED", 0)) + 1)
    client.update_function_configuration(FunctionName=name, Environment={"Variables": variables | changes})


def status_when_ended(laptop, execution: str) -> str:
    """The status of an execution that has ended."""

    def ended() -> str | None:
        status = laptop.client("stepfunctions").describe_execution(executionArn=execution)["status"]
        return None if status == "RUNNING" else status

    return eventually(ended)


def wait_until_asked(models, endpoint: str) -> None:
    """Return once an endpoint was invoked."""
    eventually(lambda: models.asked(endpoint))


def document(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow"} | statement]})


def session_of(laptop: Laptop, name: str) -> dict[str, Any]:
    """The keys of somebody of the account who signed in under a name, and may assume the roles."""
    iam = laptop.client("iam")
    trust = document({"Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"})
    role = iam.create_role(RoleName=f"Signed-in-{name}", AssumeRolePolicyDocument=trust)
    may = document({"Action": ["sts:AssumeRole", "cloudformation:DescribeStacks"], "Resource": "*"})
    iam.put_role_policy(RoleName=f"Signed-in-{name}", PolicyName="assume", PolicyDocument=may)
    keys = laptop.client("sts").assume_role(RoleArn=role["Role"]["Arn"], RoleSessionName=name)["Credentials"]
    return {
        "AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
        "AWS_SESSION_TOKEN": keys["SessionToken"],
    }
