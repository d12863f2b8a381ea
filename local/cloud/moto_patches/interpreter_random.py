"""Step Functions interpreter: `States.MathRandom` never gives its end number in AWS, and sometimes does in moto.

What then lies in a shard beyond the last one is never listed. "Intrinsic functions", AWS Step Functions guide.
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
