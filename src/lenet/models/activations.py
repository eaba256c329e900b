"""The names of the squashing functions, and the constants of the papers' scaled tanh."""

from __future__ import annotations

from typing import Literal, get_args

Activation = Literal[
    "tanh",
    "scaled-tanh",
    "logistic",
    "relu",
    "celu",
    "elu",
    "gelu",
    "hardtanh",
    "leaky-relu",
    "mish",
    "relu6",
    "selu",
    "silu",
    "softplus",
    "softsign",
]
ACTIVATIONS: tuple[Activation, ...] = get_args(Activation)

A, S = 1.7159, 2 / 3  # the constants of scaled-tanh, A tanh(S a) (1998, eq. 6 and appendix A)
