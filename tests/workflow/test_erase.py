"""`moderate erase` removes everything that the pipeline stores about an upload."""

import json

import boto3
import pytest
from typer.testing import CliRunner

from moderate.main import app
from tests.support.sessions import new_session
from tests.workflow.steps import drawing, routed


@pytest.fixture
def moderate(laptop, monkeypatch):
    """The command of an eraser."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", laptop.url)
    monkeypatch.setenv("AWS_DEFAULT_REGION", laptop.client("s3").meta.region_name)
    for name, value in laptop.keys_of("Eraser").items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", new_session())
    return lambda *arguments: CliRunner().invoke(app, arguments)


def test_an_erased_upload_leaves_no_trace_but_the_verdict_that_another_took_over(laptop, moderate):
    with routed(laptop, {"": "default"}):
        first = laptop.upload("erase/first.png", drawing(colour="olive"))
        laptop.wait_for_verdict("erase/first.png", timeout_s=120)
        laptop.upload("erase/second.png", drawing(colour="olive"))
        assert laptop.wait_for_verdict("erase/second.png", timeout_s=120)["reused_from"]["sk"] == first
    laptop.wait_until_idle()
    assert "erase/first.png" in kept(laptop)

    result = moderate("erase", "erase/first.png", "--yes")

    assert result.exit_code == 0, result.output
    assert "erase/first.png" not in kept(laptop)
    assert first not in kept(laptop)
    assert laptop.item("erase/second.png")["verdict"] == "safe"


def kept(laptop) -> str:
    """All that lies in the intake bucket, the work bucket and the table, as text."""
    s3, outputs = laptop.client("s3"), laptop.outputs
    stored = s3.list_object_versions(Bucket=outputs["IntakeBucketName"])
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=outputs["WorkBucketName"])
    names = [found["Key"] for page in pages for found in page.get("Contents", [])]
    files = [
        s3.get_object(Bucket=outputs["WorkBucketName"], Key=name)["Body"].read().decode(errors="replace")
        for name in names
        if name.endswith(".json") and not name.startswith("provenance/keys/")  # which nobody may read
    ]
    items = laptop.client("dynamodb").get_paginator("scan").paginate(TableName=outputs["VerdictTableName"])
    return json.dumps([stored.get("Versions"), names, files, [page["Items"] for page in items]], default=str)
