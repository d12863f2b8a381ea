"""Step Functions interpreter: `States.MathRandom` never gives its end number in AWS, and sometimes does in moto.

An item in a shard beyond the last one would never be listed. "Intrinsic functions", AWS Step Functions guide.
No upstream issue found as of November 2026.
"""

import random
from types import SimpleNamespace

from moto.stepfunctions.parser.asl.component.intrinsic.function.statesfunction.math_operations import math_random


class _BelowEnd(random.Random):
    def randint(self, a: int, b: int) -> int:
        return super().randint(a, b - 1)


def install() -> None:
    """Exclude the end number."""
    math_random.random = SimpleNamespace(Random=_BelowEnd)
