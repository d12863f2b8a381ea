"""Persons do their work under their roles, with the deployed policies enforced; an administrator forges nothing."""

import json
import time
import uuid
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from botocore.exceptions import ClientError
from typer.testing import CliRunner

from local.harness.instant_models import INTERNAL, NO, YES
from moderate import sor
from moderate.main import app
from tests.support.sessions import new_session
from tests.support.sor_schema import faults
from tests.workflow.steps import drawing, tag_of

PACK = (
    "name: persons\ndescription: For this test.\n"
    "categories:\n  - {name: Violence, description: Weapons.}\n"
    "questions:\n  - {id: weapon, text: 'Is there a weapon?', categories: [Violence]}\n"
)
_ROUTES_CACHED_S = 5.5  # a worker that read the routes just before knows the new ones after that


@pytest.fixture
def moderate(laptop, monkeypatch):
    """The command with the deployer's credentials, who may do everything that no policy refuses, or under `role`."""
    monkeypatch.setenv("COLUMNS", "200")  # keys stay whole in tables
    monkeypatch.setenv("AWS_ENDPOINT_URL", laptop.url)
    monkeypatch.setenv("AWS_DEFAULT_REGION", laptop.client("s3").meta.region_name)
    deployer = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local", "AWS_SESSION_TOKEN": ""}

    def run(*words: object, role: str | None = None) -> str:
        for name, value in (laptop.keys_of(role) if role else deployer).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(boto3, "DEFAULT_SESSION", new_session())
        done = CliRunner().invoke(app, [str(word) for word in words])
        assert done.exit_code == 0, done.output
        return done.output

    return run


def test_a_reviewer_decides_in_their_own_name(laptop, moderate):
    version = laptop.upload("persons/decided.png", drawing(colour="teal"))
    laptop.wait_for_verdict("persons/decided.png")

    moderate("decide", "--yes", "persons/decided.png", "unsafe", "--category", "Violence", "--note", "A knife")

    record = laptop.item("persons/decided.png")
    assert (record["verdict"], record["decided_by"], record["notified"]) == ("unsafe", "person", True)
    role, name = record["history"][-1]["who"].split("/")[1:]
    assert "Reviewer" in role and name == "deployer"
    assert tag_of(laptop, "persons/decided.png", version) == {"moderation": "unsafe"}
    assert "A knife" in moderate("show", "persons/decided.png")
    assert "Violence" in moderate("show", "persons/decided.png", "--notice")
    assert "persons/decided.png" in moderate("verdicts", "--verdict", "unsafe")


def test_a_reviewer_works_under_the_role_alone(laptop, moderate):
    """Also on an upload whose policy isn't known, since it couldn't be opened: the pack in force is looked up."""
    laptop.upload("persons/broken.png", b"no picture")
    assert laptop.wait_for_verdict("persons/broken.png")["verdict"] == "review"

    assert "persons/broken.png" in moderate("verdicts", "--verdict", "review", role="Reviewer")
    assert "review" in moderate("show", "persons/broken.png", role="Reviewer")
    moderate(
        "decide", "--yes", "persons/broken.png", "unsafe", "--category", "Violence", "--note", "Junk", role="Reviewer"
    )

    assert laptop.item("persons/broken.png")["policy"]["name"] == "blog"


def test_a_reviewer_looks_at_the_upload_and_at_what_the_models_saw(laptop):
    s3, outputs = laptop.client_of("Reviewer", "s3"), laptop.outputs
    version = laptop.upload("persons/seen.png", drawing(colour="plum"))
    laptop.wait_for_verdict("persons/seen.png")
    work = laptop.client("s3").list_objects_v2(Bucket=outputs["WorkBucketName"], Prefix="work/")["Contents"]
    view = next(found["Key"] for found in work if found["Key"].endswith(".png"))

    for seen in (
        {"Bucket": outputs["IntakeBucketName"], "Key": "persons/seen.png"},
        {"Bucket": outputs["IntakeBucketName"], "Key": "persons/seen.png", "VersionId": version},
        {"Bucket": outputs["WorkBucketName"], "Key": view},
    ):
        assert s3.get_object(**seen)["Body"].read()
    with pytest.raises(ClientError, match="NoSuchKey"):
        s3.get_object(Bucket=outputs["IntakeBucketName"], Key="persons/never.png")
    with pytest.raises(ClientError, match="NoSuchVersion"):
        s3.get_object(Bucket=outputs["IntakeBucketName"], Key="persons/seen.png", VersionId=str(uuid.uuid4()))


