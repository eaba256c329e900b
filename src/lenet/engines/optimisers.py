"""The optimisers of a method: torch's own, by name."""

from __future__ import annotations

from collections.abc import Iterable

from torch import Tensor
from torch.optim import SGD, AdamW, Optimizer

from lenet.engines.method import ADAM_EPSILON, ADAM_SECOND, Method


def make_optimiser(method: Method, parameters: Iterable[Tensor]) -> Optimizer:
    """The optimiser that `method` names, over `parameters`; each step sets its rate."""
    if method.optimiser == "sgd":
        return SGD(parameters, lr=0.0, momentum=method.momentum, weight_decay=method.weight_decay, fused=True)
    betas = (method.momentum, ADAM_SECOND)
    return AdamW(parameters, lr=0.0, betas=betas, eps=ADAM_EPSILON, weight_decay=method.weight_decay, fused=True)
