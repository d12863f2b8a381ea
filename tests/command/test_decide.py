"""`moderate decide`: a person's word is final, kept with who, when and why, and told."""

from datetime import UTC, datetime
from typing import Any

import pytest

from moderate import decide as command
from moderate.deployment import Deployment
from moderation.adapters.dynamodb_verdicts import DynamoVerdictStore
from moderation.domain.record import utc
from tests.command.history import DECIDED, LATER

UNSAFE = ("unsafe", "--category", "violence", "--note", "A knife")
MACHINES = {"verdict": "safe", "decided_by": "judge", "status": "decided", "category": None, "reason": ""}


def test_a_decision_replaces_the_verdict_and_keeps_the_old_one(deployed, moderate):
    image = deployed.put_object()
    deployed.put_unsafe(image)

    assert moderate("decide", "--yes", image.key, "safe", "--note", "A toy").exit_code == 0

    record = deployed.record(image)
    assert (record["verdict"], record["category"], record["decided_by"]) == ("safe", None, "person")
    assert record["reason"] == "A toy"
    assert record["verdict_shard"].startswith(f"safe#{record['created_at'][:10]}#")
    assert record["evidence"], "what the machine saw stays"
    before, after = record["history"]
    assert (before["verdict"], before["decided_by"], before["at"]) == ("unsafe", "judge", DECIDED)
    assert (after["verdict"], after["note"], after["at"]) == ("safe", "A toy", record["decided_at"])
    assert after["who"].startswith("arn:aws:")
    assert deployed.tag(image) == "safe"


def test_an_unsafe_decision_is_told_to_the_unsafe_topic_only(deployed, moderate):
    image = deployed.put_object()
    deployed.put_failure(image)
    unsafe, review = deployed.listen("UnsafeTopicArn"), deployed.listen("ReviewTopicArn")

    assert moderate("decide", "--yes", image.key, *UNSAFE).exit_code == 0

    [message] = deployed.heard(unsafe)
    assert (message["verdict"], message["category"], message["decided_by"]) == ("unsafe", "Violence", "person")
    assert deployed.heard(review) == []
    assert deployed.record(image)["notified"] is True
    assert deployed.tag(image) == "unsafe"


def test_a_reversal_is_told_to_the_topic_that_carried_the_earlier_verdict(deployed, moderate):
    image = deployed.put_object()
    deployed.put_unsafe(image)
    unsafe, review = deployed.listen("UnsafeTopicArn"), deployed.listen("ReviewTopicArn")

    result = moderate("decide", "--yes", image.key, "safe", "--note", "A toy")

    assert "Published on the unsafe topic" in result.stdout
    [message] = deployed.heard(unsafe)
    assert (message["verdict"], message["previous_verdict"]) == ("safe", "unsafe")
    assert deployed.record(image)["previous_verdict"] == "unsafe"
    assert deployed.record(image)["notified"] is True

    moderate("decide", "--yes", image.key, *UNSAFE)
    [message] = deployed.heard(unsafe)
    assert (message["verdict"], message["previous_verdict"]) == ("unsafe", "safe")

    moderate("decide", "--yes", image.key, "unsafe", "--category", "tobacco", "--note", "A smoker")
    [message] = deployed.heard(unsafe)
    assert "previous_verdict" not in message
    assert "previous_verdict" not in deployed.record(image)
    assert deployed.heard(review) == []


def test_the_review_topic_is_told_what_became_of_what_it_carried(deployed, moderate):
    image = deployed.put_object()
    deployed.put_failure(image, notified=True)
    unsafe, review = deployed.listen("UnsafeTopicArn"), deployed.listen("ReviewTopicArn")

    moderate("decide", "--yes", image.key, *UNSAFE)

    for queue in (unsafe, review):
        [message] = deployed.heard(queue)
        assert (message["verdict"], message["previous_verdict"]) == ("unsafe", "review")


