"""The whole pipeline with its judge on Bedrock, under the rights that the template gives its roles."""

from collections.abc import Iterator

import pytest

from local.harness.instant_models import NO, SURE, EndpointFault, InstantModels
from local.harness.laptop import Laptop
from tests.support.workers import made_once
from tests.workflow.steps import UNRECORDED, drawing, variant

PROFILE = "us.amazon.nova-micro-v1:0"  # answers by a tool that it must call
UNSAFE = '{"flag": "unsafe", "category": "Violence", "reason": "A weapon is in the picture."}'
SAFE = '{"flag": "safe", "category": "none", "reason": "Nothing in the evidence breaks a rule."}'
THROTTLED = EndpointFault(429, "ThrottlingException", "Too many requests, please wait before trying again.")
NOT_READY = EndpointFault(429, "ModelNotReadyException", "Model is not ready for inference. Wait and try again.")
DENIED = EndpointFault(403, "AccessDeniedException", "You don't have access to the model with the specified model ID.")


@pytest.fixture(scope="module")
def bedrock(tmp_path_factory: pytest.TempPathFactory, running: InstantModels) -> Iterator[Laptop]:
    assembly = made_once(tmp_path_factory, "bedrock", lambda out: variant(out, judge=f"bedrock:{PROFILE}"))
    with Laptop(assembly, running.url, environment=UNRECORDED) as laptop:
        laptop.publish("routes.yaml", "'': {enforce: blog}\n")
        yield laptop


def test_the_judge_is_asked_by_a_tool_and_gives_the_verdict(bedrock: Laptop, models: InstantModels) -> None:
    models.answer = lambda png, prompt: SURE if "weapon" in prompt else NO
    models.judge = lambda prompt: UNSAFE

    bedrock.upload("weapon.png", drawing(colour="red"))
    item = bedrock.wait_for_verdict("weapon.png")

    assert (item["verdict"], item["category"], item["decided_by"]) == ("unsafe", "Violence", "judge")
    assert item["models"]["llama"] == f"{PROFILE} (bedrock)"
    (asked,) = models.asked(PROFILE)
    assert asked["inferenceConfig"] == {"maxTokens": 256, "temperature": 0.0}
    assert asked["toolConfig"]["toolChoice"] == {"tool": {"name": "judgement"}}
    assert not models.asked("llama")


def test_a_busy_model_delays_the_verdict(bedrock: Laptop, models: InstantModels) -> None:
    models.judge = lambda prompt: SAFE
    models.fail(PROFILE, THROTTLED, NOT_READY)

    bedrock.upload("busy.png", drawing(colour="green"))

    assert bedrock.wait_for_verdict("busy.png")["verdict"] == "safe"
    assert len(models.asked(PROFILE)) == 3


def test_a_model_without_a_subscription_is_a_review_that_names_it(bedrock: Laptop, models: InstantModels) -> None:
    models.fail(PROFILE, DENIED)

    bedrock.upload("denied.png", drawing(colour="blue"))
    item = bedrock.wait_for_verdict("denied.png")

    assert item["verdict"] == "review"
    assert PROFILE in item["reason"] and "moderate doctor" in item["reason"]
