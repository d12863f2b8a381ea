"""Estimates from samples: right on average, with intervals that hold, and never sure of what nobody saw."""

import random

import pytest

from moderation.domain.estimate import Asked, Estimate, Item, estimates, question_estimates, share_to_review, sizes
from moderation.domain.ground_truth import Truth
from moderation.domain.image_ref import ImageRef
from moderation.domain.sample import Stratum, draw

UNSAFE, SAFE = Truth("unsafe", ("Violence",)), Truth("safe")


def items(
    said: str,
    right: int,
    of: int,
    weight: float = 1.0,
    *,
    unreached: int = 0,
    stratum: str = "sample",
    over: frozenset[Asked] = frozenset(),
) -> list[Item]:
    """Items with a verdict, of which `right` are unsafe in truth."""
    category = "Violence" if said == "unsafe" else None
    truths = [UNSAFE] * right + [SAFE] * (of - right) + [None] * unreached
    return [Item(stratum, said, category, weight, truth, over) for truth in truths]


def overall(found: list[Item]) -> Estimate:
    return estimates(found)[0]


def test_each_item_counts_for_as_many_as_it_stands_for() -> None:
    seen = items("unsafe", 90, 100, 1.0) + items("safe", 1, 100, 100.0)

    whole = overall(seen)

    assert whole.precision.value == pytest.approx(0.9)
    assert whole.recall.value == pytest.approx(90 / (90 + 100))
    assert sum(share.stands_for for share in sizes(seen)) == pytest.approx(100 + 10_000)


def test_no_miss_in_a_sample_is_no_proof_that_there_is_none() -> None:
    whole = overall(items("unsafe", 100, 100) + items("safe", 0, 200, 1000.0))

    assert whole.recall.value == 1.0
    assert whole.recall.interval.low < 0.1, "200 of 200,000 can't rule out a thousand misses"


def test_nobody_reached_is_no_agreement() -> None:
    reached = overall(items("unsafe", 40, 50, 10.0) + items("safe", 2, 200, 10.0))
    partly = overall(items("unsafe", 40, 50, 10.0) + items("safe", 1, 100, 10.0, unreached=100))
    unseen = overall(items("unsafe", 0, 0, 10.0, unreached=50) + items("safe", 0, 10, 10.0))

    assert partly.recall.value == pytest.approx(reached.recall.value or 0)
    assert partly.recall.interval.low < reached.recall.interval.low
    assert unseen.precision.value is None
    assert (unseen.precision.interval.low, unseen.precision.interval.high) == (0.0, 1.0)


def test_nothing_is_left_to_chance_where_everything_was_looked_at() -> None:
    whole = overall(items("unsafe", 8, 10, stratum="all") + items("safe", 2, 10, stratum="all"))

    assert whole.precision.interval.low == pytest.approx(0.8) == whole.precision.interval.high
    assert whole.recall.interval.low == pytest.approx(0.8) == whole.recall.interval.high


def test_a_review_is_no_catch_but_stops_the_picture() -> None:
    whole = overall(items("unsafe", 10, 10) + items("review", 10, 20, stratum="all") + items("safe", 0, 10))

    assert whole.recall.value == pytest.approx(0.5)
    assert whole.stopped.value == 1.0
    assert share_to_review(items("review", 0, 20) + items("safe", 0, 18, 10.0)).value == pytest.approx(0.1)


def test_categories_are_estimated_apart() -> None:
    tobacco = Item("sample", "unsafe", "Tobacco", 1.0, Truth("unsafe", ("Violence",)))
    named = {one.category: one for one in estimates([*items("unsafe", 9, 9), tobacco])}

    assert list(named) == [None, "Tobacco", "Violence"]
    assert named[None].precision.value == 1.0
    assert named["Tobacco"].precision.value == 0.0
    assert named["Violence"].recall.value == pytest.approx(0.9)


