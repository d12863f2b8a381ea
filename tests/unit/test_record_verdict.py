"""The record: what it holds, when it is tagged and notified, and what it leaves alone."""

import json
import re
from dataclasses import replace
from typing import Any

import pytest

from moderation.domain.record import decided, rejected, upload_time
from moderation.domain.upload import Upload, upload_to_json
from moderation.usecases.notify import notify_of_execution
from moderation.usecases.record_verdict import Moderated, record_verdict
from tests.support.fakes import FakePublisher, FakeVerdicts, FakeWork
from tests.unit.judged import IMAGE, ME, OTHER, THEN, WORKSPACE, judged_work, parts, record_of, run
from tests.unit.packs import PACK, WEAPON

NOW = "2026-11-23T10:00:02.000Z"


@pytest.mark.parametrize(
    ("standing", "given", "uploaded_at"),
    [
        ({}, {"time": "2026-11-23T09:59:58Z"}, "2026-11-23T09:59:58.000Z"),
        ({}, {"time": "2026-11-23T11:59:58+02:00"}, "2026-11-23T09:59:58.000Z"),
        ({}, {"time": "2026-11-23T10:00:00Z", "uploaded_at": "2026-11-21T08:00:00Z"}, "2026-11-21T08:00:00.000Z"),
        ({"created_at": "2026-11-20T07:00:00.123Z"}, {"time": "2026-11-23T10:00:00Z"}, "2026-11-20T07:00:00.123Z"),
        ({}, {"time": "t"}, "2026-11-23T10:00:00.500Z"),
        ({}, {"time": "0001-01-01"}, "2026-11-23T10:00:00.500Z"),
        ({}, {"time": "2099-01-01T00:00:00Z"}, "2026-11-23T10:00:00.500Z"),
        ({}, {"time": 7}, "2026-11-23T10:00:00.500Z"),
        ({}, {}, "2026-11-23T10:00:00.500Z"),
    ],
)
def test_a_record_is_of_the_time_of_its_upload_whenever_its_execution_started(standing, given, uploaded_at):
    made = parts(judged_work())
    made.verdicts.records[IMAGE] |= standing
    started = upload_time(given, "2026-11-23T10:00:00.500Z")
    done = Moderated(IMAGE, ME, started, 12, WORKSPACE, None, "")

    record_verdict(made.images, made.work, made.verdicts, done, notify_safe=False)

    record = made.verdicts.records[IMAGE]
    assert record["created_at"] == uploaded_at
    assert record["verdict_shard"].startswith(f"unsafe#{uploaded_at[:10]}#")


def test_an_unsafe_image_is_recorded_with_its_evidence_tagged_and_notified():
    made = parts(judged_work())

    result = run(made)

    assert (result.attributes["verdict"], result.recorded, result.notify) == ("unsafe", True, True)
    record = record_of(made)
    assert (record.category, record.reason, record.decided_by) == ("Violence", "A weapon.", "judge")
    assert record.evidence[0]["question"] == WEAPON.text
    assert record.evidence[0]["over"] is True
    assert record.answers[0] == {"view": "full", "question": WEAPON.text, "text": "yes", "p_yes": 0.97, "p_blank": 0.0}
    assert record.top_finding["score"] == pytest.approx(0.97)
    assert (record.row, record.judgement["category"]) == ("unsafe", "Violence")
    assert record.policy["name"] == "small"
    assert record.facts["sha256"] == record.sha256 == "ab" * 32
    assert (record.reference, record.uploader, record.schema_version) == ("post-17", "u-9", 1)
    assert record.other["verdict_shard"].startswith("unsafe#2026-11-23#")
    assert "queue" not in record.other
    assert made.images.tags == {IMAGE: "unsafe"}


@pytest.mark.parametrize("notify_safe", [True, False])
def test_a_safe_image_is_notified_only_on_demand(notify_safe):
    made = parts(judged_work("safe"), notify_safe)

    result = run(made)

    assert (result.attributes["verdict"], result.notify) == ("safe", notify_safe)