def test_a_reviewer_who_may_sends_a_notice_under_the_role_alone(laptop, moderate):
    key, person = "persons/reported.png", laptop.client_of("Reviewer", "sts").get_caller_identity()["Arn"]
    laptop.upload(key, drawing(colour="khaki"))
    assert laptop.wait_for_verdict(key)["verdict"] == "safe"
    moderate("people", "set", person, "--role", "app")

    moderate("report", key, "notice", "--notifier", "user-7", "--text", "This is me", role="Reviewer")

    moderate("people", "remove", person)
    record = laptop.item(key)
    assert (record["verdict"], record["reports"][0]["text"]) == ("safe", "This is me")
    assert record["queue"].startswith("review#")


def test_an_editor_puts_packs_and_a_canary_into_force_and_takes_them_back(laptop, models, moderate, tmp_path):
    first, second = tmp_path / "first.yaml", tmp_path / "second.yaml"
    first.write_text(PACK)
    second.write_text(PACK.replace("For this test.", "For this test, changed."))

    for file in (first, second):
        moderate("policy", "push", file)
    moderate("policy", "rollback", "persons", "--why", "It was better before")
    models.answer = lambda png, prompt: YES if "drawing" in prompt else NO
    (tmp_path / "canary.png").write_bytes(drawing())
    moderate("policy", "canary", tmp_path / "canary.png", "--yes", "Is this a drawing?", "--no", "Is there a dog?")
    laptop.client_of("PolicyEditor", "s3").delete_object(Bucket=laptop.outputs["PolicyBucketName"], Key="canary.json")

    assert len(moderate("policy", "versions", "persons", role="PolicyEditor").splitlines()) > 3
    assert "blog" in moderate("policy", "routes", role="PolicyEditor")
    assert "They are the same" in moderate("policy", "diff", "persons", first)
    packs = [
        row for row in json.loads(moderate("policy", "log", "--json", role="PolicyEditor")) if "persons" in row["key"]
    ]
    assert [(row["who"], row["action"]) for row in packs] == [
        ("deployer", each) for each in ("rollback", "push", "push")
    ]
    assert packs[0]["why"] == "It was better before"


def test_an_editor_goes_back_to_what_ships_by_deleting(laptop, moderate, tmp_path):
    file = tmp_path / "extra.yaml"
    file.write_text(PACK.replace("name: persons", "name: extra"))
    moderate("policy", "push", file)
    s3, bucket = laptop.client_of("PolicyEditor", "s3"), laptop.outputs["PolicyBucketName"]

    try:
        for key in ("packs/extra.yaml", "routes.yaml"):
            s3.delete_object(Bucket=bucket, Key=key)
    finally:
        laptop.publish("routes.yaml", "'': {enforce: blog}\n")

    with pytest.raises(ClientError, match="NoSuchKey"):
        s3.get_object(Bucket=bucket, Key="packs/extra.yaml")


def test_an_operator_runs_again_what_failed(laptop, models, moderate):
    models.fail("llama", *[INTERNAL] * 100)
    laptop.upload("persons/failed.png", drawing(colour="maroon"))
    assert laptop.wait_for_verdict("persons/failed.png", timeout_s=120)["decided_by"] == "failure"
    laptop.wait_until_idle()
    models.reset()

    assert "started" in moderate("redrive", "--since", "1h")

    laptop.wait_until_idle()
    assert laptop.wait_for_verdict("persons/failed.png", timeout_s=60)["verdict"] == "safe"


