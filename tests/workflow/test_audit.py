"""People's rights and the audit log under the deployed policies: each role does its task, and nobody anything else."""

import json
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from botocore.exceptions import ClientError
from typer.testing import CliRunner

from moderate.main import app
from moderation.adapters.s3_audit import S3AuditLog
from moderation.domain.audit import AuditEvent
from moderation.domain.record import utc
from tests.support.sessions import new_session

ANN = "sub-of-ann"
YESTERDAY = f"{datetime.now(UTC) - timedelta(days=1):%Y-%m-%d}"


@pytest.fixture
def moderate(laptop, monkeypatch):
    """The command under a role."""
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("AWS_ENDPOINT_URL", laptop.url)
    monkeypatch.setenv("AWS_DEFAULT_REGION", laptop.client("s3").meta.region_name)

    def run(role: str, *words: object, status: int = 0) -> str:
        for name, value in laptop.keys_of(role).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(boto3, "DEFAULT_SESSION", new_session())
        done = CliRunner().invoke(app, [str(word) for word in words])
        assert done.exit_code == status, done.output
        return done.output

    return run


def refused(call, **given) -> bool:
    with pytest.raises(ClientError) as error:
        call(**given)
    return error.value.response["Error"]["Code"] in ("AccessDenied", "403")


def test_an_administrator_gives_and_takes_rights_and_nobody_else_does(laptop, moderate):
    people = {"Bucket": laptop.outputs["PolicyBucketName"], "Key": "people.json"}
    assert ANN not in moderate("Administrator", "people", "list")

    moderate("Administrator", "people", "set", ANN, "--role", "lead")

    assert ANN in moderate("Administrator", "people", "list")
    for role in ("Reviewer", "PolicyEditor", "Operator", "Eraser", "Auditor"):
        assert refused(laptop.client_of(role, "s3").put_object, **people, Body=b"{}"), role
    assert refused(laptop.client("s3").put_object, **people, Body=b"{}"), "the account's administrator, by the bucket"
    administrator = laptop.client_of("Administrator", "s3")
    for key in ("routes.yaml", "packs/blog.yaml"):
        assert refused(administrator.put_object, Bucket=people["Bucket"], Key=key, Body=b""), key
    moderate("Administrator", "people", "remove", ANN)
    assert ANN not in moderate("Administrator", "people", "list")


def test_the_audit_log_is_added_to_sealed_and_read_and_nothing_in_it_is_altered(laptop, moderate, tmp_path):
    bucket, s3 = laptop.outputs["AuditBucketName"], laptop.client("s3")
    log = S3AuditLog(s3, bucket)
    for _ in range(3):
        log.append(AuditEvent(action="reveal", who="p-1", at=utc(datetime.now(UTC)), image="a" * 32))
    log.append(AuditEvent(action="reveal", who="p-1", at=f"{YESTERDAY}T10:00:00.000Z", image="a" * 32))

    (told,) = laptop.invoke_rule("AuditSchedule")

    assert told["faults"], "what is written for a day that is over is told, and sealed"
    said = moderate("Auditor", "audit", "verify", "--since", YESTERDAY, "--json", status=1)
    checked, _ = json.JSONDecoder().raw_decode(said[said.index("{") :])
    assert checked["entries"] >= 4
    assert any("and not at the time it names" in fault for fault in checked["faults"])
    explanation = json.dumps({"explanation": "It was a test. Ann"}).encode()
    check = laptop.outputs["CheckAuditFunctionName"]
    laptop.client("lambda").invoke(FunctionName=check, Payload=explanation)
    (told,) = laptop.invoke_rule("AuditSchedule")
    assert told["faults"] == 0
    again = json.loads(moderate("Auditor", "audit", "verify", "--since", YESTERDAY, "--json"))
    assert again["faults"] == [] and set(again["explained"]) == set(checked["faults"])
    out = tmp_path / "audit.jsonl"
    moderate("Auditor", "audit", "export", "--since", YESTERDAY, "--out", out)
    keys = [json.loads(line)["key"] for line in out.read_text().splitlines()]
    assert len(keys) >= 4 and any(key.startswith(f"entries/{YESTERDAY}/") for key in keys)
    seal = f"seals/{YESTERDAY}.json"
    for key in (keys[0], seal):
        version = s3.head_object(Bucket=bucket, Key=key)["VersionId"]
        assert refused(s3.put_object, Bucket=bucket, Key=key, Body=b"{}"), key
        assert refused(s3.delete_object, Bucket=bucket, Key=key), key
        assert refused(s3.delete_object, Bucket=bucket, Key=key, VersionId=version), key
    assert refused(s3.put_object, Bucket=bucket, Key="seals/2000-01-01.json", Body=b"{}", IfNoneMatch="*")
    for role in ("Administrator", "Reviewer", "Operator"):
        assert refused(laptop.client_of(role, "s3").get_object, Bucket=bucket, Key=keys[0]), role
