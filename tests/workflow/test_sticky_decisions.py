"""A reviewer's decision holds for the same bytes on the deployed workflow, under the deployed policies."""

import boto3
import pytest
from botocore.exceptions import ClientError
from typer.testing import CliRunner

from local.harness.instant_models import NO, YES
from moderate.main import app
from tests.support.sessions import new_session
from tests.workflow.steps import drawing, routed, tag_of

PACK = (
    "name: sticky\ndescription: For this test.\n"
    "categories:\n  - {name: Violence, description: Weapons.}\n"
    "questions:\n  - {id: weapon, text: 'Is there a weapon?', categories: [Violence]}\n"
)
PICTURE = drawing(colour="orchid")


@pytest.fixture
def moderate(laptop, monkeypatch):
    """The command, by somebody who assumes the roles."""
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("AWS_ENDPOINT_URL", laptop.url)
    monkeypatch.setenv("AWS_DEFAULT_REGION", laptop.client("s3").meta.region_name)
    for name, value in {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", new_session())

    def run(*words: str) -> str:
        done = CliRunner().invoke(app, list(words))
        assert done.exit_code == 0, done.output
        return done.output

    return run


@pytest.fixture
def verdict_of(laptop):
    """Uploads a picture; gives its record once there is a verdict."""

    def upload(key: str, data: bytes = PICTURE, **options):
        version = laptop.upload(key, data, **options)
        record = laptop.wait_for_verdict(key, version)
        laptop.wait_until_idle()
        return record

    return upload


def test_a_decision_decides_the_same_bytes_until_it_is_overruled_or_revoked(laptop, models, moderate, verdict_of):
    laptop.publish("packs/sticky.yaml", PACK)
    queue = laptop.subscribe_queue("UnsafeTopicArn")
    with routed(laptop, {"": "blog", "sticky/": "sticky", "sticky/elsewhere/": "sticky"}):
        assert verdict_of("sticky/first.png")["verdict"] == "safe"
        words = ("decide", "--yes", "sticky/first.png", "unsafe", "--category", "Violence", "--note", "A knife")
        assert "It sticks" in moderate(*words)
        laptop.receive(queue)
        asked = len(models.requests)

        copy = verdict_of("sticky/copy.png")
        assert (copy["verdict"], copy["category"], copy["decided_by"]) == ("unsafe", "Violence", "person")
        assert copy["as_of"] == laptop.item("sticky/first.png")["decided_at"]
        assert len(models.requests) == asked, "no model is asked, and no older verdict reused"
        assert tag_of(laptop, "sticky/copy.png", copy["sk"]) == {"moderation": "unsafe"}
        assert "sticky/copy.png" in laptop.receive(queue)["Message"]
        assert laptop.item("sticky/copy.png")["notified"] is True
        assert "as of" in moderate("show", "sticky/copy.png")

        assert verdict_of("sticky/copy.html", ContentType="text/html")["decided_by"] == "failure"
        assert verdict_of("sticky/damaged.png", PICTURE[:60])["verdict"] == "review"
        verdict_of("sticky/elsewhere/other.png")
        assert laptop.item("sticky/elsewhere/other.png")["decided_by"] != "person"

        for erased in ("sticky/first.png", "sticky/copy.png"):
            moderate("erase", "--yes", erased)
        assert verdict_of("sticky/again.png")["decided_by"] == "person"

        said = moderate("decide", "--yes", "sticky/again.png", "safe", "--note", "A toy", "--all-copies")
        assert "(--seen)" in said and "no longer holds" in said
        models.answer = lambda png, prompt: YES if "weapon" in prompt else NO
        models.judge = lambda prompt: '{"flag": "unsafe", "category": "Violence", "reason": "A weapon."}'
        changed = PACK.replace("For this test.", "For this test, changed.")  # another digest, the same rules
        laptop.publish("packs/sticky.yaml", changed)
    with routed(laptop, {"": "blog", "sticky/": "sticky"}):
        assert verdict_of("sticky/unseen.png")["decided_by"] == "judge"
        moderate("decide", "--yes", "sticky/unseen.png", "safe", "--note", "A toy", "--seen")
        assert (verdict_of("sticky/seen.png")["verdict"], len(laptop.item("sticky/seen.png")["history"])) == ("safe", 1)

        said = moderate("decisions", "revoke", "--by", "deployer", "--since", "1h", "--yes")
        assert "don't stick any more" in said
        assert laptop.item("sticky/seen.png")["verdict"] == "review"
        assert verdict_of("sticky/revoked.png")["decided_by"] == "judge"


def test_nobody_reads_the_secret_of_the_keys_or_signs_for_another(laptop):
    work = laptop.outputs["WorkBucketName"]
    reviewer = laptop.client_of("Reviewer", "s3")
    forged = "provenance/approvals/d1gest/AROAEXAMPLE:somebody.json"

    with pytest.raises(ClientError, match="AccessDenied"):
        laptop.client("s3").get_object(Bucket=work, Key="provenance/keys/decisions.json")
    with pytest.raises(ClientError, match="AccessDenied"):
        reviewer.put_object(Bucket=work, Key=forged, Body=b"{}", IfNoneMatch="*")