def test_an_operator_works_off_what_was_never_started(laptop, moderate):
    """Events that EventBridge gave up on, and one that is none, which goes back."""
    version = laptop.upload("persons/unstarted.png", drawing(colour="coral"))
    laptop.wait_for_verdict("persons/unstarted.png")
    at = datetime.now(UTC).isoformat()
    upload = {"bucket": laptop.outputs["IntakeBucketName"], "key": "persons/unstarted.png", "version": version}
    letter = upload | {"size": 1, "event_id": uuid.uuid4().hex, "time": at}
    ended = {
        "executionArn": laptop.item("persons/unstarted.png")["execution"],
        "status": "ABORTED",
        "input": json.dumps(letter),
        "startDate": int(datetime.now(UTC).timestamp() * 1000),
    }
    sqs = laptop.client("sqs")
    for queue, body in (("UnstartedQueueUrl", letter), ("UnrecordedQueueUrl", {"detail": ended})):
        for text in (json.dumps(body), "no event"):
            sqs.send_message(QueueUrl=laptop.outputs[queue], MessageBody=text)

    said = moderate("redrive", "--since", "1h", role="Operator")

    laptop.wait_until_idle()
    assert "started" in said and "recorded before" in said and said.count("left in the queue") == 2
    for queue in ("UnstartedQueueUrl", "UnrecordedQueueUrl"):
        (left,) = sqs.receive_message(QueueUrl=laptop.outputs[queue], VisibilityTimeout=1)["Messages"]
        assert left["Body"] == "no event"
        sqs.delete_message(QueueUrl=laptop.outputs[queue], ReceiptHandle=left["ReceiptHandle"])


def test_nobody_forges_tag_pack_judgement_evidence_provenance_or_history(laptop):
    version = laptop.upload("persons/forged.png", drawing(colour="olive"))
    digest = laptop.wait_for_verdict("persons/forged.png")["policy"]["digest"]
    s3, outputs = laptop.client("s3"), laptop.outputs
    work, image = {"Bucket": outputs["WorkBucketName"]}, {"Bucket": outputs["IntakeBucketName"]}
    kept = {**work, "Key": f"provenance/packs/{digest}.json"}
    judgement = next(
        found["Key"]
        for found in s3.list_objects_v2(**work, Prefix="work/")["Contents"]
        if found["Key"].endswith("judgement.json")
    )
    tags = {"TagSet": [{"Key": "moderation", "Value": "safe"}]}
    editor, signer = laptop.client_of("PolicyEditor", "s3"), laptop.client_of("PolicyEditor", "sts")
    own = f"history/log/{signer.get_caller_identity()['UserId']}/{uuid.uuid4()}.json"
    history = {"Bucket": outputs["PolicyBucketName"], "Key": own.replace(":deployer", ":somebody")}
    forgeries = [
        lambda: s3.put_object_tagging(**image, Key="persons/forged.png", VersionId=version, Tagging=tags),
        lambda: s3.put_object(**image, Key="persons/new.png", Body=b"x", Tagging="moderation=safe"),
        lambda: s3.put_object(Bucket=outputs["PolicyBucketName"], Key="packs/blog.yaml", Body=b""),
        lambda: s3.delete_object(Bucket=outputs["PolicyBucketName"], Key="routes.yaml"),
        lambda: s3.put_object(**work, Key=judgement, Body=json.dumps({}).encode()),
        lambda: s3.put_object(**work, Key="evidence/a/b.json", Body=b"{}"),
        lambda: s3.put_object(**kept, Body=b"{}"),
        lambda: s3.put_object(**work, Key="provenance/packs/new.json", Body=b"{}", IfNoneMatch="*"),
        lambda: s3.delete_object(**kept),
        lambda: s3.put_object(**history, Body=b"{}", IfNoneMatch="*"),
        lambda: s3.delete_object(**history),
        lambda: editor.put_object(**history, Body=b"{}", IfNoneMatch="*"),
        lambda: editor.put_object(**history | {"Key": own}, Body=b"{}"),
        lambda: (
            editor.put_object(**history | {"Key": own}, Body=b"{}", IfNoneMatch="*")
            and editor.delete_object(**history | {"Key": own})
        ),
    ]

    for forge in forgeries:
        with pytest.raises(ClientError, match="AccessDenied"):
            forge()
    assert json.loads(s3.get_object(**kept)["Body"].read())["name"] == "blog"


