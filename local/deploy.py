"""Deploy a synthesised assembly to the laptop cloud: assets to S3, the template to CloudFormation."""

import io
import json
import time
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

ACCOUNT = "123456789012"  # moto's
REGION = "us-east-1"
STACK_TIMEOUT_S = 300


class DeployError(Exception):
    """The assembly can't be deployed to the laptop cloud; the message names the cause and the remedy."""


def client(service: str, endpoint_url: str, credentials: Mapping[str, str] | None = None) -> Any:
    """Return a boto3 client of the laptop cloud, for the deployer or a role's `Credentials` from STS."""
    keys = credentials or {"AccessKeyId": "local", "SecretAccessKey": "local"}
    return boto3.client(  # type: ignore[call-overload]
        service,
        endpoint_url=endpoint_url,
        region_name=REGION,
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys.get("SessionToken"),
        # A stack is created or deleted within one call, which may exceed boto3's minute on a busy machine.
        config=Config(read_timeout=STACK_TIMEOUT_S),
    )


def deploy(assembly: Path, stack: str, endpoint_url: str) -> dict[str, str]:
    """Create or update `stack` and return its outputs. Raises DeployError."""
    file = assembly / f"{stack}.template.json"
    if not file.exists():
        raise DeployError(f"{assembly} holds no stack {stack}: synthesise it first (`make synth`).")
    template = file.read_text()
    bootstrap(endpoint_url)
    _publish_assets(assembly, stack, _layers(json.loads(template)), endpoint_url)
    cloudformation = client("cloudformation", endpoint_url)
    try:
        _create_or_update(cloudformation, stack, template)
    except (BotoCoreError, ClientError) as fault:
        raise DeployError(f"{stack} can't be deployed. {fault}") from fault
    return _outputs(_wait(cloudformation, stack))


def bootstrap(endpoint_url: str) -> None:
    """Create what a deployment needs of `cdk bootstrap`: the bucket for assets, and the parameter with its version."""
    client("s3", endpoint_url).create_bucket(Bucket=f"cdk-hnb659fds-assets-{ACCOUNT}-{REGION}")
    client("ssm", endpoint_url).put_parameter(
        Name="/cdk-bootstrap/hnb659fds/version", Value="30", Type="String", Overwrite=True
    )


def _publish_assets(assembly: Path, stack: str, layers: Sequence[Any], endpoint_url: str) -> None:
    """Upload the assets; those of layers are empty, since this interpreter's packages replace their 165 MB."""
    s3 = client("s3", endpoint_url)
    manifest = json.loads((assembly / f"{stack}.assets.json").read_text())
    for asset in manifest["files"].values():
        for destination in asset["destinations"].values():
            bucket, key = _substituted(destination["bucketName"]), _substituted(destination["objectKey"])
            source = assembly / asset["source"]["path"]
            s3.create_bucket(Bucket=bucket)  # idempotent in this region
            body = source.read_bytes() if source.is_file() else _zipped(source, empty=key in layers)
            s3.put_object(Bucket=bucket, Key=key, Body=body)


def _layers(template: Mapping[str, Any]) -> list[Any]:
    """Return the keys of the objects that layers are made from."""
    layers = [r for r in template.get("Resources", {}).values() if r["Type"] == "AWS::Lambda::LayerVersion"]
    return [layer["Properties"]["Content"]["S3Key"] for layer in layers]


def _zipped(folder: Path, *, empty: bool) -> bytes:
    files = () if empty else sorted(path for path in folder.rglob("*") if path.is_file())
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in files:
            archive.write(path, path.relative_to(folder))
    return buffer.getvalue()


def _substituted(text: str) -> str:
    """Replace the placeholders in the name of CDK's bootstrap bucket, which only a deployment can resolve."""
    values = {"${AWS::AccountId}": ACCOUNT, "${AWS::Region}": REGION, "${AWS::Partition}": "aws"}
    for placeholder, value in values.items():
        text = text.replace(placeholder, value)
    return text


def _create_or_update(cloudformation: Any, stack: str, template: str) -> None:
    request = {"StackName": stack, "TemplateBody": template, "Capabilities": ["CAPABILITY_IAM"]}
    if stack in {s["StackName"] for s in cloudformation.describe_stacks()["Stacks"]}:
        cloudformation.update_stack(**request)
    else:
        cloudformation.create_stack(**request)


def _wait(cloudformation: Any, stack: str) -> Mapping[str, Any]:
    """Wait until the stack is complete and return it; custom resources finish some time after the call."""
    until = time.monotonic() + STACK_TIMEOUT_S
    while True:
        description: Mapping[str, Any] = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
        status = description["StackStatus"]
        if not status.endswith("IN_PROGRESS"):
            break
        if time.monotonic() > until:
            raise DeployError(
                f"{stack} is still {status} after {STACK_TIMEOUT_S} s: one of its custom resources doesn't "
                "answer. Its function's log group says why."
            )
        time.sleep(0.05)
    if status not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
        raise DeployError(f"{stack} ended as {status}: {description.get('StackStatusReason', 'no reason given')}")
    return description


def _outputs(description: Mapping[str, Any]) -> dict[str, str]:
    return {o["OutputKey"]: o["OutputValue"] for o in description.get("Outputs", [])}
