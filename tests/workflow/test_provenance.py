"""A verdict can be made again from its record and what is kept under `provenance/`, without looking at the image."""

import json

import pytest

from local.harness.instant_models import NO, YES
from moderation.adapters.dynamodb_items import from_item
from moderation.domain.decision import decide
from moderation.domain.evidence import Answer, Caption, Evidence
from moderation.domain.image_ref import ImageRef
from moderation.domain.judge_output import parse_judgement
from moderation.domain.judgement import UnusableJudgement
from moderation.domain.policy import parse_pack
from moderation.domain.prompt import Templates, judge_prompt
from tests.workflow.steps import drawing

UNSAFE = 'So: {"flag": "unsafe", "category": "Violence", "reason": "A weapon."} That is all.'


def literal_judge(prompt: str) -> str:
    """A judge that goes by the prompt alone: unsafe if the checklist says that a weapon's P is over its threshold."""
    lines = [line for line in prompt.splitlines() if "weapon?" in line]
    return (
        UNSAFE
        if any(", over," in line for line in lines)
        else '{"flag": "safe", "category": null, "reason": "Nothing."}'
    )


def rebuild(laptop, record) -> tuple:
    kept = laptop.client("s3")
    work = laptop.outputs["WorkBucketName"]

    def read(key: str) -> dict:
        return json.loads(kept.get_object(Bucket=work, Key=key)["Body"].read())

    pack = parse_pack(read(f"provenance/packs/{record['policy']['digest']}.json"))
    templates = Templates(**read(f"provenance/prompts/{record['prompt_version']}.json"))
    answers = tuple(
        Answer(said["view"], said["question"], said["text"], said["p_yes"], said["p_blank"], said["p_yes_no"])
        for said in record["answers"]
    )
    evidence = Evidence(answers, tuple(Caption(**caption) for caption in record["captions"]))
    said = literal_judge(judge_prompt(pack, evidence, templates).text)
    try:
        decision = decide(pack, evidence, parse_judgement(said, pack))
    except UnusableJudgement as fault:
        decision = decide(pack, evidence, fault)
    assert pack.digest == record["policy"]["digest"]
    assert templates.version == record["prompt_version"]
    return decision.verdict, decision.category, decision.reason, decision.decided_by


@pytest.mark.parametrize("weapon", [YES, NO], ids=["unsafe", "safe"])
def test_a_verdict_is_rebuilt_from_its_record_alone(laptop, models, weapon):
    models.answer = lambda png, prompt: weapon if "weapon" in prompt else NO
    models.judge = literal_judge
    key = f"provenance/{weapon.text}.png"
    version = laptop.upload(key, drawing())
    laptop.wait_for_verdict(key)
    image = ImageRef(laptop.outputs["IntakeBucketName"], key, version)
    item = laptop.client("dynamodb").get_item(
        TableName=laptop.outputs["VerdictTableName"], Key={"pk": {"S": image.pk}, "sk": {"S": version}}
    )["Item"]
    record = from_item(item)

    assert rebuild(laptop, record) == (record["verdict"], record["category"], record["reason"], record["decided_by"])
    assert record["verdict"] == ("unsafe" if weapon is YES else "safe")
