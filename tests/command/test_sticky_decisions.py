"""`moderate decide` says if a decision sticks and changes copies; `moderate decisions revoke` takes decisions back."""

from typing import Any

import pytest

from moderate.deployment import Deployment
from moderation.adapters.dynamodb_items import from_item
from moderation.domain.sticky_decision import partitions

SHA256 = "5" * 64
UNSAFE = ("unsafe", "--category", "violence", "--note", "A knife")
SAFE = ("safe", "--note", "A toy")


@pytest.fixture
def somebody(monkeypatch) -> Any:
    """Lets another person give the commands from now on."""

    def act(name: str) -> None:
        monkeypatch.setattr(Deployment, "caller", f"arn:aws:sts::123456789012:assumed-role/Reviewer/{name}")
        monkeypatch.setattr(Deployment, "caller_id", f"AROAEXAMPLE:{name}")

    act("ann")
    return act


def sticky(deployed) -> list[dict[str, Any]]:
    found = []
    for partition in partitions("intake"):
        values = {":pk": {"S": partition}}
        query = deployed.dynamodb.query(
            TableName="verdicts", KeyConditionExpression="pk = :pk", ExpressionAttributeValues=values
        )
        found += [from_item(item) for item in query["Items"]]
    return found


def put_copies(deployed, number: int, prefix: str = "in/copy") -> list[Any]:
    images = [deployed.put_object(f"{prefix}-{n}.jpg") for n in range(number)]
    for image in images:
        deployed.put_unsafe(image, sha256=SHA256)
    return images


def verdicts_of(deployed, images) -> set[str]:
    return {deployed.record(image)["verdict"] for image in images}


@pytest.mark.parametrize(
    "words, said, verdicts",
    [
        (UNSAFE, "It sticks", ["unsafe"]),
        ((*SAFE, "--seen"), "It sticks", ["safe"]),
        (SAFE, "--seen", []),
        ((*UNSAFE, "--this-copy"), "this upload alone", []),
    ],
)
def test_it_says_if_the_decision_sticks(deployed, moderate, somebody, words, said, verdicts):
    image = deployed.put_object()
    deployed.put_unsafe(image, sha256=SHA256)

    result = moderate("decide", "--yes", image.key, *words)

    assert said in result.stdout
    assert [item["verdict"] for item in sticky(deployed)] == verdicts
    assert bool(deployed.record(image).get("decision")) == bool(verdicts)


def test_a_file_that_nobody_could_read_has_no_bytes_to_stick_to(deployed, moderate, somebody):
    image = deployed.put_object()
    deployed.put_failure(image)

    assert "can't tell what they are" in moderate("decide", "--yes", image.key, *UNSAFE).stdout
    assert sticky(deployed) == []


def test_a_decision_that_ends_an_earlier_one_says_so(deployed, moderate, somebody):
    image = deployed.put_object()
    deployed.put_unsafe(image, sha256=SHA256)
    moderate("decide", "--yes", image.key, *UNSAFE)

    assert "no longer holds" in moderate("decide", "--yes", image.key, *SAFE).stdout
    assert sticky(deployed) == []


def test_the_same_decision_about_this_copy_alone_is_another_one(deployed, moderate, somebody):
    image = deployed.put_object()
    deployed.put_unsafe(image, sha256=SHA256)
    moderate("decide", "--yes", image.key, *UNSAFE)

    assert "still sticks" in moderate("decide", "--yes", image.key, *UNSAFE, "--this-copy").stdout
    record = deployed.record(image)
    assert record["history"][-1]["this_copy"] is True and "decision" in record, "an erasure has to find what sticks"
    assert len(sticky(deployed)) == 1


def test_copies_change_only_on_demand(deployed, moderate, somebody):
    image = deployed.put_object()
    deployed.put_unsafe(image, sha256=SHA256)
    copies = put_copies(deployed, 3)

    listed = moderate("decide", "--yes", image.key, *SAFE)
    assert "left alone" in listed.stdout and "--all-copies" in listed.stdout
    assert verdicts_of(deployed, copies) == {"unsafe"}

    changed = moderate("decide", "--yes", image.key, *SAFE, "--all-copies")
    assert "3 more uploads of the same bytes are safe" in changed.stdout
    assert copies[0].key in changed.stdout, "shown before it asks"
    assert verdicts_of(deployed, copies) == {"safe"}
    assert deployed.tag(copies[0]) == "safe"