def test_a_reversal_that_could_not_be_published_is_published_by_a_redrive(deployed, moderate, monkeypatch):
    image = deployed.put_object()
    deployed.put_unsafe(image, created_at=utc(datetime.now(UTC)))
    unsafe = deployed.listen("UnsafeTopicArn")
    with monkeypatch.context() as broken:
        broken.setattr("moderate.deployment.Deployment.topics", {"unsafe": "arn:aws:sns:us-east-1:123456789012:gone"})
        assert moderate("decide", "--yes", image.key, "safe", "--note", "A toy").exit_code == 1
    assert deployed.record(image)["notified"] is False

    assert "published on the unsafe topic" in moderate("redrive").stdout

    [message] = deployed.heard(unsafe)
    assert (message["verdict"], message["previous_verdict"]) == ("safe", "unsafe")
    assert deployed.record(image)["notified"] is True
    assert "Nothing to redrive" in moderate("redrive").stdout


def test_a_safe_decision_on_what_no_topic_carried_needs_no_notification(deployed, moderate):
    image = deployed.put_object()
    deployed.put_failure(image)

    result = moderate("decide", "--yes", image.key, "safe", "--note", "A toy")

    assert "There is no topic" in result.stdout
    assert "notified" not in deployed.record(image)


def test_a_safe_decision_is_told_where_there_is_a_safe_topic(deployed, moderate, monkeypatch):
    image = deployed.put_object()
    deployed.put_unsafe(image)
    deployed.outputs["SafeTopicArn"] = deployed.sns.create_topic(Name="safe")["TopicArn"]
    monkeypatch.setattr("moderate.decide.find", lambda stack: Deployment(stack, deployed.outputs))
    safe = deployed.listen("SafeTopicArn")

    moderate("decide", "--yes", image.key, "safe", "--note", "A toy")

    assert [message["verdict"] for message in deployed.heard(safe)] == ["safe"]
    assert deployed.record(image)["notified"] is True


def test_an_image_that_is_still_being_moderated_can_be_decided_and_no_machine_overwrites_it(deployed, moderate):
    image = deployed.put_object()
    deployed.put_record(image)
    owner = deployed.record(image)["owner"]

    assert moderate("decide", "--yes", image.key, *UNSAFE).exit_code == 0

    assert not deployed.verdicts.record(image, owner, MACHINES)
    record = deployed.record(image)
    assert (record["verdict"], record["category"]) == ("unsafe", "Violence")
    assert [entry["verdict"] for entry in record["history"]] == ["unsafe"]


def test_the_rule_behind_a_first_decision_is_kept(deployed, moderate):
    image = deployed.put_object()
    deployed.put_record(image)

    moderate("decide", "--yes", image.key, *UNSAFE)

    digest = deployed.record(image)["policy"]["digest"]
    assert deployed.s3.head_object(Bucket="work", Key=f"provenance/packs/{digest}.json")


def test_repeating_a_decision_changes_nothing_and_tells_nobody_twice(deployed, moderate):
    image = deployed.put_object()
    deployed.put_unsafe(image)
    unsafe = deployed.listen("UnsafeTopicArn")
    moderate("decide", "--yes", image.key, *UNSAFE)
    once = deployed.record(image)

    assert moderate("decide", "--yes", image.key, *UNSAFE).exit_code == 0

    assert deployed.record(image) == once
    assert len(deployed.heard(unsafe)) == 1


def test_repeating_a_decision_that_could_not_be_published_publishes_it(deployed, moderate, monkeypatch):
    image = deployed.put_object()
    deployed.put_unsafe(image)
    unsafe = deployed.listen("UnsafeTopicArn")
    with monkeypatch.context() as broken:
        broken.setattr("moderate.deployment.Deployment.topics", {"unsafe": "arn:aws:sns:us-east-1:123456789012:gone"})
        assert moderate("decide", "--yes", image.key, *UNSAFE).exit_code == 1
    assert deployed.record(image)["notified"] is False

    assert moderate("decide", "--yes", image.key, *UNSAFE).exit_code == 0

    assert len(deployed.heard(unsafe)) == 1
    assert deployed.record(image)["notified"] is True


