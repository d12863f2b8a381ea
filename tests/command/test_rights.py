"""docs/security.md says which rights a command takes that works under no role: exactly those of its calls."""

import io
import json
import re
from pathlib import Path

import boto3
import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError
from PIL import Image

from moderate.deployment import Deployment
from tests.command.checkpoint import FILES, write

PAGE = Path(__file__).parents[2] / "docs/security.md"
# Operation → the right that it takes, where they differ. Service Authorization Reference.
RIGHTS = {
    "HeadObject": "s3:GetObject",
    "ListObjectsV2": "s3:ListBucket",
    "ListObjectVersions": "s3:ListBucketVersions",
    "GetCallerIdentity": None,
}
SAGEMAKER = {
    "DescribeEndpoint": {"EndpointStatus": "InService"},
    "DescribeInferenceComponent": {
        "InferenceComponentStatus": "InService",
        "RuntimeConfig": {"CurrentCopyCount": 1},
    },
}
ANSWER = {"model": "blip2-demo", "caption": "a red square", "answers": []}


@pytest.fixture
def needed(monkeypatch):
    """The rights that calls took so far. What S3 reports as missing takes the right to list, else it is a refusal."""
    found: set[str] = set()
    real = BaseClient._make_api_call  # type: ignore[attr-defined]  # not part of its API

    def call(self, operation, parameters):
        service = self.meta.service_model.signing_name
        version = "Version" if "VersionId" in parameters and operation == "GetObject" else ""
        right = RIGHTS.get(operation, f"{service}:{operation}{version}")
        if right is not None:
            found.add(right)
        if operation in SAGEMAKER:
            return SAGEMAKER[operation]
        if operation == "InvokeEndpoint":
            return {"Body": io.BytesIO(json.dumps(ANSWER).encode())}
        try:
            return real(self, operation, parameters)
        except ClientError as error:
            if service == "s3" and error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
                found.add("s3:ListBucket")
            raise

    monkeypatch.setattr(BaseClient, "_make_api_call", call)
    return found


def documented(row: str) -> set[str]:
    """The rights that stand in a row of the page's table, by the start of the row."""
    (line,) = [line for line in PAGE.read_text().splitlines() if line.startswith(f"| {row} (")]
    found = re.findall(r"`(?:([a-z0-9]+):)?([A-Z]\w+)`", line)
    rights, service = set(), ""
    for named, action in found:  # the service of the one before stands for those without
        service = named or service
        rights.add(f"{service}:{action}")
    return rights


def test_upload(deployed, moderate, needed, tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"x")

    moderate("upload", tmp_path / "a.jpg", "--wait", "--timeout", 1)

    assert needed - {"cloudformation:DescribeStacks", None} == documented("upload")


def test_look(deployed, moderate, needed):
    image, undecided = deployed.put_object(), deployed.put_object("in/b.jpg")
    deployed.put_unsafe(image, evidence_in="evidence/i/e.json")
    deployed.work("evidence/i/e.json", {"evidence": []})
    deployed.put_failure(undecided)
    deployed.s3.delete_object(Bucket="intake", Key=undecided.key)
    needed.clear()

    for words in (
        "verdicts",
        "verdicts --since 730d",
        "verdicts --cause X",
        "show in/a.jpg",
        "show in/a.jpg --version V",
        "show in/a.jpg --notice",
        "show in/b.jpg",
    ):
        result = moderate(*words.replace("V", image.version).split())
        assert result.exit_code == 0, result.stderr
    moderate("show", undecided.key, "--notice")

    assert needed - {"cloudformation:DescribeStacks", None} == documented("look")


def test_see_what_waits(deployed, moderate, needed, monkeypatch):
    monkeypatch.setattr("moderate.status.is_aws", lambda: True)
    outputs = {"Blip2ComponentName": "blip2", "LlamaComponentName": "llama"}
    monkeypatch.setattr("moderate.status.find", lambda stack: Deployment(stack, deployed.outputs | outputs))
    deployed.put_failure(deployed.put_object())
    needed.clear()

    for since in ("7d", "730d"):
        assert moderate("status", "--since", since).exit_code == 0

    assert needed == documented("see what waits")


def test_measure(deployed, moderate, needed):
    deployed.put_unsafe(deployed.put_object())
    needed.clear()

    for words in ("metrics", "metrics --since 730d", "drift", "sample --waiting"):
        assert moderate(*words.split()).exit_code in (0, 1)

    assert needed - {"cloudformation:DescribeStacks", None} == documented("measure")


def test_look_at_packs(deployed, moderate, needed, tmp_path):
    deployed.s3.put_object(Bucket="policies", Key="packs/mine.yaml", Body=b"name: mine\n")
    needed.clear()

    for words in ("policy versions mine", "policy routes", "policy diff shipped:default blog"):
        assert moderate(*words.split()).exit_code == 0

    assert needed - {"cloudformation:DescribeStacks", None} == documented("look at packs")


def test_ask(deployed, moderate, needed, tmp_path):
    Image.new("RGB", (30, 20), "red").save(tmp_path / "red.jpg")

    assert moderate("ask", tmp_path / "red.jpg").exit_code == 0

    assert needed - {"cloudformation:DescribeStacks"} == documented("ask")


def test_push_weights(moderate, needed, tmp_path):
    boto3.client("s3").create_bucket(Bucket="models")
    source = write(tmp_path / "source", FILES)
    needed.clear()

    for _ in range(2):  # the second finds what is there
        assert moderate("weights", "push", source, "s3://models/blip2/").exit_code == 0

    # large files go in parts, which an error aborts; a bucket's own key is asked for by S3
    unseen = {"s3:AbortMultipartUpload", "kms:GenerateDataKey", "kms:Decrypt"}
    assert needed == documented("push weights") - unseen
