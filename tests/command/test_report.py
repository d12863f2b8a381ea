"""`moderate report`: what apps send, typed by a person who may."""

import json
import re

import pytest

from moderation.domain.policy import pack_data
from tests.command.history import DECIDED, PACK, PACK_KEY

SAFE = {"verdict": "safe", "category": None, "reason": "Nothing was found.", "decided_by": "judge"}


@pytest.fixture
def image(deployed):
    """An upload that the machine found safe."""
    deployed.work(PACK_KEY, pack_data(PACK))
    image = deployed.put_object()
    deployed.put_record(image, **SAFE, decided_at=DECIDED, policy={"name": PACK.name, "digest": PACK.digest})
    return image


@pytest.fixture
def caller(deployed, moderate, image) -> str:
    """The caller, whom a refusal names."""
    refused = moderate("report", image.key, "notice", "--notifier", "u", "--text", "x")
    assert refused.exit_code == 1
    [named] = re.findall(r"`moderate people set (\S+) --role app`", refused.stderr)
    return str(named)


@pytest.fixture
def allowed(caller, moderate):
    def allow(*words: str) -> None:
        assert moderate("people", "set", caller, "--role", "app", *words).exit_code == 0

    return allow


def send(moderate, image, kind="notice", notifier="user-7", text="This is me"):
    return moderate("report", image.key, kind, "--notifier", notifier, "--text", text)


def test_a_notice_waits_for_a_person_and_the_verdict_stays(deployed, moderate, image, allowed):
    allowed()

    sent = send(moderate, image)

    assert sent.exit_code == 0, sent.stderr
    record = deployed.record(image)
    [stored] = record["reports"]
    assert stored["id"] in sent.stdout and stored["due_at"] in sent.stdout
    assert (stored["kind"], stored["text"]) == ("notice", "This is me")
    assert "user-7" not in json.dumps(stored), "its notifier is a digest"
    assert record["verdict"] == "safe" and record["queue"].startswith("review#")
    shown = json.loads(moderate("show", image.key, "--json").stdout)
    assert [one["id"] for one in shown["reports"]] == [stored["id"]]
    audit = [deployed.s3.get_object(Bucket="audit", Key=found["Key"]) for found in entries(deployed)]
    [event] = [json.loads(entry["Body"].read())["event"] for entry in audit]
    assert (event["action"], event["image"]) == ("notice", image.id)


def entries(deployed):
    return deployed.s3.list_objects_v2(Bucket="audit", Prefix="entries/").get("Contents", [])


def test_what_is_said_again_is_the_report_that_waits(deployed, moderate, image, allowed):
    allowed()
    first = send(moderate, image)

    again = send(moderate, image, text="As I said, this is me")

    assert again.exit_code == 0 and "already" in again.stdout and "already" not in first.stdout
    assert len(deployed.record(image)["reports"]) == 1


def test_a_trusted_flagger_comes_first(deployed, moderate, image, allowed):
    allowed("--trusted-flagger", "ngo")

    assert send(moderate, image, notifier="ngo").exit_code == 0

    assert (deployed.record(image)["reports"][0]["kind"], deployed.record(image)["severity"]) == ("trusted_flagger", 8)


def test_an_appeal_takes_an_unsafe_verdict(deployed, moderate, image, allowed):
    allowed()
    unsafe = deployed.put_object("in/unsafe.jpg")
    deployed.put_unsafe(unsafe)

    refused, sent = send(moderate, image, "appeal"), send(moderate, unsafe, "appeal", text="It is a toy")

    assert refused.exit_code == 1 and "Only an image that was found unsafe" in refused.stderr
    assert sent.exit_code == 0, sent.stderr
    assert deployed.record(unsafe)["reports"][0]["kind"] == "appeal"


def test_the_limits_of_an_app_hold(deployed, moderate, image, allowed):
    other = deployed.put_object("other/b.jpg")
    deployed.put_record(other, **SAFE, decided_at=DECIDED, policy={"name": PACK.name, "digest": PACK.digest})
    allowed("--prefix", "in/", "--reports-a-day", "1")

    out_of_scope, first = send(moderate, other), send(moderate, image)
    second = deployed.put_object("in/second.jpg")
    deployed.put_record(second, **SAFE, decided_at=DECIDED, policy={"name": PACK.name, "digest": PACK.digest})
    too_many = send(moderate, second)

    assert out_of_scope.exit_code == 1 and "isn't in your scope" in out_of_scope.stderr
    assert first.exit_code == 0
    assert too_many.exit_code == 1 and "try again tomorrow" in too_many.stderr
    assert "reports" not in deployed.record(other) and "reports" not in deployed.record(second)


def test_a_reviewer_is_told_to_keep_their_role(deployed, moderate, image, caller):
    moderate("people", "set", caller, "--role", "reviewer")

    refused = send(moderate, image)

    assert refused.exit_code == 1
    assert f"`moderate people set {caller} --role reviewer --role app`" in refused.stderr
    assert entries(deployed) == []
