"""Lists of steering and of harmless words, written apart from the patterns, against a judge that obeys everything."""

from itertools import chain

from tests.unit.domain.shipped import HERE, read_yaml

HALVES = ("tuning", "held_out")
FAMILIES: dict[str, dict[str, list[dict[str, object]]]] = read_yaml(HERE / "injection_families.yaml")
HARMLESS: dict[str, list[str]] = read_yaml(HERE / "harmless.yaml")


def test_the_lists_are_as_large_and_as_varied_as_they_should_be() -> None:
    halves = [FAMILIES[family][half] for family in FAMILIES for half in HALVES]
    texts = {str(case["captions"]) + str(case.get("answers")) for case in chain(*halves)}

    assert len(FAMILIES) >= 10
    assert all(len(half) >= 10 for half in halves)
    assert len(texts) == sum(map(len, halves)) >= 120
    assert all(len(set(HARMLESS[half])) >= 50 for half in HALVES)