def test_two_decisions_after_one_another_are_both_kept(deployed, moderate):
    image = deployed.put_object()
    deployed.put_unsafe(image)

    moderate("decide", "--yes", image.key, "safe", "--note", "A toy")
    moderate("decide", "--yes", image.key, *UNSAFE)

    assert [entry["verdict"] for entry in deployed.record(image)["history"]] == ["unsafe", "safe", "unsafe"]


def before_the_write(monkeypatch, happening):
    """Let something happen between the command's reading a record and its writing it, once."""
    write, happenings = DynamoVerdictStore.compare_and_set, [happening]

    def compare_and_set(store, *arguments):
        while happenings:
            happenings.pop()()
        return write(store, *arguments)

    monkeypatch.setattr(DynamoVerdictStore, "compare_and_set", compare_and_set)


def test_a_machine_that_decides_at_the_same_moment_goes_into_history(deployed, moderate, monkeypatch):
    image = deployed.put_object()
    deployed.put_record(image)
    before_the_write(monkeypatch, lambda: deployed.put_unsafe(image))

    assert moderate("decide", "--yes", image.key, "safe", "--note", "A toy").exit_code == 0

    assert deployed.record(image)["verdict"] == "safe"
    assert [entry["decided_by"] for entry in deployed.record(image)["history"]] == ["judge", "person"]


def test_another_person_who_decides_at_the_same_moment_is_not_overruled_unseen(deployed, moderate, monkeypatch):
    image = deployed.put_object()
    deployed.put_unsafe(image)
    other: dict[str, Any] = {"verdict": "unsafe", "category": "Violence", "reason": "Blood", "decided_by": "person"}
    other |= {"decided_at": LATER, "history": [{"who": "another", "verdict": "unsafe"}]}
    before_the_write(monkeypatch, lambda: deployed.put_record(image, **other))

    result = moderate("decide", "--yes", image.key, "safe", "--note", "A toy")

    assert result.exit_code == 1
    assert "someone else" in result.stderr
    assert deployed.record(image)["verdict"] == "unsafe"
    assert deployed.tag(image) is None


def test_the_category_must_be_one_of_the_policy_that_judged(deployed, moderate):
    image = deployed.put_object()
    deployed.put_unsafe(image)

    result = moderate("decide", "--yes", image.key, "unsafe", "--category", "Gambling", "--note", "Dice")

    assert result.exit_code == 1
    assert "Violence, Tobacco" in result.stderr
    assert deployed.record(image)["decided_by"] == "judge"


def test_a_broken_policy_keeps_nobody_from_deciding(deployed, moderate):
    image = deployed.put_object()
    deployed.put_failure(image, "InvalidPolicy")
    deployed.s3.put_object(Bucket="policies", Key="packs/default.yaml", Body=b"no: pack")

    assert moderate("decide", "--yes", image.key, *UNSAFE).exit_code == 0
    assert deployed.record(image)["category"] == "violence"


@pytest.mark.parametrize(
    "arguments",
    [("unsafe", "--note", "n"), ("safe", "--category", "Violence", "--note", "n"), ("safe",), ("safe", "--note", " ")],
)
def test_wrong_usage_has_exit_status_2(deployed, moderate, arguments):
    image = deployed.put_object()
    deployed.put_unsafe(image)

    assert moderate("decide", "--yes", image.key, *arguments).exit_code == 2
    assert deployed.record(image)["decided_by"] == "judge"


def test_the_newest_record_is_decided_on_unless_a_version_is_named(deployed, moderate):
    old, new = deployed.put_object(), deployed.put_object()
    deployed.put_unsafe(old)
    deployed.put_unsafe(new, created_at=LATER)

    moderate("decide", "--yes", new.key, "safe", "--note", "n")
    assert deployed.record(new)["verdict"] == "safe"
    assert deployed.record(old)["verdict"] == "unsafe"

    moderate("decide", "--yes", old.key, "safe", "--note", "n", "--version", old.version)
    assert deployed.record(old)["verdict"] == "safe"


