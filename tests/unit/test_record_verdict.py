"""The record: what it holds, when it is tagged and announced, and what it leaves alone."""

import json
from dataclasses import asdict, replace

import pytest

from moderation import wiring
from moderation.domain.decision import decide
from moderation.domain.evidence import Answer, Caption, Evidence
from moderation.domain.image_ref import ImageRef
from moderation.domain.judge_output import Judgement
from moderation.domain.manifest import ImageFacts, Manifest, Workspace, manifest_to_json, plan_queries
from moderation.domain.record import Judged, captions_to_plain, timed
from moderation.handlers.notify import notify
from moderation.handlers.record_verdict import outcome, record_verdict
from moderation.ports import StoredImage
from tests.support.fakes import FakeImages, FakePublisher, FakeVerdicts, FakeWork
from tests.unit.packs import PACK, SMOKER, WEAPON

IMAGE = ImageRef("intake", "a.jpg", "v1")
ME, OTHER = "arn:aws:states:us-east-1:1:execution:m:me", "arn:aws:states:us-east-1:1:execution:m:other"
WORKSPACE = Workspace.of(IMAGE, ME)
THEN, NOW = "2026-11-23T10:00:00.000Z", "2026-11-23T10:00:02.000Z"


def judged_work(verdict: str = "unsafe", caption: str = "a house", questions: int = 0, views: int = 1) -> FakeWork:
    """The work bucket as JudgeImage leaves it."""
    more = tuple(replace(SMOKER, id=f"q{n}", text=f"Question {n} " + "long " * 50 + "?") for n in range(questions))
    pack = replace(PACK, questions=(WEAPON, SMOKER, *more))
    names = ["full", *(f"tile-{number}" for number in range(views - 1))]
    p = 0.97 if verdict == "unsafe" else 0.01
    answers = tuple(
        Answer(view, q.text, "no", p if q == WEAPON else 0.01, 0.0) for q in pack.questions for view in names
    )
    evidence = Evidence(answers, tuple(Caption(view, caption) for view in names))
    judgement = Judgement("unsafe", "Violence", "A weapon.") if verdict == "unsafe" else Judgement("safe", None, "Ok.")
    decision = decide(pack, evidence, judgement)
    judged = Judged(
        asdict(decision), {}, captions_to_plain(evidence.captions), {"blip2": "b", "llama": "l"}, "judge-1", [], 0, {}
    )
    facts = ImageFacts("ab" * 32, 12, 3, 4, "PNG", "image/png", "post-17")
    work = FakeWork()
    work.put_json(
        WORKSPACE.manifest,
        manifest_to_json(Manifest(IMAGE, facts, pack, (), plan_queries([pack], ["full"]), "1", "f" * 64, 7)),
    )
    work.put_json(WORKSPACE.judgement, asdict(judged))
    return work


def parts(work: FakeWork, notify_safe: bool = False) -> wiring.RecordVerdict:
    images = FakeImages()
    images.objects[IMAGE] = StoredImage(b"", "image/png", None)
    return wiring.RecordVerdict(images, work, FakeVerdicts(), notify_safe)


def run(made: wiring.RecordVerdict, prepared=True, rejection=None) -> dict:
    attributes = outcome(made.work, {"prefix": WORKSPACE.prefix} if prepared else None, rejection)
    return record_verdict(made, IMAGE, ME, timed(attributes, IMAGE, THEN, NOW))


def test_an_unsafe_image_is_recorded_with_its_evidence_tagged_and_announced():
    made = parts(judged_work())

    assert run(made) == {"verdict": "unsafe", "notify": True}

    record = made.verdicts.get(IMAGE)
    assert (record["category"], record["reason"], record["decided_by"]) == ("Violence", "A weapon.", "judge")
    assert record["evidence"][0]["question"] == WEAPON.text
    assert record["evidence"][0]["over"] is True
    assert record["strongest"]["p"] == pytest.approx(0.97)
    assert record["policy"]["name"] == "small"
    assert record["image"]["sha256"] == record["sha256"] == "ab" * 32
    assert record["reference"] == "post-17"
    assert record["verdict_shard"].startswith("unsafe#2026-11-23#")
    assert made.images.tags == {IMAGE: "unsafe"}