def test_a_rejection_becomes_a_review_that_says_what_is_wrong_and_waits_for_people():
    made = parts(FakeWork())
    cause = json.dumps({"errorType": "ImageUnavailable", "errorMessage": "It is in an archive.", "stackTrace": []})

    assert run(made, prepared=False, error="ImageUnavailable", cause=cause).attributes["verdict"] == "review"

    record = record_of(made)
    assert (record.reason, record.decided_by, record.needs) == ("It is in an archive.", "failure", None)
    assert record.failure == ("ImageUnavailable", "It is in an archive.")
    assert re.fullmatch(r"review#[0-3]", record.other["queue"])
    assert record.other["queue_order"] == f"5#{THEN}"
    assert made.images.tags == {IMAGE: "review"}


UPLOAD = Upload(
    size=11,
    content_type="image/heic",
    sha256="cd" * 32,
    reference="post-18",
    uploader="u-10",
    policy={"name": "small", "digest": PACK.digest},
)


def refused(error: str, upload: Upload | None) -> Any:
    made = parts(FakeWork())
    if upload:
        made.work.put_json(WORKSPACE.upload, upload_to_json(upload))
    run(made, prepared=False, error=error)
    return record_of(made)


@pytest.mark.parametrize("error", ["UnreadableImage", "UnsupportedImage", "ImageTooLarge"])
def test_a_file_that_cannot_be_used_waits_for_its_uploader_and_not_for_people(error):
    record = refused(error, UPLOAD)

    assert (record.verdict, record.needs, record.failure[0]) == ("review", "reupload", error)
    assert not record.other.keys() & {"queue", "queue_order"}
    assert record.notified is False
    assert (record.reference, record.uploader, record.policy) == ("post-18", "u-10", UPLOAD.policy)
    assert (record.sha256, record.facts["sha256"], record.facts["content_type"]) == ("cd" * 32,) * 2 + ("image/heic",)


@pytest.mark.parametrize("error", ["UnreadableImage", "UnsupportedImage", "ImageTooLarge"])
def test_a_pack_may_ask_for_people(error):
    record = refused(error, replace(UPLOAD, unusable_files="person"))

    assert record.needs is None
    assert record.other["queue_order"] == f"5#{THEN}"


def test_a_fault_that_is_not_the_files_waits_for_people():
    record = refused("EndpointRejected", replace(UPLOAD, policy=None))

    assert (record.needs, record.reference, record.policy) == (None, "post-18", None)
    assert "queue" in record.other


def test_without_a_word_on_the_upload_it_is_recorded_all_the_same():
    record = refused("UnreadableImage", None)

    assert (record.needs, record.reference, record.facts) == ("reupload", None, {"size": 12})


@pytest.mark.parametrize(("wanted", "needed"), [("reupload", "reupload"), ("person", None)])
def test_what_was_not_wholly_looked_at_waits_for_another_upload(wanted, needed):
    made = parts(judged_work("safe", base=replace(PACK, unusable_files=wanted)))
    judgement = made.work.get_json(WORKSPACE.judgement)
    made.work.put_json(WORKSPACE.judgement, judgement | {"verdict": "review", "row": "unseen"})

    run(made)

    assert record_of(made).needs == needed
    assert ("queue" in record_of(made).other) is (needed is None)


@pytest.mark.parametrize("cause", ["", "not json", "[1]", '{"errorMessage": 3}'])
def test_a_cause_that_is_not_lambdas_json_still_gives_a_reason(cause):
    made = parts(FakeWork())
    run(made, prepared=False, error="EndpointRejected", cause=cause)

    assert "EndpointRejected" in record_of(made).reason


def test_a_rejection_after_the_preparation_keeps_the_policys_name():
    made = parts(judged_work())
    run(made, error="EndpointRejected", cause="{}")

    assert record_of(made).policy["name"] == "small"


