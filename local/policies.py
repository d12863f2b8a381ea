"""Packs and routes of a deployment on the laptop cloud, which only its policy editor may write."""

from collections.abc import Mapping

from local.deploy import client
from model_artifacts.demo import DEMO_CANARY, DEMO_PACK


def publish(outputs: Mapping[str, str], endpoint_url: str, key: str, text: bytes) -> None:
    """Put a file into the policy bucket of a deployment without validation."""
    sts = client("sts", endpoint_url)
    name = sts.get_caller_identity()["Arn"].rpartition("/")[2]
    editor = sts.assume_role(RoleArn=outputs["PolicyEditorRoleArn"], RoleSessionName=name)["Credentials"]
    s3 = client("s3", endpoint_url, editor)
    s3.put_object(Bucket=outputs["PolicyBucketName"], Key=key, Body=text)


def publish_demo_pack(outputs: Mapping[str, str], endpoint_url: str) -> None:
    """Put the demo's pack and canary in force: the checkpoint answers its questions about drawings alone."""
    publish(outputs, endpoint_url, "packs/demo.yaml", DEMO_PACK.read_bytes())
    publish(outputs, endpoint_url, "routes.yaml", b'"": {enforce: demo}\n')
    publish(outputs, endpoint_url, "canary.json", DEMO_CANARY.read_bytes())