def test_a_question_counts_where_its_answer_was_over_the_threshold() -> None:
    gun, knife = Asked("small", "gun", ("Violence",)), Asked("small", "knife", ("Violence", "Tobacco"))
    seen = [
        *items("unsafe", 8, 10, 10.0, over=frozenset({gun})),
        *items("review", 2, 10, stratum="all", over=frozenset({gun, knife})),
        *items("safe", 1, 50, 100.0),
    ]

    found = {one.asked.question: one for one in question_estimates(seen)}

    assert list(found) == ["gun", "knife"]
    assert found["gun"].precision.value == pytest.approx((8 * 10 + 2) / 110)
    assert found["gun"].overturned.value == pytest.approx(0.2), "of unsafe verdicts alone"
    assert found["gun"].reached == 20 and found["knife"].reached == 10
    assert found["knife"].precision.value == 0.2 and found["knife"].overturned.value is None


def test_another_category_than_the_questions_is_no_confirmation() -> None:
    gore = frozenset({Asked("small", "blood", ("Gore",))})

    [found] = question_estimates([Item("all", "unsafe", "Violence", 1.0, UNSAFE, gore)])

    assert (found.precision.value, found.overturned.value) == (0.0, 0.0)


def population() -> dict[ImageRef, tuple[str, str | None, Truth]]:
    """5,000 safe verdicts of which 2 % are wrong, and 400 unsafe ones of which 10 % are."""
    found: dict[ImageRef, tuple[str, str | None, Truth]] = {}
    for number in range(5400):
        image = ImageRef("intake", f"{number}.png", "1")
        if number < 5000:
            found[image] = ("safe", None, UNSAFE if number % 50 == 0 else SAFE)
        else:
            found[image] = ("unsafe", "Violence", SAFE if number % 10 == 0 else UNSAFE)
    return found


def test_intervals_hold_the_truth_as_often_as_they_say_though_a_third_is_not_reached() -> None:
    everything = list(population().values())
    precision, recall = 360 / 400, 360 / (360 + 100)
    chance, held, sums = random.Random(7), {"precision": 0, "recall": 0}, {"precision": 0.0, "recall": 0.0}
    rounds = 300
    for _ in range(rounds):
        seen = []
        for said, size, number in (("safe", 400, 5000), ("unsafe", 100, 400)):
            stratum = [one for one in everything if one[0] == said]
            for verdict, category, truth in chance.sample(stratum, size):
                known = truth if chance.random() > 1 / 3 else None
                seen.append(Item("sample", verdict, category, number / size, known))
        whole = overall(seen)
        for name, share, is_so in (("precision", whole.precision, precision), ("recall", whole.recall, recall)):
            held[name] += share.interval.low <= is_so <= share.interval.high
            sums[name] += share.value or 0

    assert sums["precision"] / rounds == pytest.approx(precision, abs=0.01)
    assert sums["recall"] / rounds == pytest.approx(recall, abs=0.04)
    assert held["precision"] / rounds >= 0.93 and held["recall"] / rounds >= 0.93


def test_a_draw_takes_each_stratum_apart_the_same_way_every_time() -> None:
    frame: list[tuple[ImageRef, Stratum]] = [(image, said[:2]) for image, said in population().items()]

    small, again = draw(frame, {"safe": 100, "unsafe": 50}), draw(reversed(frame), {"safe": 100, "unsafe": 50})
    large = draw(frame, {"safe": 200, "unsafe": 1000})

    assert small == again
    assert {s: (len(lot.tickets), lot.of) for s, lot in small.items()} == {
        ("safe", None): (100, 5000),
        ("unsafe", "Violence"): (50, 400),
    }
    assert small["safe", None].probability == 0.02 and large["unsafe", "Violence"].probability == 1
    assert set(small["safe", None].tickets) < set(large["safe", None].tickets)
    mean = sum(int(t.key.split(".")[0]) for t in large["safe", None].tickets) / 200
    assert mean == pytest.approx(2500, abs=350), "drawn from all of it"


def test_a_draw_of_none_is_none() -> None:
    assert draw([(ImageRef("intake", "a", "1"), ("safe", None))], {"unsafe": 5}) == {}
