"""An escalated image under the deployed policies: its copies outlast everything, and only one role sees it."""

import json

import boto3
import pytest
from botocore.exceptions import ClientError
from typer.testing import CliRunner

from moderate.main import app
from moderation.domain.image_ref import ImageRef
from tests.support.sessions import new_session
from tests.workflow.steps import drawing, session_of

READERS = ("Reviewer", "PolicyEditor", "Operator", "Eraser", "Auditor", "Administrator")


@pytest.fixture
def moderate(laptop, monkeypatch):
    """The command with the deployer's credentials, or under a role, or with given keys."""
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("AWS_ENDPOINT_URL", laptop.url)
    monkeypatch.setenv("AWS_DEFAULT_REGION", laptop.client("s3").meta.region_name)
    deployer = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local", "AWS_SESSION_TOKEN": ""}

    def run(*words: object, role: str | None = None, keys: dict[str, str] | None = None) -> str:
        for name, value in (keys or (laptop.keys_of(role) if role else deployer)).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(boto3, "DEFAULT_SESSION", new_session())
        done = CliRunner().invoke(app, [str(word) for word in words])
        assert done.exit_code == 0, done.output
        return done.output

    return run


def refused(call, **given) -> bool:
    try:
        call(**given)
    except ClientError as error:
        return error.response["Error"]["Code"] in ("AccessDenied", "403")
    return False


def test_an_escalated_image_is_kept_and_denied_until_two_people_release_it(laptop, moderate, monkeypatch):
    key = "quarantine/picture.png"
    version = laptop.upload(key, drawing(colour="maroon"))
    record = laptop.wait_for_verdict(key)
    s3, work, intake = (laptop.client("s3"), *(laptop.outputs[f"{name}BucketName"] for name in ("Work", "Intake")))
    quarantine = laptop.outputs["QuarantineBucketName"]
    views = [
        found["Key"]
        for found in s3.list_objects_v2(Bucket=work, Prefix="work/")["Contents"]
        if f"/{record['execution'].rpartition(':')[2]}/views/" in found["Key"]
    ]
    assert views
    original = {"Bucket": intake, "Key": key, "VersionId": version}
    reviewer = laptop.client_of("Reviewer", "s3")
    assert reviewer.get_object(**original)["Body"].read(), "before"

    moderate("escalate", key, "--version", version, "--yes")
    moderate("escalate", key, "--version", version, "--yes", role="Quarantine")  # may be repeated

    for role in READERS:
        client = laptop.client_of(role, "s3")
        assert refused(client.get_object, **original), role
        assert refused(client.get_object, Bucket=work, Key=views[0]), role
    assert refused(s3.get_object, **original), "an administrator of the account"
    assert refused(s3.put_object_tagging, **original, Tagging={"TagSet": []})
    assert refused(reviewer.put_object_tagging, **original, Tagging={"TagSet": []}), "the tag can't be stripped"
    assert refused(reviewer.put_object_tagging, Bucket=work, Key=views[0], Tagging={"TagSet": []})
    item = laptop.item(key)
    assert "queue" not in item and "expires_at" not in item and item["escalated_at"]
    assert key not in moderate("verdicts", "--since", "1h", "--limit", "1000")

    keeper = laptop.client_of("Quarantine", "s3")
    found = [copy["Key"] for copy in keeper.list_objects_v2(Bucket=quarantine, Prefix="cases/")["Contents"]]
    case = next(copy.split("/")[1] for copy in found if copy.endswith(views[0]))
    copies = [copy for copy in found if copy.startswith(f"cases/{case}/")]
    assert {f"cases/{case}/original", f"cases/{case}/record.json", f"cases/{case}/files/{views[0]}"} <= set(copies)
    moderate("redrive")
    moderate("erase", key, "--yes")
    s3.delete_object(Bucket=intake, Key=key)
    for copy in copies:
        copied = keeper.get_object(Bucket=quarantine, Key=copy)
        assert copied["Body"].read(), copy
        for client in (s3, keeper, laptop.client_of("Eraser", "s3")):
            assert refused(client.delete_object, Bucket=quarantine, Key=copy, VersionId=copied["VersionId"]), copy
        assert refused(reviewer.get_object, Bucket=quarantine, Key=copy)
        hold = {"Bucket": quarantine, "Key": copy, "VersionId": copied["VersionId"], "LegalHold": {"Status": "OFF"}}
        assert refused(s3.put_object_legal_hold, **hold)
    kept = json.loads(keeper.get_object(Bucket=quarantine, Key=f"cases/{case}/record.json")["Body"].read())
    assert (kept["sk"], kept["verdict"]) == (version, record["verdict"])

    assert refused(keeper.put_object, Bucket=quarantine, Key=f"releases/{case}/AROAEXAMPLE:bob.json", Body=b"{}")


def test_a_release_takes_another_person_and_gives_the_picture_back(laptop, moderate):
    key, quarantine, s3 = "quarantine/harmless.png", laptop.outputs["QuarantineBucketName"], laptop.client("s3")
    version = laptop.upload(key, drawing(colour="navy"))
    laptop.wait_for_verdict(key)
    original = {"Bucket": laptop.outputs["IntakeBucketName"], "Key": key, "VersionId": version}
    reviewer, keeper = (laptop.client_of(role, "s3") for role in ("Reviewer", "Quarantine"))
    moderate("escalate", key, "--yes")

    case = ImageRef(original["Bucket"], key, version).id
    own = laptop.client_of("Quarantine", "sts").get_caller_identity()["UserId"]
    for folder in ("", "more/"):
        keeper.put_object(Bucket=quarantine, Key=f"releases/{case}/{folder}{own}.json", Body=b"{}", IfNoneMatch="*")
    for _ in range(2):
        assert "another person" in moderate("release", key, "--yes", role="Quarantine")
    assert refused(reviewer.get_object, **original)
    assert "is released" in moderate("release", key, "--yes", keys=session_of(laptop, "quarantine-bob"))

    assert reviewer.get_object(**original)["Body"].read()
    tags = s3.get_object_tagging(**original)["TagSet"]
    assert {tag["Key"] for tag in tags} == {"moderation", "quarantine"}, "the verdict stands"
    held = [
        keeper.head_object(Bucket=quarantine, Key=found["Key"]).get("ObjectLockLegalHoldStatus")
        for found in keeper.list_objects_v2(Bucket=quarantine, Prefix="cases/")["Contents"]
    ]
    assert "OFF" in held
    assert laptop.item(key)["escalated_at"], "it stays out of reports"

    moderate("escalate", key, "--yes")

    assert "another person" in moderate("release", key, "--yes", role="Quarantine"), "two people, once more"
    assert refused(reviewer.get_object, **original)
