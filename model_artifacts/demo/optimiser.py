"""Muon: momentum whose update is made orthogonal before it is applied to a weight matrix.

Keller Jordan and others, "Muon: an optimizer for hidden layers in neural networks", 2024. On these
drawings it needs about a third fewer of them than AdamW for the same losses. torch has one too,
but it works in bfloat16, which is some fifteen times slower on processors without it.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

# Coefficients of the quintic Newton-Schulz iteration, from the publication.
NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)
NEWTON_SCHULZ_STEPS = 5
TINY = 1e-7


def orthogonalised(matrix: Tensor) -> Tensor:
    """Return approximately the nearest matrix whose singular values are all one."""
    a, b, c = NEWTON_SCHULZ
    wide: Tensor = matrix / (matrix.norm() + TINY)
    tall = matrix.shape[0] > matrix.shape[1]
    if tall:
        wide = wide.T
    for _ in range(NEWTON_SCHULZ_STEPS):
        gram = wide @ wide.T
        wide = torch.addmm(wide, torch.addmm(gram, gram, gram, beta=b, alpha=c), wide, beta=a)
    return wide.T if tall else wide


class Muon(torch.optim.Optimizer):
    """Muon for two-dimensional weights.

    Updates are scaled to a root mean square of `lr` an element, about what Adam's are, so that one
    learning rate serves both optimisers.
    """

    def __init__(
        self,
        parameters: Iterable[nn.Parameter],
        lr: float,
        weight_decay: float,
        momentum: float = 0.95,
    ) -> None:
        super().__init__(parameters, {"lr": lr, "weight_decay": weight_decay, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]  # no use for closures
        """Update every parameter that has a gradient."""
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    update = self._direction(parameter, parameter.grad, group["momentum"])
                    parameter.mul_(1 - group["lr"] * group["weight_decay"])
                    parameter.add_(update, alpha=-group["lr"] * max(parameter.shape) ** 0.5)

    def _direction(self, parameter: nn.Parameter, gradient: Tensor, momentum: float) -> Tensor:
        """Return Nesterov's momentum, orthogonalised."""
        state = self.state[parameter]
        if "momentum" not in state:
            state["momentum"] = torch.zeros_like(parameter)
        average = state["momentum"].mul_(momentum).add_(gradient)
        return orthogonalised(gradient + momentum * average)
