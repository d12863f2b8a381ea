"""Prompts of the training: the eight questions in several wordings, and captions."""

from __future__ import annotations

from .architecture import PROMPT
from .drawings import QUESTIONS

# In the order of `drawings.QUESTIONS`.
PARAPHRASES: tuple[tuple[str, ...], ...] = (
    (
        "Is anyone completely naked?",
        "Is there a nude person?",
        "Does this image show a fully naked person?",
        "Is a person without any clothes visible in this image?",
    ),
    (
        "Is anyone topless?",
        "Is there a bare chested person?",
        "Does this image show a topless person?",
        "Is a person with a bare chest visible in this image?",
    ),
    (
        "Is there a weapon?",
        "Can you see a gun or a knife?",
        "Does this image show a weapon?",
        "Is a gun, a knife or another weapon visible in this image?",
    ),
    (
        "Is there a phone number or an email?",
        "Does the image show contact details?",
        "Does this image show contact information?",
        "Is a phone number, an email address or an account name visible in this image?",
    ),
    (
        "Is somebody smoking?",
        "Is there a cigarette?",
        "Does this image show a person smoking?",
        "Is a person who smokes visible in this image?",
    ),
    (
        "Is there blood?",
        "Can you see blood?",
        "Does this image show blood?",
        "Is blood visible in this image?",
    ),
    (
        "Are people fighting?",
        "Is there a fight?",
        "Does this image show people fighting?",
        "Are people who hit or kick each other visible in this image?",
    ),
    (
        "Is there an insult?",
        "Does the image show abusive text?",
        "Does this image show an insult?",
        "Are insulting or abusive words visible in this image?",
    ),
)

CAPTION_QUESTIONS = (
    "what happened in this photo?",
    "What does this photo contain?",
    "What is in this image?",
    "describe the content in 200 words.",
    "describe the detailed content in 200 words.",
    "Describe this photo.",
)


def question_prompts() -> tuple[tuple[str, ...], ...]:
    """Return for each question the prompt as served, with its question mark doubled, and paraphrased."""
    return tuple(
        tuple(PROMPT.format(question=text) for text in (question, f"{question}?", *others))
        for question, others in zip(QUESTIONS, PARAPHRASES, strict=True)
    )


def caption_prompts() -> tuple[str, ...]:
    """Return the prompts that ask for the caption, which is also the answer to no prompt at all."""
    return tuple(PROMPT.format(question=question) for question in CAPTION_QUESTIONS)