@pytest.mark.parametrize("notify_safe", [True, False])
def test_a_safe_image_is_announced_only_on_demand(notify_safe):
    made = parts(judged_work("safe"), notify_safe)

    assert run(made) == {"verdict": "safe", "notify": notify_safe}


def test_a_rejection_becomes_a_review_that_says_what_is_wrong():
    made = parts(FakeWork())
    cause = json.dumps({"errorType": "UnreadableImage", "errorMessage": "The object is empty.", "stackTrace": []})

    assert run(made, prepared=False, rejection={"Error": "UnreadableImage", "Cause": cause})["verdict"] == "review"

    record = made.verdicts.get(IMAGE)
    assert (record["reason"], record["decided_by"]) == ("The object is empty.", "failure")
    assert json.loads(record["cause"])["Error"] == "UnreadableImage"
    assert made.images.tags == {IMAGE: "review"}


@pytest.mark.parametrize("cause", ["", "not json", "[1]", '{"errorMessage": 3}'])
def test_a_cause_that_is_not_lambdas_json_still_gives_a_reason(cause):
    made = parts(FakeWork())
    run(made, prepared=False, rejection={"Error": "EndpointRejected", "Cause": cause})

    assert "EndpointRejected" in made.verdicts.get(IMAGE)["reason"]


def test_a_rejection_after_the_preparation_keeps_the_policys_name():
    made = parts(judged_work())
    run(made, rejection={"Error": "EndpointRejected", "Cause": "{}"})

    assert made.verdicts.get(IMAGE)["policy"]["name"] == "small"


def test_a_persons_decision_is_neither_overwritten_nor_retagged():
    made = parts(judged_work())
    made.verdicts.records[IMAGE] = {"owner": ME, "verdict": "safe", "decided_by": "person"}

    assert run(made) == {"verdict": "superseded", "notify": False}
    assert made.images.tags == {}


def test_evidence_too_large_for_an_item_moves_to_where_it_outlives_the_work():
    made = parts(judged_work(questions=62, views=12))
    run(made)

    record = made.verdicts.get(IMAGE)
    assert "evidence" not in record
    assert record["evidence_in"] == f"evidence/{IMAGE.id}/me.json"
    assert len(made.work.get_json(record["evidence_in"])["evidence"]) == 64 * 12


def test_a_deleted_version_is_recorded_all_the_same():
    made = parts(judged_work())
    made.images.objects.clear()

    assert run(made)["verdict"] == "unsafe"


@pytest.mark.parametrize(
    ("verdict", "notify_safe", "notified"), [("unsafe", False, False), ("safe", False, None), ("safe", True, False)]
)
def test_a_record_that_is_to_be_announced_says_that_it_is_not_yet(verdict, notify_safe, notified):
    made = parts(judged_work(verdict), notify_safe)

    run(made)

    assert made.verdicts.get(IMAGE).get("notified") is notified


def announced(**record) -> list:
    verdicts, publisher = FakeVerdicts(), FakePublisher()
    made = parts(judged_work())
    run(made)
    verdicts.records[IMAGE] = made.verdicts.get(IMAGE) | record
    notify(verdicts, publisher, IMAGE, ME)
    notify(verdicts, publisher, IMAGE, ME)
    return publisher.published


def test_a_record_is_announced_once_on_its_verdicts_topic():
    [(verdict, message, attributes)] = announced()

    assert (verdict, message["reason"], attributes["category"]) == ("unsafe", "A weapon.", "Violence")


@pytest.mark.parametrize(
    "record", [{"execution": OTHER}, {"decided_by": "person"}, {"notified": True}, {"notified": None}]
)
def test_what_is_not_this_executions_news_is_not_announced(record):
    assert announced(**record) == []