def test_a_persons_decision_is_not_overwritten_and_its_tag_stands():
    made = parts(judged_work())
    made.verdicts.records[IMAGE] = {"owner": ME, "verdict": "safe", "decided_by": "person"}

    result = run(made)

    assert (result.recorded, result.notify) == (False, False)
    assert made.images.tags == {IMAGE: "safe"}


def test_evidence_too_large_for_an_item_moves_to_where_it_outlives_the_work():
    made = parts(judged_work(questions=62, views=12))
    run(made)

    record = record_of(made)
    assert (record.evidence, record.answers) == (None, None)
    assert record.evidence_in == f"evidence/{IMAGE.id}/me.json"
    stored = made.work.get_json(record.evidence_in)
    assert len(stored["evidence"]) == len(stored["answers"]) == 64 * 12


def test_a_deleted_version_is_recorded_all_the_same():
    made = parts(judged_work())
    made.images.objects.clear()

    assert (run(made).recorded, run(made).tagging) == (True, "gone")


@pytest.mark.parametrize(
    ("verdict", "notify_safe", "notified"), [("unsafe", False, False), ("safe", False, None), ("safe", True, False)]
)
def test_a_record_that_is_to_be_notified_says_that_it_is_not_yet(verdict, notify_safe, notified):
    made = parts(judged_work(verdict), notify_safe)

    run(made)

    assert record_of(made).notified is notified


def published(**record) -> list:
    verdicts, publisher = FakeVerdicts(), FakePublisher()
    made = parts(judged_work())
    run(made)
    verdicts.records[IMAGE] = made.verdicts.records[IMAGE] | record
    notify_of_execution(verdicts, publisher, IMAGE, ME)
    notify_of_execution(verdicts, publisher, IMAGE, ME)
    return publisher.published


def test_a_record_is_notified_once_on_its_verdicts_topic():
    [(verdict, message, attributes)] = published()

    assert (verdict, message["reason"], attributes["category"]) == ("unsafe", "A weapon.", "Violence")


@pytest.mark.parametrize(
    "record", [{"execution": OTHER}, {"decided_by": "person"}, {"notified": True}, {"notified": None}]
)
def test_what_is_not_this_executions_news_is_not_notified(record):
    assert published(**record) == []


def test_an_image_under_a_broken_pack_waits_for_its_correction_and_not_for_a_person():
    broken, damaged = (
        decided(rejected(error, "", {}), IMAGE, THEN, NOW) for error in ("InvalidPolicy", "UnreadableImage")
    )

    assert (broken["verdict"], broken["needs"]) == ("review", "policy")
    assert "queue" not in broken
    assert "queue" in damaged


@pytest.mark.parametrize(("told", "published"), [(True, ["review", "unsafe"]), (None, ["unsafe"])])
def test_a_redrive_that_decides_a_review_is_published_where_the_review_was(told, published):
    made, publisher = parts(judged_work()), FakePublisher()
    made.verdicts.records[IMAGE] |= {"previous_verdict": "review", "previous_notified": told}

    assert run(made).notify
    assert notify_of_execution(made.verdicts, publisher, IMAGE, ME)

    assert [topic for topic, _, _ in publisher.published] == published
    assert {message["previous_verdict"] for _, message, _ in publisher.published} == {"review"}
    assert made.verdicts.records[IMAGE]["notified"] is True


def test_a_safe_verdict_is_published_without_a_safe_topic_if_a_review_was():
    made, publisher = parts(judged_work("safe")), FakePublisher()
    publisher.topics = {"unsafe", "review"}
    made.verdicts.records[IMAGE] |= {"previous_verdict": "review", "previous_notified": True}

    assert run(made).notify
    assert notify_of_execution(made.verdicts, publisher, IMAGE, ME)

    assert [topic for topic, _, _ in publisher.published] == ["review"]
