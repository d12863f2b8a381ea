"""Promise that an object of a large run takes no more memory and time than one of a small run."""

from collections.abc import Sequence

from scripts.backfill.proof import ProofResult
from scripts.soak.invariants import Invariant

FIGURES = ("core-seconds per object", "emulator's MB per object")
_MOST = 1.25  # times the smallest run's


def promises(results: Sequence[ProofResult]) -> list[Invariant]:
    """Compare the largest run with the smallest; none for runs of one size."""
    ordered = sorted(results, key=lambda result: result.config.objects)
    if len({result.config.objects for result in results}) < 2:
        return []
    small, large = ordered[0], ordered[-1]
    sizes = f"from {small.config.objects:,} to {large.config.objects:,} objects"
    return [
        Invariant(
            f"{figure} don't grow {sizes}",
            large.figures[figure] <= _MOST * small.figures[figure],
            f"{small.figures[figure]:g}, {large.figures[figure]:g}",
        )
        for figure in FIGURES
    ]