def test_what_is_overruled_is_shown_and_nothing_is_decided_without_a_yes(deployed, moderate):
    image = deployed.put_object()
    deployed.put_unsafe(image)

    result = moderate("decide", image.key, "safe", "--note", "A toy")  # no answer on stdin

    assert result.exit_code == 1
    for shown in (image.version, "unsafe", "Violence", "The judge sees a gun.", "judge"):
        assert shown in result.stdout
    assert deployed.record(image)["decided_by"] == "judge"
    assert deployed.tag(image) is None


def test_the_person_who_is_overruled_is_named(deployed, moderate):
    image = deployed.put_object()
    deployed.put_unsafe(image)
    moderate("decide", "--yes", image.key, "safe", "--note", "A toy")

    result = moderate("decide", "--yes", image.key, *UNSAFE)

    assert "A toy" in result.stdout
    assert deployed.record(image)["history"][1]["who"] in result.stdout


def test_several_categories_are_kept_with_the_main_one_first(deployed, moderate):
    image = deployed.put_object()
    deployed.put_unsafe(image)
    both = ("unsafe", "--category", "tobacco", "--category", "Violence", "--note", "A smoker with a knife")

    moderate("decide", "--yes", image.key, *both)
    once = deployed.record(image)
    moderate("decide", "--yes", image.key, *both)

    assert deployed.record(image) == once, "repeated"
    assert (once["category"], once["categories"]) == ("Tobacco", ["Tobacco", "Violence"])
    assert once["history"][-1]["categories"] == ["Tobacco", "Violence"]

    moderate("decide", "--yes", image.key, *UNSAFE)
    assert "categories" not in deployed.record(image)


def test_an_older_version_is_never_decided_on_in_place_of_one_without_a_record(deployed, moderate):
    old, new = deployed.put_object(), deployed.put_object()
    deployed.put_unsafe(old)

    result = moderate("decide", "--yes", new.key, "safe", "--note", "n")

    assert result.exit_code == 1
    assert old.version in result.stderr
    assert new.version in result.stderr
    assert deployed.record(old)["verdict"] == "unsafe"


def test_a_version_that_is_gone_is_decided_on_all_the_same(deployed, moderate):
    image = deployed.put_object()
    deployed.put_unsafe(image)
    deployed.s3.delete_object(Bucket="intake", Key=image.key, VersionId=image.version)

    result = moderate("decide", "--yes", image.key, "safe", "--note", "n")

    assert result.exit_code == 0
    assert command._UNTAGGED["gone"] in result.stdout
    assert deployed.record(image)["verdict"] == "safe"


def test_uploads_of_the_same_bytes_with_another_verdict_are_listed_and_left_alone(deployed, moderate):
    decided, alike, same, other = (deployed.put_object(f"in/{name}.jpg") for name in ("a", "b", "c", "d"))
    deployed.put_unsafe(decided, sha256="5" * 64)
    deployed.put_unsafe(alike, sha256="5" * 64)
    deployed.put_failure(same, sha256="5" * 64, verdict="safe")
    deployed.put_unsafe(other, sha256="6" * 64)

    shown = moderate("decide", "--yes", decided.key, "safe", "--note", "A toy").stdout

    assert alike.key in shown and alike.version in shown
    assert same.key not in shown and other.key not in shown
    assert deployed.record(alike)["verdict"] == "unsafe"


def test_of_very_many_copies_only_the_number_is_told(deployed, moderate, monkeypatch):
    monkeypatch.setattr("moderation.usecases.find_siblings._MOST_READ", 1)
    images = [deployed.put_object(f"in/{name}.jpg") for name in ("a", "b", "c")]
    for image in images:
        deployed.put_unsafe(image, sha256="5" * 64)

    shown = moderate("decide", "--yes", images[0].key, "safe", "--note", "A toy").stdout

    assert "1 more uploads of the same bytes were not looked at" in shown
