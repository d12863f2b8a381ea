"""Estimated seconds of an instance per request, calculated from the request's arithmetic.

Nothing here was measured on a GPU of this kind. Replace these figures by your own measurements: see docs/costs.md.
"""

from moderation.contract import GPUS, LLAMA_INSTANCE_TYPES

# NVIDIA's data sheet of the A10G: dense bf16 arithmetic and memory bandwidth of one card.
_PEAK_FLOPS, _PEAK_BYTES = 70e12, 600e9
# Assumed utilisation of such cards by inference servers.
_SHARE_OF_FLOPS, _SHARE_OF_BYTES = 0.25, 0.5

# docs/performance.md: counted at full size, 224 pixels.
_ENCODE_FLOP, _QUESTION_FLOP, _CAPTION_FLOP = 533e9, 112e9, 118e9
_BYTES_A_PARAMETER = 2
ANSWER_TOKENS = 41  # docs/performance.md
IN_FLIGHT = 8  # assumed: requests that one instance works on at once
# The shipped packs `default` and `blog`: questions, and Llama 2's tokens of the judge's prompt for a harmless image.
QUESTIONS, PROMPT_TOKENS = 22, 410
BLOG_QUESTIONS, BLOG_PROMPT_TOKENS = 8, 432


_PARAMETERS = {"7b": 6.7e9, "13b": 13.0e9, "70b": 69.0e9}  # of Llama 2


def blip2_seconds(questions: int = QUESTIONS) -> float:
    """Return seconds of one A10G per view: one encoding, one caption, and the given number of questions."""
    flop = _ENCODE_FLOP + questions * _QUESTION_FLOP + _CAPTION_FLOP
    return flop / (_PEAK_FLOPS * _SHARE_OF_FLOPS)


def llama_seconds(size: str, prompt_tokens: int = PROMPT_TOKENS) -> float:
    """Return seconds of an instance per judgement: arithmetic for the prompt, and all weights read per answer token."""
    parameters, cards = _PARAMETERS[size], GPUS[LLAMA_INSTANCE_TYPES[size]]
    prompt = 2 * parameters * prompt_tokens / (cards * _PEAK_FLOPS * _SHARE_OF_FLOPS)
    a_token = parameters * _BYTES_A_PARAMETER / (cards * _PEAK_BYTES * _SHARE_OF_BYTES)
    return prompt + ANSWER_TOKENS * a_token / IN_FLIGHT
