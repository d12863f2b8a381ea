"""Ask the vision model about the canary, in an hour in which it answered about somebody's image."""

from moderation.domain.canary import Canary
from moderation.domain.evidence import Answer
from moderation.domain.prompt import question_prompt
from moderation.ports import CanaryStore, Traffic, VisionModel


def canary_fault(model: VisionModel, canary: Canary) -> str:
    """Return what is wrong with the model's answers; empty if they are right. Raises the errors of the port."""
    prompts = [question_prompt(question) for question in canary.questions]
    reply = model.ask(canary.picture, prompts, caption=False)
    # without P on a blank image: these questions have no bias to correct, and a yes to everything is a fault
    answers = [
        Answer("full", question, said.text, said.p_yes, None, said.p_yes_no)
        for question, said in zip(canary.questions, reply.answers, strict=True)
    ]
    return canary.fault(answers)


def ask_canary(traffic: Traffic, canaries: CanaryStore, model: VisionModel) -> str | None:
    """Return the fault, empty if there is none; None if the model wasn't asked, so that a sleeping one stays asleep.

    Raises the errors of the ports.
    """
    return canary_fault(model, canaries.canary()) if traffic.is_awake() else None
