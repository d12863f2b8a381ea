"""Price of asking the models in a replay, and the bill of a month under both packs."""

from collections.abc import Mapping
from dataclasses import dataclass

from moderate.costs import gpu_time, prices, resource_usage
from moderate.costs.bedrock_tokens import Judge
from moderate.costs.billing import Load, bill
from moderate.costs.models_cost import judge_cost, vision_cost
from moderation.domain.policy import Pack
from moderation.domain.replay_tally import Tally


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
    usd = judge_cost(judged, judge, listed).usd + vision_cost([(asked_views, questions)], listed).usd
    return Price(judged, round(asked_views), usd, judge == "unpriced" and judged > 0)


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
