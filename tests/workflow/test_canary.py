"""The canary is asked on its schedule, under its own role, once the endpoint has answered about an image."""

import base64
import json

from local.harness.instant_models import NO, YES
from moderation.adapters.s3_canary import shipped_canary
from tests.workflow.steps import drawing


def test_a_wrong_answer_about_the_canary_is_counted(laptop, models):
    canary = shipped_canary()
    laptop.upload("canary.png", drawing(colour="olive"))
    laptop.wait_for_verdict("canary.png")
    models.answer = lambda png, prompt: YES if canary.yes in prompt else NO

    assert asked(laptop, models, canary.picture) == 0

    models.answer = lambda png, prompt: YES
    assert asked(laptop, models, canary.picture) == 1


def asked(laptop, models, picture: bytes) -> float:
    """Run the schedule; returns its count of wrong answers."""
    models.requests.clear()
    laptop.invoke_rule("Canary")
    [body] = models.asked("blip2")
    assert (base64.b64decode(body["image"]), len(body["prompts"]), body["caption"]) == (picture, 2, False)
    lines = [line for line in laptop.logs("AskCanary").splitlines() if '"CanaryWrong"' in line]
    return json.loads(lines[-1])["CanaryWrong"][0]
