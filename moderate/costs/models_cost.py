"""Cost of the endpoints' time for some requests, by arithmetic: no measured price of theirs."""

from collections.abc import Iterable
from dataclasses import dataclass

from moderate.costs.billing import Load
from moderate.costs.gpu_time import blip2_seconds, llama_seconds
from moderate.costs.prices import Prices
from moderation.contract import BLIP2_INSTANCE_TYPE, LLAMA_INSTANCE_TYPES


@dataclass(frozen=True)
class ModelsCost:
    """Dollars, and how they are calculated."""

    usd: float
    arithmetic: str


def models_cost(views: Iterable[tuple[int, int]], judgements: int, prices: Prices) -> ModelsCost:
    """Return the cost of the judgements and of pictures with (views, questions about each view), on busy endpoints."""
    size, utilisation = Load.llama_size, Load.utilisation
    looking = sum(number * blip2_seconds(questions) for number, questions in views)
    judging = judgements * llama_seconds(size)
    blip2, llama = BLIP2_INSTANCE_TYPE, LLAMA_INSTANCE_TYPES[size]
    usd = (looking * prices[blip2] + judging * prices[llama]) / 3600 / utilisation
    return ModelsCost(
        usd,
        f"{looking:,.1f} s of {blip2} and {judging:,.1f} s of {llama} at {utilisation:.0%} utilisation, "
        f"{prices.region}, prices of {prices.as_of}; see docs/costs.md",
    )