def test_copies_that_were_decided_for_themselves_stay(deployed, moderate, somebody):
    image = deployed.put_object()
    deployed.put_unsafe(image, sha256=SHA256)
    (rights,) = put_copies(deployed, 1)
    moderate("decide", "--yes", rights.key, "unsafe", "--category", "violence", "--note", "Rights", "--this-copy")

    result = moderate("decide", "--yes", image.key, *SAFE, "--all-copies")

    assert "1 more were decided for themselves" in result.stdout
    assert verdicts_of(deployed, [rights]) == {"unsafe"}


def test_no_copy_becomes_safe_whose_own_checks_refused_it(deployed, moderate, somebody):
    image, declared = deployed.put_object(), deployed.put_object("in/page.jpg")
    deployed.put_unsafe(image, sha256=SHA256)
    deployed.put_failure(declared, "UnsupportedImage", sha256=SHA256, needs="reupload")

    listed = moderate("decide", "--yes", image.key, *SAFE, "--seen")
    assert declared.key in listed.stdout and "changes 0 of 1" in listed.stdout
    assert "1 more weren't accepted" in moderate("decide", "--yes", image.key, *SAFE, "--all-copies").stdout
    assert verdicts_of(deployed, [declared]) == {"review"}

    moderate("decide", "--yes", image.key, *UNSAFE, "--all-copies")
    assert verdicts_of(deployed, [declared]) == {"unsafe"}


def test_more_than_twenty_copies_change_once_a_second_reviewer_says_the_same(deployed, moderate, somebody):
    image = deployed.put_object()
    deployed.put_unsafe(image, sha256=SHA256)
    copies = put_copies(deployed, 21)
    words = ("decide", "--yes", image.key, *SAFE, "--all-copies")

    first = moderate(*words)
    assert "21 copies wait for a second person" in first.stdout
    assert f"moderate decide {image.key} safe" in first.stdout
    assert deployed.record(image)["verdict"] == "safe", "the image itself is decided on"
    assert verdicts_of(deployed, copies) == {"unsafe"}
    assert "wait for a second person" in moderate(*words).stdout, "the same person again"

    somebody("bob")
    second = moderate("decide", "--yes", image.key, "safe", "--note", "A toy, yes", "--all-copies")

    assert "Approved by ann, bob" in second.stdout
    assert verdicts_of(deployed, copies) == {"safe"}
    assert deployed.record(copies[0])["history"][-1]["who"].endswith("/bob")


def test_copies_under_another_route_need_a_second_reviewer(deployed, moderate, somebody):
    deployed.s3.put_object(
        Bucket="policies", Key="routes.yaml", Body=b"'': {enforce: default}\n'in/apart': {enforce: default}\n"
    )
    image = deployed.put_object()
    deployed.put_unsafe(image, sha256=SHA256)
    copies = put_copies(deployed, 1, "in/apart")

    assert "under another route" in moderate("decide", "--yes", image.key, *SAFE, "--all-copies").stdout
    assert verdicts_of(deployed, copies) == {"unsafe"}


def test_an_upheld_appeal_reverses_the_image_and_all_copies(deployed, moderate, somebody):
    image = deployed.put_object()
    deployed.put_unsafe(image, sha256=SHA256)
    moderate("decide", "--yes", image.key, *UNSAFE)
    copies = put_copies(deployed, 22)
    unsafe = deployed.listen("UnsafeTopicArn")

    refused = moderate("decide", "--yes", image.key, *SAFE, "--appeal")
    assert refused.exit_code == 1 and "somebody else" in refused.stderr

    somebody("bob")
    assert moderate("decide", "--yes", image.key, *SAFE, "--seen", "--appeal").exit_code == 0
    assert verdicts_of(deployed, [image, *copies]) == {"safe"}
    assert deployed.heard(unsafe)[0]["previous_verdict"] == "unsafe"
    assert [item["verdict"] for item in sticky(deployed)] == ["safe"]


