"""The squashing functions, by the names that the flags and the weight files have for them."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

A, S = 1.7159, 2 / 3  # amplitude and slope (1998, section II.A and appendix A)


def scaled_tanh(a: Tensor) -> Tensor:
    """The papers' own, A tanh(S a): f(1) = 1 and f(-1) = -1, and there it bends most (appendix A)."""
    return A * torch.tanh(S * a)


ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "tanh": torch.tanh,
    "scaled-tanh": scaled_tanh,
    "logistic": torch.sigmoid,
    "relu": F.relu,
    "celu": F.celu,
    "elu": F.elu,
    "gelu": F.gelu,
    "hardtanh": F.hardtanh,
    "leaky-relu": F.leaky_relu,
    "mish": F.mish,
    "relu6": F.relu6,
    "selu": F.selu,
    "silu": F.silu,
    "softplus": F.softplus,
    "softsign": F.softsign,
}
