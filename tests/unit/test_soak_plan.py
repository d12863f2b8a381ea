"""The plan of a soak: a seed determines it, and it leaves no kind of fault out."""

from scripts.soak.faults import FAULTS, FaultPlan

CALL = "function: S3 GetObject"


def fates(seed: int, calls: int) -> list[str | None]:
    plan = FaultPlan(seed, every=5)
    plan.failing = True
    found = [plan.next(CALL) for _ in range(calls)]
    return [fault.kind if fault else None for fault in found]


def test_the_same_seed_gives_the_same_calls_the_same_fate_and_another_seed_another():
    assert fates(1, 200) == fates(1, 200)
    assert fates(1, 200) != fates(2, 200)


def test_each_fault_of_a_call_has_its_turn_before_one_comes_again():
    kinds = fates(1, 500)
    spells = [kind for before, kind in zip([None, *kinds], kinds, strict=False) if kind and kind != before]

    assert set(spells) == {fault.kind for fault in FAULTS[CALL]}


def test_nothing_fails_before_it_shall_and_every_call_is_counted():
    plan = FaultPlan(1, every=1)

    assert [plan.next(CALL) for _ in range(50)] == [None] * 50
    assert plan.calls[CALL] == 50
    assert not plan.injected