def test_a_decision_about_one_copy_changes_no_others(deployed, moderate, somebody):
    image = deployed.put_object()
    deployed.put_unsafe(image, sha256=SHA256)

    assert moderate("decide", "--yes", image.key, *SAFE, "--this-copy", "--all-copies").exit_code == 2


def test_decisions_are_listed_then_revoked(deployed, moderate, somebody):
    image, other = deployed.put_object(), deployed.put_object("in/b.jpg")
    deployed.put_unsafe(image, sha256=SHA256)
    deployed.put_unsafe(other)
    moderate("decide", "--yes", image.key, *UNSAFE)
    somebody("bob")
    moderate("decide", "--yes", other.key, *SAFE)
    review = deployed.listen("ReviewTopicArn")

    asked = moderate("decisions", "revoke", "--by", "ann", "--since", "1h")  # no answer on stdin
    assert asked.exit_code == 1
    assert image.key in asked.stdout and other.key not in asked.stdout and "Violence" in asked.stdout
    assert deployed.record(image)["verdict"] == "unsafe" and len(sticky(deployed)) == 1

    done = moderate("decisions", "revoke", "--by", "ann", "--since", "1h", "--yes")
    assert "1 decisions don't stick any more; 1 images wait" in done.stdout
    record = deployed.record(image)
    assert (record["verdict"], record["decided_by"], deployed.tag(image)) == ("review", "person", "review")
    assert record["history"][-1]["who"].endswith("/bob")
    assert sticky(deployed) == []
    assert [message["previous_verdict"] for message in deployed.heard(review)] == ["unsafe"]
    assert deployed.record(other)["verdict"] == "safe"
    assert "made no decision" in moderate("decisions", "revoke", "--by", "ann", "--since", "1h").stdout


def test_show_says_as_of_when_a_copy_was_decided(deployed, moderate, somebody):
    image = deployed.put_object()
    who = "arn:aws:sts::123456789012:assumed-role/Reviewer/ann"
    entry = {"verdict": "unsafe", "who": who, "at": "2026-11-01T10:00:00.000Z", "decided_by": "person"}
    deployed.put_record(
        image, verdict="unsafe", decided_by="person", as_of=entry["at"], history=[entry], category="Violence"
    )

    assert f"person: {who}, as of 2026-11-01T10:00:00.000Z" in moderate("show", image.key).stdout


def test_erasing_leaves_the_block(deployed, moderate, somebody):
    image = deployed.put_object()
    deployed.put_unsafe(image, sha256=SHA256)
    moderate("decide", "--yes", image.key, *UNSAFE)

    assert moderate("erase", image.key, "--yes").exit_code == 0

    (left,) = sticky(deployed)
    assert set(left) == {
        *("pk", "sk", "schema_version", "route", "verdict", "categories", "decided_by", "decided_at", "expires_at")
    }


@pytest.mark.parametrize(
    "first, second",
    [
        pytest.param(UNSAFE, (*SAFE, "--this-copy"), id="a decision about the upload alone"),
        pytest.param((*SAFE, "--seen"), SAFE, id="the same decision by somebody who didn't see the picture"),
    ],
)
def test_erasing_an_upload_limits_what_sticks_to_its_bytes_without_deciding_it(
    deployed, moderate, somebody, first, second
):
    image = deployed.put_object()
    deployed.put_unsafe(image, sha256=SHA256)
    moderate("decide", "--yes", image.key, *first)
    somebody("bob")
    moderate("decide", "--yes", image.key, *second)

    moderate("erase", image.key, "--yes")

    (left,) = sticky(deployed)
    assert "expires_at" in left and "reason" not in left


def test_a_decision_made_while_an_erasure_asks_is_limited_as_well(deployed, moderate, somebody, monkeypatch):
    image = deployed.put_object()
    deployed.put_unsafe(image, sha256=SHA256)

    def meanwhile(*_, **__):
        moderate("decide", "--yes", image.key, *UNSAFE)

    monkeypatch.setattr("typer.confirm", meanwhile)
    assert moderate("erase", image.key).exit_code == 0

    (left,) = sticky(deployed)
    assert "expires_at" in left and "reason" not in left