def test_a_reviewer_exports_statements_of_what_people_and_machines_decided(laptop, moderate, monkeypatch, tmp_path):
    monkeypatch.setattr(sor, "_INDEX_LAG", timedelta())  # on AWS an export ends before the last minute
    (tmp_path / "stated.yaml").write_text(
        PACK.replace("name: persons", "name: stated").replace(
            "description: Weapons.}", "description: Weapons., report: {category: STATEMENT_CATEGORY_VIOLENCE}}"
        )
        + "statement: {terms: Section 3, restrictions: [disabled], territories: [EU]}\n"
    )
    moderate("policy", "push", tmp_path / "stated.yaml", "--route", "stated/", "--yes")
    try:
        time.sleep(_ROUTES_CACHED_S)
        laptop.upload("stated/mary.png", drawing(colour="purple"))
        laptop.wait_for_verdict("stated/mary.png")
        moderate("decide", "--yes", "stated/mary.png", "unsafe", "--category", "Violence", "--note", "Mary's knife")
        decided = laptop.item("stated/mary.png")["decided_at"]

        given = ("--since", decided, "--out", tmp_path / "out", "--json")
        said = json.loads(moderate("sor", "export", *given, role="Reviewer"))
    finally:
        moderate("policy", "routes", "--rollback", "--yes")

    (statement,) = json.loads((tmp_path / "out/statements-0001.json").read_text())["statements"]
    assert said["statements"] == 1
    assert faults(statement) == [] and "mary" not in json.dumps(statement).lower()
    assert statement["automated_decision"] == "AUTOMATED_DECISION_NOT_AUTOMATED"


def test_what_people_decide_is_sampled_measured_and_held_against_a_new_pack(laptop, moderate, tmp_path):
    for name, colour in (("a", "teal"), ("b", "navy")):
        laptop.upload(f"truth/{name}.png", drawing(colour=colour))
        laptop.wait_for_verdict(f"truth/{name}.png")
    before = laptop.item("truth/a.png")

    moderate("sample", "--since", "1d", "--safe", "10000")
    sampled = laptop.item("truth/a.png")
    assert {name for name in sampled if sampled[name] != before.get(name)} == {"sample", "queue", "queue_order"}
    assert tag_of(laptop, "truth/a.png", sampled["sk"])["moderation"] == "safe"
    assert "truth/a.png" in moderate("sample", "--waiting", role="Reviewer")
    moderate("decide", "--yes", "truth/a.png", "safe", "--note", "A square")
    assert "truth/a.png" not in moderate("sample", "--waiting", role="Reviewer")
    assert "safe, no category, sample" in moderate("metrics", role="Reviewer")

    laptop.invoke_rule("DriftSchedule")
    lines = [line for line in laptop.logs("MeasureDrift").splitlines() if '"Drifted"' in line]
    assert json.loads(lines[-1])["Drifted"] == [0.0]
    assert "verdicts" in moderate("drift", role="Operator")

    (tmp_path / "truth.yaml").write_text(PACK.replace("name: persons", "name: truth"))
    pushed = moderate("policy", "push", tmp_path / "truth.yaml", "--route", "truth/", "--yes")
    try:
        assert "Not judged again: 1." in pushed, "the picture was never asked the pack's question"
    finally:
        moderate("policy", "routes", "--rollback", "--yes")
