"""Seconds of an instance that a request takes, from the arithmetic in it: what stands in until someone measures.

Nothing here was measured on a GPU of this kind. Whoever runs the endpoints replaces these figures: see docs/costs.md.
"""

from dataclasses import dataclass

# NVIDIA's data sheet of the A10G: dense bf16 arithmetic and memory bandwidth of one card.
_PEAK_FLOPS, _PEAK_BYTES = 70e12, 600e9
# Assumed: what inference servers get out of such cards.
_SHARE_OF_FLOPS, _SHARE_OF_BYTES = 0.25, 0.5

# docs/performance.md: counted at full size, 224 pixels.
_ENCODE_FLOP, _QUESTION_FLOP, _CAPTION_FLOP = 533e9, 128e9, 126e9
_BYTES_A_PARAMETER = 2
ANSWER_TOKENS = 64  # docs/performance.md
IN_FLIGHT = 8  # assumed: requests that one instance works on at once
# The shipped pack `default`: its questions, and its judge prompt in tokens by the project's own (high) estimate.
QUESTIONS, PROMPT_TOKENS = 22, 2180


@dataclass(frozen=True)
class Llama:
    """A size of Llama 2, and the instance it is deployed on."""

    parameters: float
    instance: str
    cards: int


LLAMAS = {
    "7b": Llama(6.7e9, "ml.g5.2xlarge", 1),
    "13b": Llama(13.0e9, "ml.g5.12xlarge", 4),
    "70b": Llama(69.0e9, "ml.g5.48xlarge", 8),
}


def blip2_seconds(questions: int = QUESTIONS) -> float:
    """Seconds of one A10G a view: encoded once, described, and asked so many questions."""
    flop = _ENCODE_FLOP + questions * _QUESTION_FLOP + _CAPTION_FLOP
    return flop / (_PEAK_FLOPS * _SHARE_OF_FLOPS)


def llama_seconds(size: str, prompt_tokens: int = PROMPT_TOKENS) -> float:
    """Seconds of an instance a judgement: the prompt is arithmetic, the answer reads all weights for each token."""
    llama = LLAMAS[size]
    prompt = 2 * llama.parameters * prompt_tokens / (llama.cards * _PEAK_FLOPS * _SHARE_OF_FLOPS)
    a_token = llama.parameters * _BYTES_A_PARAMETER / (llama.cards * _PEAK_BYTES * _SHARE_OF_BYTES)
    return prompt + ANSWER_TOKENS * a_token / IN_FLIGHT
