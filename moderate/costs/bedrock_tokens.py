"""Tokens and seconds of a judgement on Bedrock, for the models whose prices are in the price file."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from moderate.costs.gpu_time import ANSWER_TOKENS, PROMPT_TOKENS
from moderate.costs.prices import Prices

SECONDS = 1.0  # assumed, of a judgement
TOOL_TOKENS = 300  # assumed: the tool's schema, and the words that a model gets with it; no page of Nova's counts them


@dataclass(frozen=True)
class JudgementTokens:
    """Tokens that a judgement reads and writes. Prompt and answer are counted with Llama 2's own tokenizer."""

    read: int
    written: int

    def usd(self, model: str, prices: Prices) -> float:
        return self.read * prices[f"{model}_input"] + self.written * prices[f"{model}_output"]


# Nova is made to call a tool; Ministral is held to a schema, which isn't part of its prompt.
TOKENS: Mapping[Literal["nova-micro", "ministral-3-8b"], JudgementTokens] = {
    "nova-micro": JudgementTokens(PROMPT_TOKENS + TOOL_TOKENS, ANSWER_TOKENS),
    "ministral-3-8b": JudgementTokens(PROMPT_TOKENS, ANSWER_TOKENS),
}
