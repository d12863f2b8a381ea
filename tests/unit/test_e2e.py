"""The run against a real account: what it says before it spends, and what it takes for left over."""

from scripts.e2e import cost
from scripts.inventory import Inventory, added


def test_the_cost_is_shown_with_its_arithmetic() -> None:
    assert cost(makes_endpoints=True).startswith(
        "It costs about $8.61: (ml.g5.2xlarge $1.515 + ml.g5.12xlarge $7.090) an hour"
    )


def test_existing_endpoints_cost_nothing_more() -> None:
    assert "$" not in cost(makes_endpoints=False)


def test_left_over_is_what_is_new_and_bears_our_name() -> None:
    before = Inventory(frozenset({("bucket", "moderation-old"), ("role", "Admin")}))
    after = Inventory(before.found | {("log group", "/aws/lambda/Moderation-X"), ("role", "Somebody")})

    assert added(before, after, "moderation") == [("log group", "/aws/lambda/Moderation-X")]
