"""Cost of the models' time and tokens for some requests, by arithmetic: no measured price of theirs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from moderate.costs.bedrock_tokens import TOKENS, Judge
from moderate.costs.billing import Load
from moderate.costs.gpu_time import blip2_seconds, llama_seconds
from moderate.costs.prices import Prices
from moderation.contract import BLIP2_INSTANCE_TYPE, LLAMA_INSTANCE_TYPES

_HOUR = 3600

Vision = Literal["blip2", "unpriced"]


@dataclass(frozen=True)
class ModelsCost:
    """Dollars, and how they are calculated."""

    usd: float
    arithmetic: str


_UNKNOWN_VISION = ModelsCost(0.0, "without the vision model, whose price isn't known here")


def vision_of(outputs: Mapping[str, str]) -> Vision:
    """Return the vision model of a deployment by its outputs; `unpriced` if it is another than BLIP-2."""
    return "unpriced" if outputs.get("Blip2Dialect") == "openai" else "blip2"


def models_cost(
    views: Iterable[tuple[int, int]], judgements: int, judge: Judge, prices: Prices, vision: Vision = "blip2"
) -> ModelsCost:
    """Return the cost of the judgements and of pictures with (views, questions about each view)."""
    looking = vision_cost(views, prices) if vision == "blip2" else _UNKNOWN_VISION
    judging = judge_cost(judgements, judge, prices)
    return ModelsCost(
        looking.usd + judging.usd,
        f"{looking.arithmetic}, {judging.arithmetic}; instances at {Load.utilisation:.0%} utilisation, "
        f"{prices.region}, prices of {prices.as_of}; see docs/costs.md",
    )


def vision_cost(views: Iterable[tuple[float, int]], prices: Prices) -> ModelsCost:
    """Return the cost of pictures with (views, questions about each view)."""
    seconds = sum(number * blip2_seconds(questions) for number, questions in views)
    return _of_instance(seconds, BLIP2_INSTANCE_TYPE, prices)


def judge_cost(judgements: int, judge: Judge, prices: Prices) -> ModelsCost:
    """Return the cost of judgements: of an endpoint's time, or of tokens; nothing for tokens without a price here."""
    if judge == "llama":
        size = Load.llama_size
        return _of_instance(judgements * llama_seconds(size), LLAMA_INSTANCE_TYPES[size], prices)
    if judge == "unpriced":
        return ModelsCost(0.0, "without the judge's tokens, whose price isn't known here")
    tokens = TOKENS[judge]
    each = f"{tokens.read} tokens read + {tokens.written} written"
    return ModelsCost(judgements * tokens.usd(judge, prices), f"{judgements:,} x {each} by {judge} on Bedrock")


def _of_instance(seconds: float, instance: str, prices: Prices) -> ModelsCost:
    """Return the cost of seconds of an instance that is as busy as autoscaling holds it."""
    return ModelsCost(seconds * prices[instance] / _HOUR / Load.utilisation, f"{seconds:,.1f} s of {instance}")
