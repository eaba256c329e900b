"""The optimisers of the recipes: torch's own, by name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from torch import Tensor
from torch.optim import SGD, AdamW, Optimizer

Optimiser = Literal["sgd", "adamw"]


def make_optimiser(
    name: Optimiser, parameters: Iterable[Tensor], *, rate: float, momentum: float, weight_decay: float
) -> Optimizer:
    """The optimiser `name` over `parameters`. SGD's weight decay is in the gradient, AdamW's beside it."""
    if name == "sgd":
        return SGD(parameters, lr=rate, momentum=momentum, weight_decay=weight_decay, fused=True)
    return AdamW(parameters, lr=rate, betas=(momentum, 0.999), weight_decay=weight_decay, fused=True)
