"""The optimisers of a method: torch's own, and the one of the 1998 paper."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import Tensor
from torch.optim import SGD, AdamW, Optimizer

from lenet.engines.method import ADAM_EPSILON, ADAM_SECOND, Method


class SDLM(Optimizer):
    """Stochastic diagonal Levenberg-Marquardt: each parameter has a rate of its own (1998, appendix C, eq. 18 to 21).

    That is the global rate over mu + h, where h, its second derivative, is given by `estimate`, before the first step.
    """

    def __init__(self, parameters: Iterable[Tensor], damping: float) -> None:
        super().__init__(parameters, {"lr": 0.0, "damping": damping})

    def estimate(self, curvatures: Iterable[Tensor]) -> None:
        """Take the second derivatives, in the parameters' order, none of them negative."""
        parameters = (parameter for group in self.param_groups for parameter in group["params"])
        for parameter, curvature in zip(parameters, curvatures, strict=True):
            self.state[parameter]["curvature"] = curvature

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            for parameter in group["params"]:
                damped = self.state[parameter]["curvature"] + group["damping"]
                parameter.addcdiv_(parameter.grad, damped, value=-group["lr"])


def make_optimiser(method: Method, parameters: Iterable[Tensor]) -> Optimizer:
    """The optimiser that `method` names, over `parameters`; each step sets its rate."""
    if method.optimiser == "sdlm":
        return SDLM(parameters, method.damping)
    if method.optimiser == "sgd":
        return SGD(parameters, lr=0.0, momentum=method.momentum, weight_decay=method.weight_decay, fused=True)
    betas = (method.momentum, ADAM_SECOND)
    return AdamW(parameters, lr=0.0, betas=betas, eps=ADAM_EPSILON, weight_decay=method.weight_decay, fused=True)
