"""Tokens and seconds of a judgement on Bedrock, for the models whose prices are in the price file."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from moderate.costs.gpu_time import ANSWER_TOKENS, PROMPT_TOKENS
from moderate.costs.prices import Prices
from moderation.adapters.bedrock_judge import foundation_model

BedrockJudge = Literal["nova-micro", "ministral-3-8b"]
PricedJudge = Literal["llama", "nova-micro", "ministral-3-8b"]
Judge = Literal["llama", "nova-micro", "ministral-3-8b", "unpriced"]

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
TOKENS: Mapping[BedrockJudge, JudgementTokens] = {
    "nova-micro": JudgementTokens(PROMPT_TOKENS + TOOL_TOKENS, ANSWER_TOKENS),
    "ministral-3-8b": JudgementTokens(PROMPT_TOKENS, ANSWER_TOKENS),
}
_MODELS: Mapping[str, BedrockJudge] = {
    "amazon.nova-micro-v1:0": "nova-micro",
    "mistral.ministral-3-8b-instruct": "ministral-3-8b",
}


def judge_of(outputs: Mapping[str, str]) -> Judge:
    """Return the judge of a deployment by its outputs; `unpriced` if the price of its model isn't in the price file."""
    model = outputs.get("BedrockModel")
    return _MODELS.get(foundation_model(model), "unpriced") if model else "llama"
