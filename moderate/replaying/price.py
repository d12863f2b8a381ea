"""Price of asking the models in a replay, and the bill of a month under both packs."""

from collections.abc import Mapping
from dataclasses import dataclass

from moderate.costs import gpu_time, prices, resource_usage
from moderate.costs.bedrock_tokens import TOKENS, Judge
from moderate.costs.billing import Load, bill
from moderation.contract import BLIP2_INSTANCE_TYPE, LLAMA_INSTANCE_TYPES
from moderation.domain.policy import Pack
from moderation.domain.replay_tally import Tally

_SIZE = Load.llama_size
_HOUR = 3600


@dataclass(frozen=True)
class Price:
    """Most that asking costs, in dollars of instance time and tokens.

    `judge` and `vision` are numbers of requests; `unpriced` if the judge's tokens have no price here.
    """

    judge: int
    vision: int
    usd: float
    unpriced: bool = False

    @property
    def text(self) -> str:
        return f"${self.usd:,.4f}" + (" and the judge's tokens, whose price isn't known here" if self.unpriced else "")


def price(judged: int, asked_views: float, questions: int, judge: Judge = "llama") -> Price:
    """Return the price of judging some records and of asking questions about some views."""
    listed = prices.load()
    blip2 = _of_instances(asked_views * gpu_time.blip2_seconds(questions) * listed[BLIP2_INSTANCE_TYPE])
    if judge == "llama":
        judging = _of_instances(judged * gpu_time.llama_seconds(_SIZE) * listed[LLAMA_INSTANCE_TYPES[_SIZE]])
    else:
        judging = 0.0 if judge == "unpriced" else judged * TOKENS[judge].usd(judge, listed)
    return Price(judged, round(asked_views), judging + blip2, judge == "unpriced" and judged > 0)


def _of_instances(usd_seconds: float) -> float:
    """Convert seconds times dollars an hour to the dollars of instances that are as busy as autoscaling holds them."""
    return usd_seconds / _HOUR / Load.utilisation


def bills(
    tally: Tally, packs: Mapping[str, Pack], pack: Pack, days: float, judge: Judge = "llama"
) -> tuple[float, float] | None:
    """Return dollars a month before and after, at the rate of the replayed records; None without any.

    `packs` has the packs before, by digest; `days` is the length of the time replayed.
    """
    replayed = tally.replayed
    if not replayed:
        return None
    asked = [(len(packs[digest].questions), number) for digest, number in tally.packs.items() if digest in packs]
    questions = sum(each * number for each, number in asked) / max(1, sum(number for _, number in asked))
    measured, listed = resource_usage.load(), prices.load()

    def monthly(side: str, questions: float) -> float:
        ends = [sum(n for pair, n in tally.matrix.items() if pair[side == "after"][0] == v) for v in _NOTIFIED]
        unsafe, review = (number / replayed for number in ends)
        load = Load(
            images_per_day=replayed / max(days, 1 / 24),
            unsafe_share=unsafe,
            review_share=review,
            judged_share=tally.judged[side] / replayed,
            judge=judge,
            views_per_image=max(1.0, tally.views / replayed),
            blip2_seconds=gpu_time.blip2_seconds(round(questions)),
        )
        return bill(load, measured, listed).usd

    return monthly("before", questions), monthly("after", len(pack.questions))


_NOTIFIED = ("unsafe", "review")
