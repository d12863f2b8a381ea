"""An uploaded image becomes a verdict: the paths on which everything works."""

import json

import pytest

from local.harness.instant_models import NO, YES
from tests.workflow.steps import drawing, routed, tag_of

TOPLESS = 'Here: {"flag": "unsafe", "category": "Suggestive", "reason": "A topless person."} Because'
SECRET = "a caption that no history may hold"


def says_yes_to(word: str):
    return lambda png, prompt: YES if word in prompt else NO


def test_a_safe_image_is_recorded_tagged_and_kept_quiet_in_eight_transitions(laptop, models):
    queues = [laptop.subscribe_queue(topic) for topic in ("UnsafeTopicArn", "ReviewTopicArn")]
    version = laptop.upload("safe.png", drawing(), Metadata={"reference": "post-17"})

    record = laptop.wait_for_verdict("safe.png")
    laptop.wait_until_idle()

    assert (record["verdict"], record["category"], record["decided_by"]) == ("safe", None, "judge")
    assert (record["sk"], record["reference"], record["status"]) == (version, "post-17", "decided")
    assert record["policy"]["name"] == "blog"
    assert len(record["evidence"]) == 8
    assert tag_of(laptop, "safe.png", version) == {"moderation": "safe"}
    assert [len(models.asked(name)) for name in ("blip2", "llama")] == [1, 1]
    assert len(laptop.states_entered(record["execution"])) <= 8
    for queue in queues:
        with pytest.raises(AssertionError, match="No message"):
            laptop.receive(queue, timeout_s=0.3)


def test_an_unsafe_image_reaches_the_topic_and_no_content_the_history(laptop, models):
    queue = laptop.subscribe_queue("UnsafeTopicArn")
    models.answer, models.judge = says_yes_to("topless"), lambda prompt: TOPLESS
    models.caption = lambda png: SECRET
    version = laptop.upload("surfer.png", drawing())

    record = laptop.wait_for_verdict("surfer.png")
    laptop.wait_until_idle()

    assert (record["verdict"], record["category"], record["reason"]) == ("unsafe", "Suggestive", "A topless person.")
    assert record["top_finding"]["question"] == "Does this photo contain topless person?"
    assert tag_of(laptop, "surfer.png", version) == {"moderation": "unsafe"}
    envelope = laptop.receive(queue)
    message = json.loads(envelope["Message"])
    assert (message["verdict"], message["category"], message["image"]["version"]) == ("unsafe", "Suggestive", version)
    assert envelope["MessageAttributes"]["category"]["Value"] == "Suggestive"
    assert laptop.item("surfer.png")["notified"] is True
    history = json.dumps(laptop.history(record["execution"]), default=str)
    assert SECRET not in history
    assert "A topless person." not in history


def test_a_disagreement_goes_to_review(laptop, models):
    queue = laptop.subscribe_queue("ReviewTopicArn")
    models.answer = says_yes_to("weapon")
    laptop.upload("weapon.png", drawing())

    record = laptop.wait_for_verdict("weapon.png")

    assert (record["verdict"], record["decided_by"]) == ("review", "evidence")
    assert json.loads(laptop.receive(queue)["Message"])["verdict"] == "review"


def test_a_judge_that_makes_no_sense_is_asked_again_and_then_a_person(laptop, models):
    models.judge = lambda prompt: "As a language model, I would rather not."
    laptop.upload("confused.png", drawing())

    record = laptop.wait_for_verdict("confused.png")

    assert (record["verdict"], record["repairs"]) == ("review", 1)
    assert len(models.asked("llama")) == 2


def test_a_second_version_gets_a_verdict_of_its_own(laptop, models):
    first = laptop.upload("twice.png", drawing())
    laptop.wait_for_verdict("twice.png", first)
    models.answer, models.judge = says_yes_to("topless"), lambda prompt: TOPLESS
    second = laptop.upload("twice.png", drawing(colour="red"))

    assert laptop.wait_for_verdict("twice.png", second)["verdict"] == "unsafe"
    assert laptop.item("twice.png", first)["verdict"] == "safe"


@pytest.mark.parametrize(
    "key",
    ["a folder/with space+plus%41.png", "ünï/çødé/猫 🐈.png", "x" * 1020 + ".png", "quote\"{}$'<>&.png", "no-suffix"],
)
def test_any_legal_key_is_moderated(laptop, key):
    laptop.upload(key, drawing())

    assert laptop.wait_for_verdict(key)["verdict"] == "safe"


def test_one_question_a_query_is_the_posts_shape(laptop, models):
    pack = (
        "name: single\ndescription: One at a time.\nquestions_per_query: 1\n"
        "categories:\n  - {name: Violence, description: Weapons.}\n"
        "questions:\n  - {id: weapon, text: 'Is there a weapon?', categories: [Violence]}\n"
        "  - {id: blood, text: 'Is there blood?', categories: [Violence]}\n"
    )
    laptop.publish("packs/single.yaml", pack)
    with routed(laptop, {"": "blog", "single/": "single"}):
        laptop.upload("single/a.png", drawing())
        record = laptop.wait_for_verdict("single/a.png")

    assert record["verdict"] == "safe"
    bodies = models.asked("blip2")
    assert sorted(len(body["prompts"]) + body["caption"] for body in bodies) == [1, 1, 1]


def test_the_same_bytes_touch_no_model_a_second_time(laptop, models):
    with routed(laptop, {"": "default"}):
        laptop.upload("reuse/first.png", drawing(colour="teal"))
        first = laptop.wait_for_verdict("reuse/first.png")
        asked = len(models.requests)
        laptop.upload("reuse/second.png", drawing(colour="teal"))
        second = laptop.wait_for_verdict("reuse/second.png")

    assert second["reused_from"] == {"pk": first["pk"], "sk": first["sk"]}
    assert (second["verdict"], second["evidence"]) == (first["verdict"], first["evidence"])
    assert len(models.requests) == asked


def test_a_broken_pack_leads_to_review_that_says_where(laptop):
    laptop.publish("packs/broken.yaml", "name: broken\nquestions: 3\n")
    with routed(laptop, {"": "blog", "broken/": "broken"}):
        laptop.upload("broken/a.png", drawing())
        record = laptop.wait_for_verdict("broken/a.png")

    assert (record["verdict"], record["decided_by"]) == ("review", "failure")
    assert "packs/broken.yaml" in record["reason"]
    assert "questions" in record["reason"]
